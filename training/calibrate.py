"""Thresholds from good parts alone: conformal quantiles of held-out scores.

What counts is the part, not the picture: on a line a part is seen several times and
its worst frame decides. So a part's score here is the highest of all its views.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inspector.core.manifest import ThresholdBasis

FOLDS = 5
TARGET_OVERKILL = 0.01
"""Share of good parts that may reach T1, where there are enough images to say so."""
T2_MARGIN = 0.25
"""T2 lies beyond the worst held-out part by this share of its distance to the median."""
ROUNDING = 1e-3
"""Relative; what providers compute differently must not carry a good part over T1."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds on the scale of the scores they came from.

    ``overkill_t1`` and ``_t2`` are the shares of good parts expected at or above them,
    never less than the 1/(n+1) that n held-out parts can support.
    """

    t1: float
    t2: float
    overkill_t1: float
    overkill_t2: float
    n_good: int
    n_views: int

    def in_units_of(self, unit: float) -> Calibration:
        """The same on a scale where ``unit`` is 1."""
        return replace(self, t1=self.t1 / unit, t2=self.t2 / unit)

    def basis(self) -> ThresholdBasis:
        """For the manifest."""
        return ThresholdBasis(
            method=(
                f"good parts only: {self.n_good} held out in {min(FOLDS, self.n_good)} folds, each "
                f"as the worst of {self.n_views} views (the still and camera-model views of it);"
                f" T1 the conformal quantile for {TARGET_OVERKILL:.0%} overkill (or the highest"
                f" score, where too few parts), plus {ROUNDING:.1%} for rounding; T2 beyond the"
                f" highest score by {T2_MARGIN:.0%} of its distance to the median."
                " The folds' models have seen fewer parts than the shipped one."
                " Escapes: unknown, no defects seen"
            ),
            n_good=self.n_good,
            expected_overkill_t1=self.overkill_t1,
            expected_overkill_t2=self.overkill_t2,
        )


def folds(n: int, count: int, seed: int) -> list[NDArray[np.int64]]:
    """Indices 0..n-1 in ``count`` shuffled groups that differ in size by at most one.

    Every group and its complement have a member: fewer groups where n < count.
    """
    if n < 2:
        raise ValueError(f"{n} parts cannot be held out in turn")
    order = np.random.default_rng(seed).permutation(n)
    return [np.sort(group) for group in np.array_split(order, min(count, n))]


def calibrate(held_out: NDArray[np.float64]) -> Calibration:
    """From the scores (n, v) of held-out good parts, one column a view.

    T1 is the k-th lowest of the n part scores, k = ceil((n+1)(1-target)) or n: of good
    parts like these a share of (n+1-k)/(n+1) is expected at or above it.

    Raises ValueError for scores that are not finite.
    """
    if not np.isfinite(held_out).all():
        raise ValueError("held-out scores must be finite")
    parts = np.sort(held_out.max(axis=1))
    n = len(parts)
    rank = min(math.ceil((n + 1) * (1.0 - TARGET_OVERKILL)), n)
    highest, median = float(parts[-1]), float(np.median(parts))
    t1 = float(parts[rank - 1]) * (1.0 + ROUNDING)
    t2 = max(highest + T2_MARGIN * (highest - median), t1)
    return Calibration(
        t1=t1,
        t2=t2,
        overkill_t1=(n + 1 - rank) / (n + 1),
        overkill_t2=1.0 / (n + 1),
        n_good=n,
        n_views=held_out.shape[1],
    )
