"""The operator's page: the last part's verdict, the live picture, what to do."""
