"""What if the thresholds were elsewhere? Expected escape, overkill and review load.

Computed of parts whose scores are known; only parts whose truth is known too say
anything of escape and overkill. Everything comes with the most it could really be: the
Clopper–Pearson bound (one-sided, 95 %), which for zero misses in n is about 3/n.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

CONFIDENCE = 0.95
EXACT_UP_TO = 200
"""Counts up to which the bound is exact; above, Wilson's is within a few per cent of it."""
_Z = 1.6448536269514722
_STEPS = 60


@dataclass(frozen=True, slots=True)
class ScoredPart:
    """A part's score, and whether it really is defective (None: nobody has said)."""

    score: float
    is_bad: bool | None = None


@dataclass(frozen=True, slots=True)
class Rate:
    """``count`` of ``n``; ``at_most`` is what the true share may be at 95 % confidence."""

    count: int
    n: int

    @property
    def share(self) -> float | None:
        """None of nothing: nothing is known."""
        return self.count / self.n if self.n else None

    @property
    def at_most(self) -> float:
        return upper_bound(self.count, self.n)


@dataclass(frozen=True, slots=True)
class Expectation:
    """What the line would do at these thresholds.

    Attributes:
        escape: bad parts that would pass, of the bad.
        overkill: good parts that would not pass (REVIEW or FAIL), of the good.
        hard_overkill: good parts that would be failed outright, of the good.
        review: parts that a person would have to look at, of all.
        passed, failed: of all.
        unscored: parts without a usable score: INVALID at any threshold, not counted.
    """

    t1: float
    t2: float
    escape: Rate
    overkill: Rate
    hard_overkill: Rate
    review: Rate
    passed: Rate
    failed: Rate
    unscored: int


class ScoreBook:
    """Scores, sorted once, asked often: while a threshold is dragged. Immutable."""

    def __init__(self, parts: Iterable[ScoredPart]) -> None:
        held = list(parts)
        scored = [p for p in held if math.isfinite(p.score)]
        self.unscored = len(held) - len(scored)
        self._all = _sorted(p.score for p in scored)
        self._bad = _sorted(p.score for p in scored if p.is_bad is True)
        self._good = _sorted(p.score for p in scored if p.is_bad is False)

    def __len__(self) -> int:
        """Parts with a score."""
        return len(self._all)

    @property
    def good(self) -> NDArray[np.float64]:
        """float64 (n,), rising: scores of parts known to be good."""
        return self._good

    @property
    def bad(self) -> NDArray[np.float64]:
        """float64 (n,), rising: scores of parts known to be bad."""
        return self._bad

    @cached_property
    def unknown(self) -> NDArray[np.float64]:
        """float64 (n,), rising: scores of parts of which nobody has said what they are."""
        left = self._all
        for known in (self._good, self._bad):
            left = _without(left, known)
        return left

    def expect(self, t1: float, t2: float) -> Expectation:
        """At PASS below ``t1`` and FAIL from ``t2`` on; raises ValueError unless t1 <= t2."""
        if not t1 <= t2:
            raise ValueError(f"T1 ({t1}) must not be above T2 ({t2})")
        n, good, bad = len(self._all), len(self._good), len(self._bad)
        passed, below_t2 = _below(self._all, t1), _below(self._all, t2)
        return Expectation(
            t1=t1,
            t2=t2,
            escape=Rate(_below(self._bad, t1), bad),
            overkill=Rate(good - _below(self._good, t1), good),
            hard_overkill=Rate(good - _below(self._good, t2), good),
            review=Rate(below_t2 - passed, n),
            passed=Rate(passed, n),
            failed=Rate(n - below_t2, n),
            unscored=self.unscored,
        )


def _sorted(scores: Iterable[float]) -> NDArray[np.float64]:
    found = np.sort(np.fromiter(scores, np.float64))
    found.flags.writeable = False
    return found


def _without(scores: NDArray[np.float64], known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each of ``known`` taken out once; both rising."""
    first = np.searchsorted(scores, known, side="left")
    # the k-th of several equal ones takes out the k-th of its equals
    nth = np.arange(len(known)) - np.searchsorted(known, known, side="left")
    left: NDArray[np.float64] = np.delete(scores, first + nth)
    return left


def _below(scores: NDArray[np.float64], threshold: float) -> int:
    """As ``judge`` compares: a score equal to the threshold is not below it."""
    return int(np.searchsorted(scores, threshold, side="left"))


def upper_bound(count: int, n: int) -> float:
    """The share that n things of which ``count`` were hit leave possible at 95 % (0..1).

    Clopper–Pearson, one-sided; 1.0 for n = 0. Raises ValueError unless 0 <= count <= n.
    """
    if not 0 <= count <= n:
        raise ValueError(f"expected 0 <= count <= n, got {count} of {n}")
    if count == n:
        return 1.0
    if count == 0:
        return float(-math.expm1(math.log(1 - CONFIDENCE) / n))
    if count > EXACT_UP_TO:
        return _wilson(count, n)
    return _bisected(count, n)


def _wilson(count: int, n: int) -> float:
    share, z2 = count / n, _Z**2
    centre = share + z2 / (2 * n)
    spread = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n))
    return min(1.0, (centre + spread) / (1 + z2 / n))


def _bisected(count: int, n: int) -> float:
    """The p at which at most ``count`` hits in n have a probability of 5 %."""
    ways = [_log_choose(n, k) for k in range(count + 1)]
    low, high = count / n, 1.0
    for _ in range(_STEPS):
        p = (low + high) / 2
        if _at_most(ways, n, p) > 1 - CONFIDENCE:
            low = p
        else:
            high = p
    return high


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def _at_most(ways: Sequence[float], n: int, p: float) -> float:
    hit, miss = math.log(p), math.log1p(-p) if p < 1 else -math.inf
    if miss == -math.inf:
        return 0.0
    return math.fsum(math.exp(w + k * hit + (n - k) * miss) for k, w in enumerate(ways))
