"""The instrument behind ``inspector bench``: measure, compare, and say where time goes."""
