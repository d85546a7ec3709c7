"""Marks texts that stand in tables for translation; they are translated when shown."""

from __future__ import annotations


def QT_TRANSLATE_NOOP(context: str, text: str) -> str:  # noqa: N802 - lupdate looks for this name
    """The text itself. PySide6's own has no type."""
    return text
