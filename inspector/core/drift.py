"""Whether scores are still spread as they were: population stability and Kolmogorov–Smirnov."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SAMPLE = 1000
"""Scores a side: the first ones of the model are the reference, the newest ones stand trial."""
LEAST = 200
"""Fewer a side say nothing: of 100 scores, PSI is above 0.1 by chance alone now and then."""
BINS = 10
MODERATE, MAJOR = 0.1, 0.25
"""The usual readings of the population stability index (credit scoring, Siddiqi 2006)."""
_KS_ALPHA = 0.001
_EMPTY = 1e-4


class Drift(StrEnum):
    UNKNOWN = "UNKNOWN"
    STABLE = "STABLE"
    MODERATE = "MODERATE"
    MAJOR = "MAJOR"


@dataclass(frozen=True, slots=True)
class DriftReport:
    """``psi`` over deciles of the reference; ``ks`` the largest distance of the two
    distribution functions, ``ks_limit`` what chance reaches once in a thousand times.

    A drift is told only where both say so: PSI how much, KS that it is no chance. None
    where there are too few scores.
    """

    state: Drift
    reference: int
    recent: int
    psi: float | None = None
    ks: float | None = None
    ks_limit: float | None = None


def compare(reference: Sequence[float], recent: Sequence[float]) -> DriftReport:
    """Of two samples of finite scores of one model."""
    n, m = len(reference), len(recent)
    if min(n, m) < LEAST:
        return DriftReport(Drift.UNKNOWN, n, m)
    before, now = np.asarray(reference, float), np.asarray(recent, float)
    psi, ks = stability_index(before, now), ks_distance(before, now)
    limit = math.sqrt(-math.log(_KS_ALPHA / 2) / 2) * math.sqrt((n + m) / (n * m))
    state = Drift.STABLE
    if ks > limit and psi >= MODERATE:
        state = Drift.MAJOR if psi >= MAJOR else Drift.MODERATE
    return DriftReport(state, n, m, psi, ks, limit)


def stability_index(reference: NDArray[np.float64], recent: NDArray[np.float64]) -> float:
    """Σ (q − p) ln(q / p) over the reference's deciles; equal deciles are joined."""
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, BINS + 1)[1:-1]))
    shares = [
        np.bincount(np.searchsorted(edges, sample, side="right"), minlength=len(edges) + 1)
        / len(sample)
        for sample in (reference, recent)
    ]
    p, q = (np.maximum(share, _EMPTY) for share in shares)
    return float(np.sum((q - p) * np.log(q / p)))


def ks_distance(reference: NDArray[np.float64], recent: NDArray[np.float64]) -> float:
    """0 for equal samples, 1 where they do not overlap."""
    places = np.concatenate([reference, recent])
    ours, theirs = (
        np.searchsorted(np.sort(s), places, side="right") / len(s) for s in (reference, recent)
    )
    return float(np.abs(ours - theirs).max())


@dataclass(frozen=True, slots=True, eq=False)
class Spreads:
    """Two samples over the same bins: ``reference[i]`` and ``recent[i]`` are shares, 0..1,
    of the scores between ``edges[i]`` and ``edges[i + 1]``. All float64.
    """

    edges: NDArray[np.float64]
    reference: NDArray[np.float64]
    recent: NDArray[np.float64]


def spreads(
    reference: Sequence[float], recent: Sequence[float], *, bins: int = 40
) -> Spreads | None:
    """None where either sample is too small to be compared."""
    if min(len(reference), len(recent)) < LEAST:
        return None
    before, now = np.asarray(reference, float), np.asarray(recent, float)
    low, high = min(before.min(), now.min()), max(before.max(), now.max())
    edges = np.linspace(low, high if high > low else low + 1.0, bins + 1)
    p, q = (np.histogram(s, edges)[0] / len(s) for s in (before, now))
    return Spreads(edges, p, q)
