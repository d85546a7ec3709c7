"""Passive widgets: setters in, signals out, no knowledge of runs."""
