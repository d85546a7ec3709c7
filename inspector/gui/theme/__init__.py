"""Colours, shapes, icons and the one stylesheet."""
