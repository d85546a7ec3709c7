"""Is one method's lead over another more than the few parts at hand could give by chance?"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

ROUNDS = 2000
SURE = 0.99
LEAST_PARTS = 8
"""With fewer nothing is sure: the spread of so few parts says too little of its own size."""


@dataclass(frozen=True, slots=True, eq=False)
class Scored:
    """What a method says of the same parts, good and with defects made in them.

    Attributes:
        good: float (n,), scores as they are.
        bad: float (n, k), scores with a defect of each of k kinds.
    """

    good: NDArray[np.float64]
    bad: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Raises ValueError for a score that is no number."""
        if not (np.isfinite(self.good).all() and np.isfinite(self.bad).all()):
            raise ValueError("a method gave scores that are not finite")

    @property
    def auroc(self) -> NDArray[np.float64]:
        """float64 (k,), by kind; a tie counts half (Mann and Whitney's statistic)."""
        found: NDArray[np.float64] = _wins(self).mean(axis=(1, 2))
        return found

    @property
    def mean(self) -> float:
        """Over the kinds."""
        return float(self.auroc.mean())


def least_lead(of: Scored, over: Scored, *, seed: int) -> float:
    """By how much the mean AUROC of one exceeds the other's at the least, with 99 % confidence.

    Minus infinity with fewer than eight parts. Paired bootstrap over parts: a part is drawn
    with its defects, and with what both methods say of it. The bound lies Student's quantile of
    bootstrap standard errors below the lead (Efron and Tibshirani, An Introduction to the
    Bootstrap, 1993, chapter 12): bare percentiles are too narrow for a dozen parts.
    """
    gain = (_wins(of) - _wins(over)).mean(axis=0)
    count = len(gain)
    if count < LEAST_PARTS:
        return -math.inf
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=ROUNDS)
    leads = np.einsum("ri,ij,rj->r", drawn, gain, drawn, optimize=True) / count**2
    # a drawn sample spreads less than one of as many new parts
    error = float(leads.std()) * math.sqrt(count / (count - 1))
    return float(gain.mean()) - float(student.ppf(SURE, count - 1)) * error


def _wins(scored: Scored) -> NDArray[np.float64]:
    """float64 (k, n, n): 1 where the second part's defect scores above the first part, 0.5 ties."""
    good, bad = scored.good[None, :, None], scored.bad.T[:, None, :]
    wins: NDArray[np.float64] = (bad > good) + 0.5 * (bad == good)
    return wins
