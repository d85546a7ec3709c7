"""Figures of merit; positive means defective, and higher scores mean worse."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from inspector.core.truth import Confusion

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]

PRO_FPR_LIMIT = 0.3
_BINS = 4096
_Z95 = 1.959964


class Rates(Confusion):
    """The station's own counts and rates, of images instead of parts."""

    __slots__ = ()

    @classmethod
    def count(cls, defective: Flags, rejected: Flags) -> Rates:
        return cls(
            tp=int((defective & rejected).sum()),
            fp=int((~defective & rejected).sum()),
            fn=int((defective & ~rejected).sum()),
            tn=int((~defective & ~rejected).sum()),
        )


def auroc(defective: Flags, scores: Scores) -> float:
    """Chance that a defective one scores above a good one; ties count half."""
    return float(roc_auc_score(defective, scores))


def average_precision(defective: Flags, scores: Scores) -> float:
    return float(average_precision_score(defective, scores))


def auroc_interval(area: float, n_good: int, n_defective: int) -> tuple[float, float]:
    """95 % score interval of an AUROC (Newcombe 2006, method 5).

    All areas whose distance to ``area`` lies within 1.96 of their own standard error, so
    that it does not shrink to nothing at 1.0, as DeLong's and the bootstrap's do.
    """

    def beyond(candidate: float) -> bool:
        spread = math.sqrt(_area_variance(candidate, n_good, n_defective))
        return abs(candidate - area) > _Z95 * spread

    return _edge(beyond, area, 0.0), _edge(beyond, area, 1.0)


def _area_variance(area: float, n_good: int, n_defective: int) -> float:
    weight = (n_good + n_defective) / 2 - 1
    inner = 1 + weight * ((1 - area) / (2 - area) + area / (1 + area))
    return area * (1 - area) * inner / (n_good * n_defective)


def _edge(beyond: Callable[[float], bool], inside: float, outside: float) -> float:
    """Where ``beyond`` begins, between a point inside and a bound."""
    if not beyond(outside):
        return outside
    for _ in range(60):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if beyond(middle) else (middle, outside)
    return inside


def fpr_at_full_recall(defective: Flags, scores: Scores) -> float:
    """Share of good ones rejected where no defective one may pass."""
    return float((scores[~defective] >= scores[defective].min()).mean())


def tpr_at_no_overkill(defective: Flags, scores: Scores) -> float:
    """Share of defective ones rejected where no good one may be."""
    return float((scores[defective] > scores[~defective].max()).mean())


@dataclass(frozen=True, slots=True)
class PixelScores:
    """Histograms over the same bins of the anomaly value, of all images together.

    good, bad: int64 (b,), pixels outside and inside of defects; regions: int64 (r, b),
    the pixels of each single defect region.
    """

    good: NDArray[np.int64]
    bad: NDArray[np.int64]
    regions: NDArray[np.int64]

    def auroc(self) -> float:
        """Of pixels; values in the same bin count as ties."""
        below = np.cumsum(self.good) - self.good
        wins = (self.bad * (below + 0.5 * self.good)).sum()
        return float(wins / (self.bad.sum() * self.good.sum()))

    def pro(self, limit: float = PRO_FPR_LIMIT) -> float:
        """Per-region overlap: mean share of each region found, over FPR 0 to ``limit``.

        The area under the curve is divided by ``limit``, so that a perfect map has 1.
        """
        fpr = np.concatenate([[0.0], _share_above(self.good[None])[0]])
        overlap = np.concatenate([[0.0], _share_above(self.regions).mean(axis=0)])
        inside = fpr < limit
        x = np.concatenate([fpr[inside], [limit]])
        y = np.concatenate([overlap[inside], [np.interp(limit, fpr, overlap)]])
        return float(np.trapezoid(y, x) / limit)


def pixel_scores(
    pictures: Iterable[tuple[NDArray[np.float32], NDArray[np.int32]]], low: float, high: float
) -> PixelScores:
    """Counts pixels by anomaly value.

    Args:
        pictures: of each image its map float32 (H, W) and region labels int32 (H, W), 0
            outside of defects and 1.. for each connected region.
        low, high: lowest and highest value of all maps.
    """
    good, regions = np.zeros(_BINS, np.int64), []
    for heat, labels in pictures:
        scaled = (heat - low) / max(high - low, 1e-12) * (_BINS - 1)
        bins = np.clip(scaled, 0, _BINS - 1).astype(np.int64)
        count = int(labels.max()) + 1
        table = np.bincount((labels * _BINS + bins).ravel(), minlength=count * _BINS)
        table = table.reshape(count, _BINS)
        good += table[0]
        regions.append(table[1:])
    stacked = np.concatenate(regions) if regions else np.zeros((0, _BINS), np.int64)
    return PixelScores(good, stacked.sum(axis=0), stacked)


def _share_above(counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """(r, b) → share of each row at or above each bin, from the highest bin down."""
    descending = np.cumsum(counts[:, ::-1], axis=1)
    return np.asarray(descending / descending[:, -1:])


def finite(scores: Sequence[float]) -> Scores:
    """float64 (n,); what is not finite ranks as worst: such a part is INVALID, and rejected."""
    array = np.asarray(scores, np.float64)
    known = np.isfinite(array)
    top = array[known].max(initial=0.0)
    return np.where(known, array, top + 1.0)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
