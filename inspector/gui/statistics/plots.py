"""The charts: passive, in the theme's colours, without mouse and menus."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont

from inspector.core.inspection import Verdict
from inspector.core.trend import Group
from inspector.gui.statistics import words
from inspector.gui.statistics.words import tr
from inspector.gui.theme.fonts import FAMILY
from inspector.gui.theme.theme import Theme
from inspector.station.statistics.gather import Statistics

MOST_BARS = 8
_LABELS = 3
_DOTS = 24
"""Groups up to which each has its dot: of one alone a line would be nothing."""
_SHORT = 18


class Chart(pg.PlotWidget):  # type: ignore[misc]
    """Draws the newest ``Statistics`` again whenever they or the theme change."""

    def __init__(self, theme: Theme, name: str) -> None:
        super().__init__(enableMenu=False)
        self._theme = theme
        self._found: Statistics | None = None
        self.setAccessibleName(name)
        self.setMouseEnabled(x=False, y=False)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumSize(QSize(200, 110))
        theme.changed.connect(self._redraw)
        self._dress()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(340, 180)

    def show_statistics(self, found: Statistics) -> None:
        self._found = found
        self._redraw()

    def draw(self, found: Statistics) -> None:
        """Adds the items; the chart is empty."""
        raise NotImplementedError

    def _redraw(self) -> None:
        self.clear()
        self._dress()
        if self._found is not None:
            self.draw(self._found)

    def _dress(self) -> None:
        p = self._theme.palette
        self.setBackground(p.surface)
        for name in ("left", "bottom"):
            axis = self.getAxis(name)
            axis.setPen(p.line)
            axis.setTextPen(p.muted)
            axis.setStyle(tickFont=font(), tickLength=0)
            axis.show()

    def name_places(self, names: Sequence[str]) -> None:
        """A few names along the bottom, none so near the edge that it would be cut."""
        shown = min(_LABELS, len(names))
        places = [(2 * k + 1) * len(names) // (2 * shown) for k in range(shown)]
        self.getAxis("bottom").setTicks([[(i, names[i]) for i in places]])

    def say(self, text: str) -> None:
        """Instead of a drawing: why there is none."""
        self.hideAxis("left")
        self.hideAxis("bottom")
        item = pg.TextItem(text, color=self._theme.palette.muted, anchor=(0.5, 0.5))
        item.setFont(font(15))
        self.addItem(item)
        view = self.getPlotItem().getViewBox()
        view.setAspectLocked(False)
        view.setRange(QRectF(-1, -1, 2, 2), padding=0)

    def line(self, x: object, y: object, colour: str, *, dashed: bool = False) -> None:
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        width = 1 if dashed else 2
        self.addItem(pg.PlotDataItem(x, y, pen=pg.mkPen(colour, width=width, style=style)))


class YieldChart(Chart):
    """Over time a line, by name a bar a group; the axis begins near the lowest."""

    def draw(self, found: Statistics) -> None:
        self.getPlotItem().getViewBox().invertY(False)
        if found.question.by.is_time:
            self._over_time(found.groups)
        else:
            self._by_name(found)

    def _over_time(self, groups: Sequence[Group]) -> None:
        shares = [100 * (g.tally.passed_share or 0.0) for g in groups]
        self.getAxis("left").setTicks(None)
        self.getAxis("left").setWidth(46)
        self.line(np.arange(len(shares)), np.array(shares), self._theme.palette.good)
        if len(shares) <= _DOTS:
            self.addItem(
                pg.ScatterPlotItem(
                    np.arange(len(shares)), shares, brush=self._theme.palette.good, pen=None, size=7
                )
            )
        self.name_places([short_time(g) for g in groups])
        low = min(shares, default=0.0)
        self.setYRange(max(0.0, min(99.0, low - 0.2 * (100 - low))), 100, padding=0.04)
        self.setXRange(-0.5, max(1, len(shares)) - 0.5, padding=0.02)

    def _by_name(self, found: Statistics) -> None:
        groups = sorted(found.groups, key=lambda g: -g.tally.total)[:MOST_BARS]
        values = [100 * (g.tally.passed_share or 0.0) for g in groups]
        names = [words.group_word(g.name, found.question.by) for g in groups]
        said = [f"{v:.2f} %" for v in values]
        horizontal_bars(self, self._theme, names, values, said, [self._theme.palette.good] * 99)


class ControlChart(Chart):
    """Share of rejects with limits; signals are triangles, so not told by colour alone."""

    def draw(self, found: Statistics) -> None:
        p = self._theme.palette
        shares = np.array([100 * g.tally.rejected / g.tally.total for g in found.timeline])
        x = np.arange(len(shares))
        self.getAxis("left").setWidth(46)
        self.line(x, shares, p.focus)
        if len(shares) <= _DOTS:
            self.addItem(pg.ScatterPlotItem(x, shares, brush=p.focus, pen=None, size=7))
        top = float(shares.max()) if len(shares) else 0.0
        if found.chart is not None:
            points = found.chart.points
            upper = np.array([100 * q.upper for q in points])
            self.line(x, upper, p.danger, dashed=True)
            self.line(x, np.array([100 * q.lower for q in points]), p.danger, dashed=True)
            self.line(x, np.full(len(x), 100 * found.chart.center), p.muted)
            signals = [i for i, q in enumerate(points) if q.outside or q.run]
            # one small group must not squeeze all others: its limit may leave the chart
            top = max(top, float(np.median(upper)))
            self.addItem(
                pg.ScatterPlotItem(
                    x[signals], shares[signals], symbol="t1", size=11, brush=p.danger, pen=None
                )
            )
        self.name_places([short_time(g) for g in found.timeline])
        self.setYRange(0, top * 1.15 or 1.0, padding=0.03)
        self.setXRange(-0.5, max(1, len(shares)) - 0.5, padding=0.02)


class ParetoChart(Chart):
    """Causes of rejects, the most frequent on top, each with its count."""

    def draw(self, found: Statistics) -> None:
        if not found.causes:
            self.say(tr("No part was rejected"))
            return
        causes = found.causes[:MOST_BARS]
        rest = sum(c.count for c in found.causes[MOST_BARS:])
        names = [c.name or untyped(c.verdict) for c in causes]
        counts = [c.count for c in causes]
        colours = [self._theme.verdict(c.verdict).tint for c in causes]
        if rest:
            names.append(tr("all others"))
            counts.append(rest)
            colours.append(self._theme.palette.muted)
        horizontal_bars(self, self._theme, names, counts, [f"{n:,}" for n in counts], colours)


class PlacesChart(Chart):
    """Density of defects over the part, in the proportions of its image."""

    def draw(self, found: Statistics) -> None:
        self.hideAxis("left")
        self.hideAxis("bottom")
        density = found.density
        if density is None or not density.total:
            self.say(tr("No defect has a place"))
            return
        p = self._theme.palette
        shares = np.sqrt(density.counts / max(1, density.counts.max()))
        item = pg.ImageItem(shares, axisOrder="row-major", levels=(0.0, 1.0))
        stops = [QColor(p.sunken), QColor(p.warning), QColor(p.danger)]
        item.setColorMap(pg.ColorMap([0.0, 0.45, 1.0], stops))
        item.setRect(QRectF(0, 0, density.width, density.height))
        self.addItem(item)
        view = self.getPlotItem().getViewBox()
        view.setAspectLocked(True)
        view.invertY(True)
        view.setRange(QRectF(0, 0, density.width, density.height), padding=0.01)


class DriftChart(Chart):
    """Scores as they were (dashed) and as they are."""

    def draw(self, found: Statistics) -> None:
        p, spreads = self._theme.palette, found.spreads
        if spreads is None:
            self.say(tr("Too few scores yet"))
            return
        for values, colour, style in (
            (spreads.reference, p.muted, Qt.PenStyle.DashLine),
            (spreads.recent, p.focus, Qt.PenStyle.SolidLine),
        ):
            pen = pg.mkPen(colour, width=2, style=style)
            self.addItem(pg.PlotDataItem(spreads.edges, 100 * values, stepMode="center", pen=pen))
        self.getAxis("left").setWidth(46)
        top = 100 * float(max(spreads.reference.max(), spreads.recent.max()))
        self.setYRange(0, top * 1.1, padding=0.02)
        self.setXRange(float(spreads.edges[0]), float(spreads.edges[-1]), padding=0.02)


class LatencyChart(Chart):
    """From capture to verdict; what only a thousandth exceeds is left out."""

    def draw(self, found: Statistics) -> None:
        spread = found.latency
        if spread is None:
            self.say(tr("No latency on record"))
            return
        shown = spread.until(0.999)
        edges = spread.low + spread.step * np.arange(shown + 1)
        counts = np.asarray(spread.counts[:shown], float)
        brush = QColor(self._theme.palette.accent)
        self.addItem(
            pg.BarGraphItem(x0=edges[:-1], width=spread.step, height=counts, brush=brush, pen=None)
        )
        self.getAxis("left").setWidth(46)
        self.setYRange(0, float(counts.max()) * 1.1, padding=0.02)
        self.setXRange(float(edges[0]), float(edges[-1]), padding=0.02)


def horizontal_bars(
    chart: Chart,
    theme: Theme,
    names: Sequence[str],
    values: Sequence[float],
    said: Sequence[str],
    colours: Sequence[str],
) -> None:
    """The first on top; ``said`` stands at the end of each."""
    most = max(values, default=0.0) or 1.0
    rows = np.arange(len(values))
    brushes = [QColor(c) for c in colours[: len(values)]]
    if len(values):
        bars = pg.BarGraphItem(
            x0=0, y=rows, height=0.62, width=np.array(values), brushes=brushes, pen=None
        )
        chart.addItem(bars)
    for row, (value, text) in enumerate(zip(values, said, strict=True)):
        words_at_end = pg.TextItem(text, color=theme.palette.text, anchor=(0, 0.5))
        words_at_end.setFont(font())
        words_at_end.setPos(value, row)
        chart.addItem(words_at_end)
    axis = chart.getAxis("left")
    axis.setTicks([[(row, elided(name)) for row, name in enumerate(names)]])
    axis.setWidth(None)
    chart.getAxis("bottom").setTicks([[]])
    chart.getPlotItem().getViewBox().invertY(True)
    chart.setXRange(0, most * 1.28, padding=0)
    chart.setYRange(-0.6, max(3.6, len(values) - 0.4), padding=0)


def font(pixels: int = 13) -> QFont:
    """The window's own: scenes do not take it from the stylesheet."""
    made = QFont(FAMILY)
    made.setPixelSize(pixels)
    return made


def elided(name: str) -> str:
    return name if len(name) <= _SHORT else f"{name[: _SHORT - 1]}…"


def short_time(group: Group) -> str:
    """Day and time without the year: it is on nobody's mind."""
    if group.begin is None:
        return group.name
    return f"{group.begin:%d %b}" if len(group.name) == 10 else f"{group.begin:%d %b %H:%M}"


def untyped(verdict: Verdict) -> str:
    """Rejects whose type nobody named."""
    return {
        Verdict.FAIL: tr("fail, no type"),
        Verdict.REVIEW: tr("review, no type"),
    }.get(verdict, tr("invalid"))
