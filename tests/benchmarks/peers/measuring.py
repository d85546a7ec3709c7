"""All contenders on the same pictures, in turns, in one run; figures with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from inspector.station.bench.compare import interval
from tests.benchmarks.peers.contenders import Answer, Contender
from training.intervals import bootstrap
from training.metrics import auroc, auroc_interval, finite

Pictures = Sequence[NDArray[np.uint8]]
_TIMED_ONLY = 3


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """One contender's answers: ms (blocks, pictures), scores (pictures,), NaN: not asked."""

    network_ms: NDArray[np.float64]
    total_ms: NDArray[np.float64]
    scores: NDArray[np.float64]


def race(
    contenders: Sequence[Contender],
    pictures: Pictures,
    *,
    rounds: int,
    block: int,
    report: Callable[[int, int], None] = lambda done, of: None,
) -> list[Course]:
    """Everybody judges the same block of pictures before anybody begins the next one.

    A block's first call warms the caches that the others emptied, and is not counted: a
    station runs one model all day. Who begins changes from block to block, and every round
    draws its blocks anew. Those who cannot rank are only timed, on the first few of a block.
    """
    rng = np.random.default_rng(0)
    blocks = [
        chosen
        for _ in range(rounds)
        for chosen in np.array_split(rng.permutation(len(pictures)), -(-len(pictures) // block))
    ]
    least = min(len(chosen) for chosen in blocks)
    asked = [least if contender.ranks else min(least, _TIMED_ONLY) for contender in contenders]
    times = [np.zeros((len(blocks), count, 2)) for count in asked]
    scores = np.full((len(contenders), len(pictures)), np.nan)
    for turn, chosen in enumerate(blocks):
        for place in np.roll(np.arange(len(contenders)), turn):
            contender, count = contenders[place], asked[place]
            judged = chosen if contender.ranks else chosen[:count]
            answers = _block(contender, [pictures[i] for i in judged])
            scores[place, judged] = [answer.score for answer in answers]
            times[place][turn] = [(a.network_ms, a.total_ms) for a in answers[:count]]
        report(turn + 1, len(blocks))
    return [Course(t[..., 0], t[..., 1], s) for t, s in zip(times, scores, strict=True)]


def _block(contender: Contender, pictures: Pictures) -> list[Answer]:
    contender.ask(pictures[0])
    return [contender.ask(picture) for picture in pictures]


def percentiles(milliseconds: NDArray[np.float64]) -> dict[str, float]:
    p50, p99 = np.percentile(milliseconds, [50, 99])
    return {"p50": round(float(p50), 3), "p99": round(float(p99), 3)}


def ratio(theirs: NDArray[np.float64], reference: NDArray[np.float64]) -> list[float]:
    """Median over the blocks of theirs / reference (medians of a block), and its 95 %."""
    ratios = np.median(theirs, axis=1) / np.median(reference, axis=1)
    return [round(value, 3) for value in (float(np.median(ratios)), *interval(ratios))]


def ranking(scores: NDArray[np.float64], defective: NDArray[np.bool_]) -> list[float]:
    """Image AUROC and its 95 %."""
    area = auroc(defective, finite(list(scores)))
    bounds = auroc_interval(area, int((~defective).sum()), int(defective.sum()))
    return [round(value, 4) for value in (area, *bounds)]


def advantage(
    reference: NDArray[np.float64], theirs: NDArray[np.float64], defective: NDArray[np.bool_]
) -> list[float]:
    """AUROC of the reference less theirs on the same pictures, and its 95 % (bootstrap)."""
    a, b = finite(list(reference)), finite(list(theirs))

    def difference(weights: NDArray[np.float64]) -> float:
        areas = [roc_auc_score(defective, s, sample_weight=weights) for s in (a, b)]
        return float(areas[0] - areas[1])

    seen = difference(np.ones(len(defective)))
    return [round(value, 4) for value in (seen, *bootstrap(difference, len(defective)))]
