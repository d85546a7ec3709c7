"""Latencies in bounded memory, whatever the length of the run."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass

import numpy as np

_LOW_MS = 1e-3
_STEPS_PER_DECADE = 200
_DECADES = 9


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Milliseconds; all zero where nothing was measured."""

    p50: float = 0.0
    p95: float = 0.0
    p99: float = 0.0
    max: float = 0.0

    def as_dict(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 4) for name in ("p50", "p95", "p99", "max")}


class LatencyMeter:
    """Histogram in logarithmic steps of 1.2 %, from 1 µs to 1,000 s; the maximum is exact.

    For one writer; a reader of another thread may see a sample late, never a wrong one.
    """

    def __init__(self) -> None:
        # an array, so that numpy reads it where it lies: a window asks many times a second
        self._counts = array("q", bytes(8 * (_STEPS_PER_DECADE * _DECADES + 1)))
        self._max = 0.0

    def add(self, milliseconds: float) -> None:
        steps = math.log10(max(milliseconds, _LOW_MS) / _LOW_MS) * _STEPS_PER_DECADE
        self._counts[min(int(steps), len(self._counts) - 1)] += 1
        self._max = max(self._max, milliseconds)

    def percentiles(self) -> Percentiles:
        cumulative = np.cumsum(np.frombuffer(self._counts, np.int64))
        total = int(cumulative[-1])
        if total == 0:
            return Percentiles()
        p50, p95, p99 = (self._at(cumulative, total * q) for q in (0.50, 0.95, 0.99))
        return Percentiles(p50, p95, p99, self._max)

    def _at(self, cumulative: np.typing.NDArray[np.int64], rank: float) -> float:
        step = int(np.searchsorted(cumulative, rank))
        middle: float = _LOW_MS * 10.0 ** ((step + 0.5) / _STEPS_PER_DECADE)
        return min(middle, self._max)
