"""Statistics of a record: gathered once, shown on the page, written as CSV and HTML."""
