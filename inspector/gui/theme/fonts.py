"""The typeface: the same on every system, so that a layout seen is a layout shipped."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from PySide6.QtGui import QFontDatabase

PACKAGE = "font_source_sans_pro"
FAMILY = "Source Sans Pro"
_WEIGHTS = ("Regular", "Semibold", "Bold")


def load_fonts() -> bool:
    """Whether the typeface is there; without it the system's own stands in."""
    # found, not imported: the package's own module needs setuptools at run time
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        return False
    folder = Path(spec.origin).parent / "files"
    files = [folder / f"SourceSansPro-{weight}.otf" for weight in _WEIGHTS]
    return all(QFontDatabase.addApplicationFont(str(file)) >= 0 for file in files)
