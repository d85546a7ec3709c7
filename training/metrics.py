"""Figures of merit; positive means defective, and higher scores mean worse."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from inspector.core.truth import Confusion
from training.intervals import Z95

Scores = NDArray[np.float64]
Flags = NDArray[np.bool_]

PRO_FPR_LIMIT = 0.3
_BINS = 4096


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
        return abs(candidate - area) > Z95 * spread

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
    """Histograms over the same bins of the anomaly value.

    good: float64 (n, b), pixels outside of defects in each image; regions: float64 (r, b),
    the pixels of each single defect region; image_of: int64 (r,), the image that it is in.

    ``weights``, float64 (n,), says how often each image counts: once, if not given.
    """

    good: Scores
    regions: Scores
    image_of: NDArray[np.int64]

    def auroc(self, weights: Scores | None = None) -> float:
        """Of pixels; values in the same bin count as ties. NaN where none are bad."""
        of_images = self._weights(weights)
        good, bad = of_images @ self.good, of_images[self.image_of] @ self.regions
        if not bad.sum() or not good.sum():
            return math.nan
        below = np.cumsum(good) - good
        wins = (bad * (below + 0.5 * good)).sum()
        return float(wins / (bad.sum() * good.sum()))

    def pro(self, weights: Scores | None = None, limit: float = PRO_FPR_LIMIT) -> float:
        """Per-region overlap: mean share of each region found, over FPR 0 to ``limit``.

        The area under the curve is divided by ``limit``, so that a perfect map has 1. NaN
        where there are no regions.
        """
        of_images = self._weights(weights)
        of_regions = of_images[self.image_of]
        if not of_regions.sum():
            return math.nan
        fpr = np.concatenate([[0.0], _share_above((of_images @ self.good)[None])[0]])
        mean = of_regions @ _share_above(self.regions) / of_regions.sum()
        overlap = np.concatenate([[0.0], mean])
        inside = fpr < limit
        x = np.concatenate([fpr[inside], [limit]])
        y = np.concatenate([overlap[inside], [np.interp(limit, fpr, overlap)]])
        return float(np.trapezoid(y, x) / limit)

    def _weights(self, weights: Scores | None) -> Scores:
        return np.ones(len(self.good)) if weights is None else weights


def pixel_scores(
    pictures: Iterable[tuple[NDArray[np.float32], NDArray[np.int32]]], low: float, high: float
) -> PixelScores:
    """Counts pixels by anomaly value.

    Args:
        pictures: of each image its map float32 (H, W) and region labels int32 (H, W), 0
            outside of defects and 1.. for each connected region.
        low, high: lowest and highest value of all maps.
    """
    good: list[Scores] = []
    regions: list[Scores] = []
    image_of: list[int] = []
    for heat, labels in pictures:
        scaled = (heat - low) / max(high - low, 1e-12) * (_BINS - 1)
        bins = np.clip(scaled, 0, _BINS - 1).astype(np.int64)
        count = int(labels.max()) + 1
        table = np.bincount((labels * _BINS + bins).ravel(), minlength=count * _BINS)
        by_region = table.reshape(count, _BINS).astype(np.float64)
        image_of += [len(good)] * (count - 1)
        good.append(by_region[0])
        regions.append(by_region[1:])
    empty = np.zeros((0, _BINS))
    return PixelScores(
        np.stack(good) if good else empty,
        np.concatenate(regions) if regions else empty,
        np.array(image_of, np.int64),
    )


def _share_above(counts: Scores) -> Scores:
    """(r, b) → share of each row at or above each bin, from the highest bin down."""
    descending = np.cumsum(counts[:, ::-1], axis=1)
    return np.asarray(descending / descending[:, -1:])


def finite(scores: Sequence[float]) -> Scores:
    """float64 (n,); what is not finite ranks as worst: such a part is INVALID, and rejected."""
    array = np.asarray(scores, np.float64)
    known = np.isfinite(array)
    top = array[known].max(initial=0.0)
    return np.where(known, array, top + 1.0)
