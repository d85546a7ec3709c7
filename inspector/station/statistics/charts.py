"""Charts of the report as SVG, drawn in code: nothing to load, sharp on paper.

Colours are the report's own style sheet classes. Every text is escaped by ``Markup``.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from inspector.core.drift import Spreads
from inspector.core.tally import PChart
from inspector.core.trend import Group
from inspector.station.statistics.gather import Statistics
from inspector.store.statistics import Density, Histogram

_WIDTH, _HEIGHT = 560, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 10, 12, 26
_MOST_BARS = 12
_DOTS = 24


@dataclass(frozen=True, slots=True)
class _Frame:
    """Maps values to the picture: ``x`` and ``y`` are (low, high)."""

    x: tuple[float, float]
    y: tuple[float, float]

    def place(self, x: float, y: float) -> tuple[float, float]:
        wide, high = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        right = (x - self.x[0]) / (self.x[1] - self.x[0] or 1.0)
        up = (y - self.y[0]) / (self.y[1] - self.y[0] or 1.0)
        return round(_LEFT + wide * right, 1), round(_TOP + high * (1 - up), 1)


def yields(groups: Sequence[Group]) -> Markup:
    """Share of parts passed, a point a group in time."""
    shares = [g.tally.passed_share or 0.0 for g in groups]
    frame = _Frame((0, max(1, len(shares) - 1)), (_floor(shares), 1.0))
    line = _dotted(frame, shares, "yield")
    return _picture("Yield over time", frame, _time_ends(groups), line, percent=True)


def p_chart(groups: Sequence[Group], chart: PChart | None) -> Markup:
    """Share of rejects with its limits; without limits where there are too few groups."""
    shares = [g.tally.rejected / g.tally.total for g in groups]
    tops = [*shares, *(p.upper for p in chart.points)] if chart else shares
    frame = _Frame((0, max(1, len(shares) - 1)), (0.0, max(tops, default=0) * 1.1 or 0.01))
    marks = _dotted(frame, shares, "rejects")
    if chart is not None:
        for name in ("lower", "upper"):
            marks += _line(
                frame, [(i, getattr(p, name)) for i, p in enumerate(chart.points)], "limit"
            )
        marks += _line(frame, [(0, chart.center), (len(shares) - 1, chart.center)], "center")
        for i, point in enumerate(chart.points):
            if point.outside or point.run:
                x, y = frame.place(i, point.share)
                marks += Markup('<circle class="signal" cx="{}" cy="{}" r="4"/>').format(x, y)
    return _picture("Share of rejects with limits", frame, _time_ends(groups), marks, percent=True)


def pareto(found: Statistics) -> Markup:
    """Causes of rejects as bars, the most frequent first; the others as one."""
    causes = found.causes[:_MOST_BARS]
    rest = sum(c.count for c in found.causes[_MOST_BARS:])
    bars = [(c.verdict.value, c.name or "no type named", c.count) for c in causes]
    if rest:
        bars.append(("other", "all others", rest))
    most = max((n for *_, n in bars), default=1)
    height = 28 * len(bars) + 8
    marks = Markup("")
    for row, (verdict, name, count) in enumerate(bars):
        y, width = 4 + 28 * row, round(260 * count / most, 1)
        marks += Markup(
            '<text x="200" y="{0}" text-anchor="end">{1}</text>'
            '<rect class="{2}" x="210" y="{3}" width="{4}" height="20"/>'
            '<text x="{5}" y="{0}">{6}</text>'
        ).format(y + 15, _short(name), verdict, y, width, 216 + width, f"{count:,}")
    return _svg("Causes of rejects", _WIDTH, height, marks)


def density(found: Density) -> Markup:
    """Places of defects over the image: the more, the darker."""
    rows, columns = found.counts.shape
    side = 480 / columns
    height = round(rows * side, 1)
    most = int(found.counts.max()) or 1
    marks = Markup('<rect class="ground" width="480" height="{}"/>').format(height)
    for y, x in zip(*found.counts.nonzero(), strict=True):
        share = math.sqrt(found.counts[y, x] / most)
        marks += Markup(
            '<rect class="place" x="{}" y="{}" width="{}" height="{}" opacity="{:.2f}"/>'
        ).format(round(x * side, 2), round(y * side, 2), round(side, 2), round(side, 2), share)
    return _svg("Where defects lie", 480, height, marks)


def spreads(found: Spreads) -> Markup:
    """Scores as they were and as they are."""
    top = float(max(found.reference.max(), found.recent.max())) * 1.1
    frame = _Frame((float(found.edges[0]), float(found.edges[-1])), (0.0, top))
    marks = _steps(frame, found.edges, found.reference, "reference")
    marks += _steps(frame, found.edges, found.recent, "recent")
    ends = (f"{found.edges[0]:.4g}", f"score {found.edges[-1]:.4g}")
    return _picture("Scores, reference and recent", frame, ends, marks, percent=True)


def histogram(found: Histogram, unit: str, title: str) -> Markup:
    """Counts as steps, up to what only a thousandth exceeds."""
    shown = found.until(0.999)
    edges = found.low + found.step * np.arange(shown + 1, dtype=np.float64)
    counts = np.asarray(found.counts[:shown], np.float64)
    frame = _Frame((float(edges[0]), float(edges[-1])), (0.0, float(counts.max()) * 1.1))
    ends = (f"{edges[0]:.4g}", f"{edges[-1]:.4g} {unit}")
    return _picture(title, frame, ends, _steps(frame, edges, counts, "bars"))


def _floor(shares: Sequence[float]) -> float:
    """Where the axis of yields begins: a line at 99 % must not be a straight one."""
    lowest = min(shares, default=0.0)
    return max(0.0, math.floor((lowest - 0.25 * (1 - lowest)) * 100) / 100) if lowest < 1 else 0.9


def _short(name: str) -> str:
    return name if len(name) <= 28 else f"{name[:27]}…"


def _time_ends(groups: Sequence[Group]) -> tuple[str, str]:
    return (groups[0].name, groups[-1].name) if groups else ("", "")


def _dotted(frame: _Frame, shares: Sequence[float], kind: str) -> Markup:
    """A line with a dot a group where those are few: one alone would not be seen."""
    marks = _line(frame, list(enumerate(shares)), kind)
    for i, share in enumerate(shares if len(shares) <= _DOTS else ()):
        x, y = frame.place(i, share)
        marks += Markup('<circle class="{}" cx="{}" cy="{}" r="3"/>').format(kind, x, y)
    return marks


def _line(frame: _Frame, points: Sequence[tuple[float, float]], kind: str) -> Markup:
    places = " ".join("{},{}".format(*frame.place(x, y)) for x, y in points)
    return Markup('<polyline class="{}" points="{}"/>').format(kind, places)


def _steps(
    frame: _Frame, edges: NDArray[np.float64], values: NDArray[np.float64], kind: str
) -> Markup:
    points = [(float(edges[0]), 0.0)]
    for i, value in enumerate(values):
        points += [(float(edges[i]), float(value)), (float(edges[i + 1]), float(value))]
    return _line(frame, [*points, (float(edges[-1]), 0.0)], kind)


def _picture(
    title: str, frame: _Frame, ends: tuple[str, str], marks: Markup, *, percent: bool = False
) -> Markup:
    axes = Markup("")
    for value in np.linspace(*frame.y, 5):
        _, y = frame.place(frame.x[0], float(value))
        said = f"{100 * value:.3g} %" if percent else f"{value:,.0f}"
        axes += Markup(
            '<line class="grid" x1="{}" x2="{}" y1="{y}" y2="{y}"/>'
            '<text class="tick" x="{}" y="{}" text-anchor="end">{}</text>'
        ).format(_LEFT, _WIDTH - _RIGHT, _LEFT - 6, y + 4, said, y=y)
    for x, anchor, text in ((_LEFT, "start", ends[0]), (_WIDTH - _RIGHT, "end", ends[1])):
        axes += Markup('<text class="tick" x="{}" y="{}" text-anchor="{}">{}</text>').format(
            x, _HEIGHT - 8, anchor, text
        )
    return _svg(title, _WIDTH, _HEIGHT, axes + marks)


def _svg(title: str, width: float, height: float, marks: Markup) -> Markup:
    return Markup('<svg viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        width, height, title, marks
    )
