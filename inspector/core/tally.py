"""Counting parts: yield, ppm, Pareto; p-chart and CUSUM to see a line drift."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from inspector.core.inspection import Verdict

CauseKey = tuple[Verdict, str | None]
MIN_SUBGROUPS = 20
RUN_LENGTH = 8


@dataclass(frozen=True, slots=True)
class Cause:
    """One bar of a Pareto chart: why parts were not passed.

    ``share`` of all rejects, ``cumulative`` share up to and including this bar.
    """

    verdict: Verdict
    reason: str | None
    count: int
    share: float
    cumulative: float


@dataclass(frozen=True, slots=True)
class Tally:
    """How many parts had which verdict for which reason; immutable.

    ``counts`` is sorted and has no zeros, so equal facts are equal tallies, in whatever
    order they came. ``merge`` is associative and commutative, ``Tally()`` its neutral
    element: the tallies of runs, days and stations add up.
    """

    counts: tuple[tuple[CauseKey, int], ...] = ()

    @classmethod
    def of(cls, causes: Iterable[CauseKey]) -> Tally:
        """One entry a part. Raises ValueError for NO_PART: that is no part's verdict."""
        return cls.from_counts(Counter(causes).items())

    @classmethod
    def from_counts(cls, counts: Iterable[tuple[CauseKey, int]]) -> Tally:
        """Entries of the same cause add up. Raises ValueError for NO_PART."""
        total: Counter[CauseKey] = Counter()
        for (verdict, reason), count in counts:
            if verdict is Verdict.NO_PART:
                raise ValueError("NO_PART is no verdict of a part and is not counted")
            total[(verdict, reason)] += count
        return cls(tuple(sorted(((k, n) for k, n in total.items() if n), key=_order)))

    def merge(self, other: Tally) -> Tally:
        return Tally.from_counts((*self.counts, *other.counts))

    def count(self, verdict: Verdict) -> int:
        return sum(n for (found, _), n in self.counts if found is verdict)

    @property
    def total(self) -> int:
        return sum(n for _, n in self.counts)

    @property
    def passed(self) -> int:
        return self.count(Verdict.PASS)

    @property
    def rejected(self) -> int:
        """FAIL, REVIEW and INVALID together: all that the line throws out."""
        return self.total - self.passed

    @property
    def passed_share(self) -> float | None:
        """The yield, 0..1; None without parts: of nothing, nothing is known."""
        return self.passed / self.total if self.total else None

    @property
    def ppm(self) -> float | None:
        """Rejected parts per million; None without parts."""
        return 1e6 * self.rejected / self.total if self.total else None

    def pareto(self) -> tuple[Cause, ...]:
        """Causes of rejects, the most frequent first."""
        rejects = [(key, n) for key, n in self.counts if key[0].is_reject]
        rejects.sort(key=lambda entry: -entry[1])
        causes, so_far = [], 0
        for (verdict, reason), n in rejects:
            so_far += n
            causes.append(Cause(verdict, reason, n, n / self.rejected, so_far / self.rejected))
        return tuple(causes)


def _order(entry: tuple[CauseKey, int]) -> tuple[str, bool, str]:
    (verdict, reason), _ = entry
    return (verdict.value, reason is not None, reason or "")


@dataclass(frozen=True, slots=True)
class PPoint:
    """A subgroup on a p-chart: its share of rejects, limits and whether it signals."""

    share: float
    lower: float
    upper: float
    outside: bool
    run: bool


@dataclass(frozen=True, slots=True)
class PChart:
    """``center`` is the share of rejects over all subgroups."""

    center: float
    points: tuple[PPoint, ...]


def p_chart(subgroups: Sequence[tuple[int, int]]) -> PChart | None:
    """Shewhart's p-chart of (rejects, size) subgroups, in time order.

    Limits are p ± 3·sqrt(p(1−p)/n), clipped to 0..1. ``run`` marks the points that end
    eight or more in a row on one side of the center. None for fewer than twenty
    subgroups: limits from less are guesswork. Raises ValueError for an empty subgroup.
    """
    if any(not 0 <= rejects <= size or size < 1 for rejects, size in subgroups):
        raise ValueError("every subgroup needs at least one part, and no more rejects than parts")
    if len(subgroups) < MIN_SUBGROUPS:
        return None
    center = sum(r for r, _ in subgroups) / sum(n for _, n in subgroups)
    shares = [rejects / size for rejects, size in subgroups]
    runs = _run_lengths([_sign(share - center) for share in shares])
    points = [
        _point(share, center, size, length)
        for share, (_, size), length in zip(shares, subgroups, runs, strict=True)
    ]
    return PChart(center, tuple(points))


def _point(share: float, center: float, size: int, length: int) -> PPoint:
    spread = 3 * math.sqrt(center * (1 - center) / size)
    lower, upper = max(0.0, center - spread), min(1.0, center + spread)
    return PPoint(share, lower, upper, not lower <= share <= upper, length >= RUN_LENGTH)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _run_lengths(signs: Sequence[int]) -> list[int]:
    """How many in a row, up to here, lie on the same side; 0 on the center itself."""
    lengths = [abs(sign) for sign in signs[:1]]
    for before, sign in pairwise(signs):
        lengths.append((lengths[-1] + 1 if sign == before else 1) if sign else 0)
    return lengths


@dataclass(frozen=True, slots=True)
class Cusum:
    """Bernoulli CUSUM: tells, part by part, that rejects went from ``p0`` up to ``p1``.

    For rare defects, where subgroups of a p-chart are mostly zeros. Each part adds its
    log-likelihood ratio, never falling below zero; at ``limit`` it alarms.
    """

    p0: float
    p1: float
    limit: float
    value: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.p0 < self.p1 < 1:
            raise ValueError(f"expected 0 < p0 < p1 < 1, got {self.p0} and {self.p1}")
        if not self.limit > 0:
            raise ValueError(f"the limit must be positive, got {self.limit}")

    @property
    def alarm(self) -> bool:
        return self.value >= self.limit

    def after(self, *, rejected: bool) -> Cusum:
        """The state after one more part."""
        good = math.log((1 - self.p1) / (1 - self.p0))
        step = math.log(self.p1 / self.p0) if rejected else good
        return Cusum(self.p0, self.p1, self.limit, max(0.0, self.value + step))
