"""``report``: pages that open anywhere, with all that is known of a category's model."""
