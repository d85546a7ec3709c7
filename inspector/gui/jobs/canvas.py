"""The picture that regions, masks and the ruler are drawn on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor, QPen
from PySide6.QtWidgets import QStackedLayout, QWidget

from inspector.core.frame import Image
from inspector.core.geometry import Roi
from inspector.gui.engineer.frame_view import FrameView
from inspector.gui.theme.theme import Theme
from inspector.gui.theme.tokens import DARK

SMALLEST = 4


@dataclass(frozen=True, slots=True)
class Drawn:
    """One rectangle on the picture, in image pixels. ``key``: what it is."""

    key: str
    roi: Roi
    label: str
    is_mask: bool
    chosen: bool


class RegionCanvas(QWidget):
    """Passive. ``moved(key, Roi)`` once a rectangle was let go, in whole image pixels;
    ``ruler_moved(x1, y1, x2, y2)`` likewise. The wheel zooms, dragging the ground pans.
    What is drawn on a picture has bright colours in every theme.
    """

    moved = Signal(str, object)
    chosen = Signal(str)
    ruler_moved = Signal(float, float, float, float)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._size: tuple[int, int] | None = None
        self._items: dict[str, tuple[Drawn, pg.RectROI, pg.TextItem]] = {}
        self._ruler: pg.LineSegmentROI | None = None
        self.words = FrameView(theme)
        self._graphics = pg.GraphicsView()
        self._graphics.setAccessibleName(self.tr("Picture with regions and masks"))
        self._box = pg.ViewBox(lockAspect=True, invertY=True, enableMenu=False)
        self._image = pg.ImageItem(axisOrder="row-major")
        self._box.addItem(self._image)
        self._graphics.setCentralItem(self._box)
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self.words)
        self._stack.addWidget(self._graphics)
        self.setMinimumSize(320, 240)
        theme.changed.connect(self._dress)
        self._dress()

    @property
    def has_image(self) -> bool:
        return self._size is not None

    def set_image(self, image: Image | None, *, live: bool = False) -> None:
        """uint8 (H, W, 3) BGR; None: the words stand there.

        ``live``: another one follows soon, so no more pixels are drawn than the screen
        shows (at 1080p every one of them costs 24 ms).
        """
        if image is None:
            self._size = None
            self._stack.setCurrentWidget(self.words)
            return
        step = self._step(image.shape[1]) if live else 1
        rgb = np.ascontiguousarray(image[::step, ::step, ::-1])
        self._image.setImage(rgb, autoLevels=False, levels=(0, 255))
        self._image.setRect(0, 0, image.shape[1], image.shape[0])
        size = (image.shape[1], image.shape[0])
        self._stack.setCurrentWidget(self._graphics)
        if size != self._size:
            self._size = size
            self.show_all()

    def _step(self, width: int) -> int:
        """Every how manieth pixel is enough at the present zoom."""
        left, right = self._box.viewRange()[0]
        visible = min(float(right - left), float(width))
        return max(1, int(visible / max(1.0, self.width() * self.devicePixelRatioF())))

    def show_all(self) -> None:
        """The whole picture, as large as it fits."""
        if self._size is not None:
            width, height = self._size
            self._box.setRange(xRange=(0, width), yRange=(0, height), padding=0.02)

    def set_drawn(self, drawn: Sequence[Drawn]) -> None:
        """Those that stand already are moved, not made anew: a drag goes on."""
        for key in [k for k in self._items if k not in {d.key for d in drawn}]:
            self._remove(key)
        for one in drawn:
            self._put(one)

    def set_ruler(self, ends: tuple[tuple[float, float], tuple[float, float]] | None) -> None:
        """None takes it away; it stays where a person has laid it."""
        if ends is None and self._ruler is not None:
            self._box.removeItem(self._ruler)
            self._ruler = None
        elif ends is not None and self._ruler is None:
            pen = QPen(QColor(DARK.warning), 0)
            pen.setCosmetic(True)
            pen.setWidth(3)
            self._ruler = pg.LineSegmentROI(ends, pen=pen)
            self._ruler.setZValue(30)
            self._ruler.sigRegionChangeFinished.connect(lambda roi: self._tell_ruler())
            self._box.addItem(self._ruler)

    def ruler_ends(self) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """In image pixels; None where there is no ruler."""
        if self._ruler is None:
            return None
        ruler = self._ruler
        ends = [ruler.mapToParent(place) for _, place in ruler.getLocalHandlePositions()]
        return (ends[0].x(), ends[0].y()), (ends[1].x(), ends[1].y())

    def _tell_ruler(self) -> None:
        ends = self.ruler_ends()
        if ends is not None:
            self.ruler_moved.emit(*ends[0], *ends[1])

    def _put(self, drawn: Drawn) -> None:
        held = self._items.get(drawn.key)
        if held is None:
            self._add(drawn)
            return
        before, item, text = held
        self._items[drawn.key] = (drawn, item, text)
        if before.roi != drawn.roi:
            item.blockSignals(True)
            item.setPos((drawn.roi.x, drawn.roi.y))
            item.setSize((drawn.roi.width, drawn.roi.height))
            item.blockSignals(False)
        self._style(drawn, item, text)

    def _add(self, drawn: Drawn) -> None:
        roi = drawn.roi
        item = pg.RectROI((roi.x, roi.y), (roi.width, roi.height), sideScalers=False)
        item.addScaleHandle((0, 0), (1, 1))
        item.setAcceptedMouseButtons(Qt.MouseButton.LeftButton)
        text = pg.TextItem(anchor=(0, 1))
        self._items[drawn.key] = (drawn, item, text)
        item.sigRegionChanged.connect(lambda: self._follow(drawn.key))
        item.sigRegionChangeFinished.connect(lambda: self._tell(drawn.key))
        item.sigClicked.connect(lambda: self.chosen.emit(drawn.key))
        item.setZValue(20 if drawn.is_mask else 10)
        text.setZValue(25)
        self._box.addItem(item)
        self._box.addItem(text)
        self._style(drawn, item, text)

    def _style(self, drawn: Drawn, item: pg.RectROI, text: pg.TextItem) -> None:
        colour = QColor(DARK.warning if drawn.is_mask else DARK.focus)
        pen = QPen(colour)
        pen.setCosmetic(True)
        pen.setWidth(3 if drawn.chosen else 2)
        pen.setStyle(Qt.PenStyle.DashLine if drawn.is_mask else Qt.PenStyle.SolidLine)
        item.setPen(pen)
        text.setText(drawn.label, color=colour)
        text.fill = pg.mkBrush(8, 11, 14, 190)
        self._follow(drawn.key)

    def _follow(self, key: str) -> None:
        _, item, text = self._items[key]
        text.setPos(QPointF(item.pos()))

    def _tell(self, key: str) -> None:
        drawn, item, _ = self._items[key]
        roi = self._clipped(item)
        if roi is not None and roi != drawn.roi:
            self.moved.emit(key, roi)
        elif roi is not None:
            self._put(drawn)

    def _clipped(self, item: pg.RectROI) -> Roi | None:
        """Whole pixels inside the picture."""
        if self._size is None:
            return None
        width, height = self._size
        x1, y1 = item.pos().x(), item.pos().y()
        x2, y2 = x1 + item.size().x(), y1 + item.size().y()
        left, right = sorted((_bounded(x1, width), _bounded(x2, width)))
        top, bottom = sorted((_bounded(y1, height), _bounded(y2, height)))
        left, top = min(left, width - SMALLEST), min(top, height - SMALLEST)
        return Roi(left, top, max(SMALLEST, right - left), max(SMALLEST, bottom - top))

    def _remove(self, key: str) -> None:
        _, item, text = self._items.pop(key)
        self._box.removeItem(item)
        self._box.removeItem(text)

    def _dress(self) -> None:
        self._graphics.setBackground(self._theme.palette.sunken)
        for drawn, item, text in self._items.values():
            self._style(drawn, item, text)


def _bounded(value: float, limit: int) -> int:
    return max(0, min(limit, round(value)))
