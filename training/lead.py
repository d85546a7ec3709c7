"""Is one method's lead over another more than the few parts at hand could give by chance?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 2000
SURE = 0.99


@dataclass(frozen=True, slots=True)
class Scored:
    """What a method says of the same parts, good and with defects made in them.

    Attributes:
        good: float (n,), scores as they are.
        bad: float (n, k), scores with a defect of each of k kinds.
    """

    good: NDArray[np.float64]
    bad: NDArray[np.float64]

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

    Paired bootstrap over parts: a part is drawn with its defects, and with what both methods
    say of it (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, percentile bound).
    """
    gain = (_wins(of) - _wins(over)).mean(axis=0)
    count = len(gain)
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=ROUNDS)
    leads = np.einsum("ri,ij,rj->r", drawn, gain, drawn, optimize=True) / count**2
    return float(np.quantile(leads, 1 - SURE))


def _wins(scored: Scored) -> NDArray[np.float64]:
    """float64 (k, n, n): 1 where the second part's defect scores above the first part, 0.5 ties."""
    good, bad = scored.good[None, :, None], scored.bad.T[:, None, :]
    wins: NDArray[np.float64] = (bad > good) + 0.5 * (bad == good)
    return wins
