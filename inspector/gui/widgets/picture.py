"""A picture that keeps its aspect, with its own findings over it, at display size."""

from __future__ import annotations

import math

import cv2
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.core.frame import Image
from inspector.core.geometry import Box
from inspector.gui.overlay import OverlayOptions, marks_of
from inspector.gui.runs.events import Shown
from inspector.gui.theme import icons
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.fit import device_size, fitted, paint_ground
from inspector.vision.overlay import render

MARGIN = 0.06
"""Of the region's size, shown around it where the view follows the region."""


def to_qimage(image: Image) -> QImage:
    """A copy of a uint8 (H, W, 3) BGR image that owns its pixels, quick to paint."""
    pixels = cv2.cvtColor(image, cv2.COLOR_BGR2BGRA)
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32).copy()


class PictureView(QWidget):
    """Shows one `Shown` (picture and findings as a pair), or words where there is none.

    Drawing is done when the window system asks for it: of pictures that come faster than
    the screen only the newest costs anything.
    """

    def __init__(self, theme: Theme, overlay: OverlayOptions, *, follow_region: bool) -> None:
        """``follow_region``: only the inspected region and a margin fill the view."""
        super().__init__()
        self._theme, self._overlay, self._follow = theme, overlay, follow_region
        self._shown: Shown | None = None
        self._image: QImage | None = None
        self._empty_text, self._empty_icon = "", "inbox"
        self._note = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(80, 60)
        overlay.changed.connect(self._redraw)
        theme.changed.connect(self.update)

    def set_shown(self, shown: Shown | None) -> None:
        self._shown = shown
        self._redraw()

    def set_empty(self, text: str, icon: str = "inbox") -> None:
        """What is said where there is no picture."""
        self._empty_text, self._empty_icon = text, icon
        self.setAccessibleDescription(text)
        self.update()

    def set_note(self, text: str) -> None:
        """A word over the picture that must not be missed (STALE); empty for none."""
        if text != self._note:
            self._note = text
            self.update()

    def follow_region(self, follow: bool) -> None:  # noqa: FBT001 - a setter
        """Whether only the inspected region and a margin fill the view."""
        if follow != self._follow:
            self._follow = follow
            self._redraw()

    @property
    def shown(self) -> Shown | None:
        return self._shown

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(640, 360)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._image = None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        paint_ground(painter, self, self._theme.palette.sunken)
        if self._shown is None:
            self._paint_empty(painter)
        else:
            self._paint_picture(painter, self._shown)
        if self._note:
            self._paint_note(painter)
        painter.end()

    def _redraw(self) -> None:
        self._image = None
        self.update()

    def _paint_picture(self, painter: QPainter, shown: Shown) -> None:
        target = self._target(shown)
        if self._image is None:
            size = device_size(self, target)
            style = self._overlay.style()
            drawn = render(shown.frame.image, self._view(shown), size, marks_of(shown), style)
            self._image = to_qimage(drawn)
        painter.drawImage(target, self._image)
        if self._overlay.values.shown and self._overlay.values.score:
            self._paint_score(painter, target, shown)

    def _view(self, shown: Shown) -> Box:
        height, width = shown.frame.image.shape[:2]
        box = shown.region if self._follow else None
        if box is None:
            return Box(0, 0, width, height)
        dx, dy = round(MARGIN * box.width), round(MARGIN * box.height)
        return Box(box.x1 - dx, box.y1 - dy, box.x2 + dx, box.y2 + dy).clipped(width, height)

    def _target(self, shown: Shown) -> QRectF:
        view = self._view(shown)
        return fitted(self, view.width, view.height)

    def _paint_score(self, painter: QPainter, target: QRectF, shown: Shown) -> None:
        scores = [i.score for i in shown.inspections if math.isfinite(i.score)]
        if not scores:
            return
        text = self.tr("Score %1").replace("%1", f"{max(scores):.2f}")
        font = QFont(self.font())
        font.setPixelSize(max(11, min(18, round(target.height() / 26))))
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        self._paint_chip(painter, text, QPointF(target.left() + 10, target.bottom() - 10))

    def _paint_chip(self, painter: QPainter, text: str, corner: QPointF) -> None:
        """Words on a dark chip whose lower left corner is given."""
        metrics = painter.fontMetrics()
        chip = QRectF(0, 0, metrics.horizontalAdvance(text) + 18, metrics.height() + 8)
        chip.moveBottomLeft(corner)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(8, 11, 14, 205))
        painter.drawRoundedRect(chip, 6, 6)
        painter.setPen(QColor("#ffffff"))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_note(self, painter: QPainter) -> None:
        p = self._theme.palette
        font = QFont(self.font())
        font.setPixelSize(max(16, min(34, self.height() // 9)))
        font.setBold(True)
        painter.setFont(font)
        band = QRectF(0, 0, self.width(), font.pixelSize() * 1.9)
        band.moveCenter(QRectF(self.rect()).center())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(p.danger_fill))
        painter.drawRect(band)
        painter.setPen(QColor(p.on_danger))
        painter.drawText(band, Qt.AlignmentFlag.AlignCenter, self._note)

    def _paint_empty(self, painter: QPainter) -> None:
        p = self._theme.palette
        edge = max(24.0, min(72.0, self.height() / 4))
        middle = QRectF(self.rect()).center()
        box = QRectF(middle.x() - edge / 2, middle.y() - edge, edge, edge)
        icons.icon_renderer(self._empty_icon, p.disabled, width=1.3).render(painter, box)
        font = QFont(self.font())
        font.setPixelSize(max(13, min(20, self.height() // 16)))
        painter.setFont(font)
        painter.setPen(QColor(p.muted))
        words = QRectF(12, box.bottom() + 8, self.width() - 24, self.height() - box.bottom() - 12)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(words, flags | Qt.TextFlag.TextWordWrap, self._empty_text)
