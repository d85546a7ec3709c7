"""The gallery of model packages, and the hot swap."""
