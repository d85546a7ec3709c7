"""Charts as SVG pictures; fonts become paths, so that they look the same everywhere."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from training.datasets import GOOD as GOOD_KIND
from training.metrics import Flags, Scores

INK, FAINT, GOOD, BAD = "#1f2933", "#8a97a3", "#2f6f9f", "#c2452d"
VERDICT_COLOURS = {"PASS": "#2f9e62", "REVIEW": "#e2911b", "FAIL": "#cf3a3a", "INVALID": "#8e44a3"}
"""As the station shows them."""
_LINES = (INK, "#c2452d", "#2f6f9f", "#7a5ba6", "#8c6d1f", "#3b8f7c")
_STYLES = ("-", "--", "-.", ":")
_RC: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    # names of defects are no formulas
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": FAINT,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "svg.hashsalt": "inspector",
    "figure.facecolor": "white",
    "axes.axisbelow": True,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
_WIDE, _SQUARE = (6.4, 2.9), (4.2, 3.7)
_BINS = 40
_LOG_FROM = 12.0
"""Ratio of the highest to the middle score from which on the axis is logarithmic."""


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """Labelled scores of one model, all finite; where there was none (an INVALID image),
    ``known`` is False and the score one that ranks as the worst."""

    name: str
    defective: Flags
    scores: Scores
    known: Flags


def histogram(series: Series, t1: float, t2: float) -> bytes:
    """Scores of good and defective images with both thresholds; without INVALID ones."""
    with rc_context(_RC):
        figure, axes = _axes(_WIDE)
        known = series.known
        scores = series.scores[known] if known.any() else np.array([t1])
        logarithmic = scores.min() > 0 and scores.max() > _LOG_FROM * float(np.median(scores))
        edges = _edges(np.append(scores, [t1, t2]), logarithmic=logarithmic)
        parts = ((~series.defective, GOOD, "good", 0.75), (series.defective, BAD, "defective", 0.6))
        for flags, colour, name, alpha in parts:
            label = f"{name} ({int((flags & known).sum())})"
            axes.hist(series.scores[flags & known], edges, color=colour, alpha=alpha, label=label)
        if logarithmic:
            axes.set_xscale("log")
        axes.axvspan(t1, t2, color=VERDICT_COLOURS["REVIEW"], alpha=0.13, lw=0)
        for name, at in (("T1", t1), ("T2", t2)):
            axes.axvline(
                at, color=INK, lw=1.1, ls="-" if name == "T1" else "--", label=f"{name} {at:.3g}"
            )
        axes.set(xlabel="score", ylabel="images")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, 1.18), ncols=4)
        return _svg(figure)


def _edges(values: NDArray[np.float64], *, logarithmic: bool) -> list[float]:
    low, high = float(values.min()), float(values.max())
    if high <= low:
        high = low + 1.0
    space = np.geomspace if logarithmic else np.linspace
    return [float(edge) for edge in space(low, high, _BINS + 1)]


def roc(series: Sequence[Series], points: Mapping[str, tuple[float, float]]) -> bytes:
    """``points`` are operating points by name, (FPR, TPR) of the first series."""
    with rc_context(_RC):
        figure, axes = _axes(_SQUARE)
        axes.plot([0, 1], [0, 1], color=FAINT, lw=0.8, ls=":")
        for k, one in enumerate(series):
            fpr, tpr, _ = roc_curve(one.defective, one.scores)
            axes.plot(fpr, tpr, label=one.name, **_line(k))
        _mark(axes, points)
        axes.set(xlabel="good ones rejected", ylabel="defective ones rejected")
        _unit(axes)
        axes.legend(loc="lower right")
        return _svg(figure)


def precision_recall(series: Sequence[Series], points: Mapping[str, tuple[float, float]]) -> bytes:
    """``points`` are operating points by name, (recall, precision) of the first series."""
    with rc_context(_RC):
        figure, axes = _axes(_SQUARE)
        share = float(series[0].defective.mean())
        axes.axhline(share, color=FAINT, lw=0.8, ls=":", label=f"all FAIL ({share:.2f})")
        for k, one in enumerate(series):
            precision, recall, _ = precision_recall_curve(one.defective, one.scores)
            axes.plot(recall, precision, label=one.name, drawstyle="steps-post", **_line(k))
        _mark(axes, points)
        axes.set(xlabel="recall", ylabel="precision")
        _unit(axes)
        axes.legend(loc="lower left")
        return _svg(figure)


def type_bars(verdicts: Mapping[str, Mapping[str, int]]) -> bytes:
    """Shares of the verdicts for each kind of image, the good ones first."""
    with rc_context(_RC):
        figure, axes = _axes((6.4, 0.9 + 0.36 * len(verdicts)))
        names = list(verdicts)
        left = np.zeros(len(names))
        for verdict, colour in VERDICT_COLOURS.items():
            counts = np.array([verdicts[name].get(verdict, 0) for name in names])
            shares = counts / np.array([sum(verdicts[name].values()) for name in names])
            bars = axes.barh(names, shares, left=left, color=colour, label=verdict, height=0.66)
            for name, bar in zip(names, bars, strict=True):
                if verdict == "PASS" and name != GOOD_KIND:
                    # a defective one that passed is an escape: it must not look like success
                    bar.set(facecolor="white", edgecolor=BAD, hatch="////", linewidth=1)
            for i in map(int, np.flatnonzero(counts)):
                escaped = verdict == "PASS" and names[i] != GOOD_KIND
                axes.text(
                    left[i] + shares[i] / 2,
                    i,
                    str(counts[i]),
                    ha="center",
                    va="center",
                    color=BAD if escaped else "white",
                    fontsize=8,
                    fontweight="bold",
                )
            left = left + shares
        axes.set_yticks(range(len(names)), [_short(name) for name in names])
        axes.set_xlim(0, 1)
        axes.invert_yaxis()
        axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
        return _svg(figure)


def intervals(
    rows: Sequence[tuple[str, float, Sequence[float]]], label: str, floor: float | None = None
) -> bytes:
    """A point with its 95 % interval a row."""
    with rc_context(_RC):
        figure, axes = _axes((6.4, 0.8 + 0.34 * len(rows)))
        for i, (_, value, (low, high)) in enumerate(rows):
            axes.plot([low, high], [i, i], color=FAINT, lw=2.2, solid_capstyle="round")
            axes.plot(value, i, "o", color=INK, ms=5)
        axes.set_yticks(range(len(rows)), [_short(name) for name, _, _ in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        lowest = min((low for _, _, (low, _) in rows), default=0.0)
        if floor is not None:
            axes.axvline(floor, color=FAINT, lw=0.8, ls=":")
            lowest = min(lowest, floor)
        axes.set_xlim(max(0.0, lowest - 0.03), 1.005)
        axes.set_xlabel(label)
        axes.grid(axis="x", color="#e4e8ec", lw=0.7)
        return _svg(figure)


def training_curves(folds: Sequence[Mapping[str, Sequence[float]]]) -> bytes:
    """Losses by epoch, a line a fold."""
    with rc_context(_RC):
        figure, axes = _axes(_WIDE)
        for name, colour in (("train_loss", GOOD), ("validation_loss", BAD)):
            for k, curves in enumerate(folds):
                values = curves.get(name, [])
                label = name.replace("_", " ") if k == 0 else None
                axes.plot(
                    range(1, len(values) + 1), values, color=colour, alpha=0.7, lw=1.2, label=label
                )
        axes.set(xlabel="epoch", ylabel="loss")
        axes.set_ylim(bottom=0)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.legend(loc="upper right")
        return _svg(figure)


def _axes(size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots()


def _line(number: int) -> dict[str, Any]:
    """Told apart without colour too."""
    return {
        "color": _LINES[number % len(_LINES)],
        "ls": _STYLES[number % len(_STYLES)],
        "lw": 1.8 if number == 0 else 1.3,
    }


def _mark(axes: Axes, points: Mapping[str, tuple[float, float]]) -> None:
    for marker, (name, (x, y)) in zip("os^", points.items(), strict=False):
        axes.plot(x, y, marker, color=INK, ms=6, mfc="white", mew=1.5, label=name, clip_on=False)


def _unit(axes: Axes) -> None:
    axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02))
    axes.grid(color="#e4e8ec", lw=0.7)


def _short(name: str, most: int = 28) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _svg(figure: Figure) -> bytes:
    content = io.BytesIO()
    # no date: the same figures give the same page
    figure.savefig(content, format="svg", metadata={"Date": None, "Creator": None})
    return content.getvalue()
