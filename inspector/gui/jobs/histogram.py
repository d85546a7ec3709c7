"""Score histogram with T1 and T2 as lines that can be dragged."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor

from inspector.core.inspection import Verdict
from inspector.core.whatif import ScoreBook
from inspector.gui.theme.theme import Theme

BINS = 60
LEAST_HEIGHT = 5.0
"""Parts: with fewer the axis would count in fractions of one."""
MARGIN = 0.12
"""Of the span of scores and thresholds, shown to both sides."""
LABEL = 0.3
"""Of the same, kept free beyond a line for its label."""


class ThresholdPlot(pg.PlotWidget):  # type: ignore[misc]
    """Passive. ``dragged(t1, t2)`` while a line is dragged, ``dropped(t1, t2)`` at its end.

    Good parts stand as bars of one colour, bad ones and those nobody has told of in
    others, stacked. A line cannot pass the other.
    """

    dragged = Signal(float, float)
    dropped = Signal(float, float)

    def __init__(self, theme: Theme) -> None:
        super().__init__(enableMenu=False)
        self._theme = theme
        self._book = ScoreBook(())
        self._t = (0.0, 1.0)
        self.setMinimumHeight(170)
        self.setMaximumHeight(520)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.setAccessibleName(self.tr("Histogram of scores with the thresholds T1 and T2"))
        self._bars = [pg.BarGraphItem(x0=[], width=1, height=[]) for _ in range(3)]
        for bars in self._bars:
            self.addItem(bars)
        # to the outer side of each line: lines that lie close leave both readable
        self.t1 = self._line("T1 {value:.4g}", 0.93, [(1, 0.5), (1, 0.5)])
        self.t2 = self._line("T2 {value:.4g}", 0.93, [(0, 0.5), (0, 0.5)])
        self._band = pg.LinearRegionItem(movable=False)
        self._band.setZValue(-10)
        self.addItem(self._band)
        self.getAxis("left").setWidth(44)
        theme.changed.connect(self._dress)
        self._dress()

    def set_scores(self, book: ScoreBook) -> None:
        """Draws the bars anew."""
        self._book = book
        self._draw()

    def set_thresholds(self, t1: float, t2: float) -> None:
        """Tells nobody."""
        self._t = (t1, t2)
        for line, value in ((self.t1, t1), (self.t2, t2)):
            line.setValue(value)
        self._band.setRegion((t1, t2))
        if not self._dragging():
            self._draw()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(420, 220)

    def _dragging(self) -> bool:
        return bool(self.t1.moving or self.t2.moving)

    def _line(
        self, label: str, position: float, anchors: list[tuple[float, float]]
    ) -> pg.InfiniteLine:
        options = {"position": position, "movable": False, "anchors": anchors}
        line = pg.InfiniteLine(movable=True, angle=90, label=label, labelOpts=options)
        line.setZValue(10)
        line.sigDragged.connect(self._on_drag)
        line.sigPositionChangeFinished.connect(self._on_drop)
        self.addItem(line)
        return line

    def _on_drag(self, line: pg.InfiniteLine) -> None:
        t1, t2 = self.t1.value(), self.t2.value()
        if t1 > t2:
            t1 = t2 = t2 if line is self.t1 else t1
        self.set_thresholds(t1, t2)
        self.dragged.emit(*self._t)

    def _on_drop(self, line: pg.InfiniteLine) -> None:
        self.dropped.emit(*self._t)
        self._draw()

    def _draw(self) -> None:
        low, high = self._span()
        edges = np.linspace(low, high, BINS + 1)
        below = np.zeros(BINS)
        for bars, scores in zip(self._bars, self._groups(), strict=True):
            counts = np.histogram(scores, edges)[0].astype(np.float64)
            bars.setOpts(x0=edges[:-1], width=edges[1] - edges[0], y0=below, height=counts)
            below = below + counts
        self.setXRange(low, high, padding=0)
        self.setYRange(0, max(LEAST_HEIGHT, float(below.max()) * 1.3), padding=0)

    def _groups(self) -> tuple[NDArray[np.float64], ...]:
        return (self._book.good, self._book.unknown, self._book.bad)

    def _span(self) -> tuple[float, float]:
        known = [s for scores in self._groups() for s in (scores[:1], scores[-1:]) if len(s)]
        values = [*(float(v[0]) for v in known), *self._t]
        low, high = min(values), max(values)
        margin, label = (share * (high - low) or 0.5 for share in (MARGIN, LABEL))
        return min(low - margin, self._t[0] - label), max(high + margin, self._t[1] + label)

    def _dress(self) -> None:
        p, verdict = self._theme.palette, self._theme.verdict
        self.setBackground(p.surface)
        for name in ("left", "bottom"):
            self.getAxis(name).setPen(p.line)
            self.getAxis(name).setTextPen(p.muted)
        self.setLabel("bottom", self.tr("score"), color=p.muted)
        self.setLabel("left", self.tr("parts"), color=p.muted)
        colours = (verdict(Verdict.PASS).tint, p.muted, verdict(Verdict.FAIL).tint)
        for bars, colour in zip(self._bars, colours, strict=True):
            bars.setOpts(brush=QColor(colour), pen=None)
        for line, kind in ((self.t1, Verdict.REVIEW), (self.t2, Verdict.FAIL)):
            colour = verdict(kind).tint
            line.setPen(pg.mkPen(colour, width=2))
            line.setHoverPen(pg.mkPen(p.focus, width=4))
            line.label.setColor(colour)
            line.label.fill = pg.mkBrush(p.surface)
            line.setCursor(Qt.CursorShape.SizeHorCursor)
        tint = QColor(verdict(Verdict.REVIEW).tint)
        tint.setAlpha(34)
        self._band.setBrush(tint)
        for edge in self._band.lines:
            edge.setPen(pg.mkPen(None))
