"""OpenCV's wheel brings a Qt of its own; it must never stand in for PySide6's."""

from __future__ import annotations

import os
from pathlib import Path

_POINTERS = ("QT_QPA_PLATFORM_PLUGIN_PATH", "QT_QPA_FONTDIR", "QT_PLUGIN_PATH")


def keep_opencv_qt_out() -> None:
    """To be called before the application object is made.

    Importing cv2 on Linux points Qt's environment at plugins built for another Qt, and
    the program dies while it loads them. cv2 is imported here, so that no later import
    can do it again; what a user set himself stays.
    """
    import cv2

    folder = Path(cv2.__file__).resolve().parent
    for name in _POINTERS:
        value = os.environ.get(name)
        if value and Path(value).resolve().is_relative_to(folder):
            del os.environ[name]
