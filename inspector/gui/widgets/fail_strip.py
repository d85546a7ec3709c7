"""The last rejected parts, newest first, each with its heat map."""

from __future__ import annotations

import math
from collections import deque

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QImage, QKeyEvent, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractButton, QHBoxLayout, QLabel, QSizePolicy, QWidget

from inspector.core.geometry import Box
from inspector.gui.overlay import OverlayOptions, marks_of
from inspector.gui.runs.events import PartEvent, Shown
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.picture import to_qimage
from inspector.gui.widgets.verdict import verdict_word
from inspector.vision.overlay import OverlayStyle, render

KEPT = 24
CAPTION = 26
SPACING = 10
THUMB = 220
"""Pixels of the picture kept of each part: never the whole frame."""
_STYLE = OverlayStyle()


class PartThumb(QAbstractButton):
    """One part: picture of its region with heat, number, shape; pressed to look at it."""

    def __init__(self, event: PartEvent, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.part = event.part
        self._image = _thumbnail(event.shown) if event.shown else None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        word = verdict_word(self.part.verdict)
        self.setAccessibleName(self.tr("Part %1, ").replace("%1", str(self.number)) + word)
        self.setToolTip(self.part.reason or word)
        theme.changed.connect(self.update)

    @property
    def number(self) -> int:
        """As people count: from one."""
        return self.part.part_index + 1

    def words_for(self, width: float) -> str:
        """What stands in place of a picture; a dash where there is no room for words."""
        words = self.tr("no picture")
        return words if self.fontMetrics().horizontalAdvance(words) <= width else "–"

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(self.width(), 100)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        """Of itself a button of this kind knows only Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        else:
            super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        p = self._theme.palette
        colours = self._theme.verdict(self.part.verdict)
        picture = QRectF(1, 1, self.width() - 2, self.height() - CAPTION)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(p.sunken))
        painter.drawRoundedRect(picture, 6, 6)
        if self._image is not None:
            painter.drawImage(_fitted(self._image, picture), self._image)
        else:
            painter.setPen(QColor(p.muted))
            painter.drawText(picture, Qt.AlignmentFlag.AlignCenter, self.words_for(picture.width()))
        if self.hasFocus() or self.underMouse():
            painter.setPen(QColor(p.focus))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(picture, 6, 6)
        mark = QRectF(1, self.height() - 20, 17, 17)
        paint_shape(
            painter, self.part.verdict, mark, fill=QColor(colours.fill), ink=QColor(colours.ink)
        )
        self._paint_words(painter, QRectF(24, self.height() - 23, self.width() - 25, 23))
        painter.end()

    def _paint_words(self, painter: QPainter, place: QRectF) -> None:
        p = self._theme.palette
        font = QFont(self.font())
        font.setPixelSize(14)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        painter.setPen(QColor(p.text))
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(place, middle | Qt.AlignmentFlag.AlignLeft, f"{self.number}")
        if math.isfinite(self.part.score) and self.width() > 96:
            painter.setPen(QColor(p.muted))
            score = f"{self.part.score:.2f}"
            painter.drawText(place, middle | Qt.AlignmentFlag.AlignRight, score)


class FailStrip(QWidget):
    """Emits ``chosen`` with the Part whose thumbnail was pressed."""

    chosen = Signal(object)

    def __init__(self, theme: Theme, overlay: OverlayOptions) -> None:
        super().__init__()
        self._theme = theme
        self._thumbs: deque[PartThumb] = deque()
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(SPACING)
        self._empty = QLabel(self.tr("No rejected parts"))
        self._empty.setProperty("role", "muted")
        self._row.addWidget(self._empty)
        self._row.addStretch(1)
        self.setMaximumHeight(THUMB + CAPTION)
        # the row must not widen the window: what does not fit is hidden
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Expanding)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(48, 70)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._arrange()

    def _arrange(self) -> None:
        """As many whole thumbnails as there is room for."""
        size = self._thumb_size()
        fitting = (self.width() + SPACING) // (size.width() + SPACING)
        for index, thumb in enumerate(self._thumbs):
            thumb.setFixedSize(size)
            thumb.setVisible(index < fitting)

    def _thumb_size(self) -> QSize:
        """A square picture and a line of words below it, as tall as the strip."""
        height = max(64, min(self.height(), THUMB + CAPTION))
        return QSize(height - CAPTION, height)

    def add(self, event: PartEvent) -> None:
        """In front of the others; the oldest beyond ``KEPT`` goes."""
        thumb = PartThumb(event, self._theme)
        thumb.clicked.connect(lambda checked=False: self.chosen.emit(thumb.part))
        self._thumbs.appendleft(thumb)
        self._row.insertWidget(0, thumb)
        self._empty.hide()
        if len(self._thumbs) > KEPT:
            oldest = self._thumbs.pop()
            self._row.removeWidget(oldest)
            oldest.deleteLater()
        self._arrange()

    def focus_on(self, part_id: str) -> bool:
        """Gives that part's thumbnail the keyboard; whether it is there to have it."""
        for thumb in self._thumbs:
            if thumb.part.part_id == part_id and thumb.isVisible():
                thumb.setFocus()
                return True
        return False

    def clear(self) -> None:
        while self._thumbs:
            thumb = self._thumbs.pop()
            self._row.removeWidget(thumb)
            thumb.deleteLater()
        self._empty.show()

    @property
    def part_numbers(self) -> list[int]:
        return [thumb.number for thumb in self._thumbs]


def _thumbnail(shown: Shown) -> QImage:
    height, width = shown.frame.image.shape[:2]
    view = shown.region or Box(0, 0, width, height)
    scale = THUMB / max(view.width, view.height)
    size = (max(1, round(view.width * scale)), max(1, round(view.height * scale)))
    return to_qimage(render(shown.frame.image, view, size, marks_of(shown), _STYLE))


def _fitted(image: QImage, place: QRectF) -> QRectF:
    scale = min(place.width() / image.width(), place.height() / image.height())
    target = QRectF(0, 0, image.width() * scale, image.height() * scale)
    target.moveCenter(place.center())
    return target
