"""Where a picture goes in a widget, and on what ground: one rule for all that show one."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

_RADIUS = 8


def fitted(widget: QWidget, width: int, height: int) -> QRectF:
    """The largest rectangle of the picture's shape in the middle of ``widget``."""
    scale = min(widget.width() / width, widget.height() / height)
    target = QRectF(0, 0, width * scale, height * scale)
    target.moveCenter(QRectF(widget.rect()).center())
    return target


def device_size(widget: QWidget, target: QRectF) -> tuple[int, int]:
    """(width, height) of ``target`` in pixels of the screen, at least one."""
    ratio = widget.devicePixelRatioF()
    return max(1, round(target.width() * ratio)), max(1, round(target.height() * ratio))


def paint_ground(painter: QPainter, widget: QWidget, colour: str) -> None:
    """The rounded ground behind a picture, or behind the words in its place."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(colour))
    painter.drawRoundedRect(QRectF(widget.rect()), _RADIUS, _RADIUS)
