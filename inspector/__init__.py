"""Inspector: real-time camera inspection, from pixels to a recorded part verdict."""

__version__ = "0.1.0"
