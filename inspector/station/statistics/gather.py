"""All that is told of the parts asked for, of one moment of the record."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from inspector.core import drift
from inspector.core.drift import DriftReport, Spreads
from inspector.core.tally import PChart, Tally
from inspector.core.trend import By, Cell, Group, ShiftPlan, control_chart, fold, total
from inspector.store import statistics
from inspector.store.anchors import Anchor, anchor_of, sealing_stations
from inspector.store.opening import open_reader
from inspector.store.part_filter import PartFilter
from inspector.store.queries import snapshot
from inspector.store.statistics import Density, Histogram, NamedCause, SaidOfVerdicts

Change = tuple[int, int, dt.datetime | None]
_HOURS_UP_TO, _SHIFTS_UP_TO = dt.timedelta(days=4), dt.timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which parts, and how they are grouped. ``zone`` None: this machine's own."""

    wanted: PartFilter = field(default_factory=PartFilter)
    by: By = By.HOUR
    zone: dt.tzinfo | None = None
    plan: ShiftPlan = field(default_factory=ShiftPlan)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Statistics:
    """The answer to one ``Question``, all of one snapshot.

    Attributes:
        jobs: all names of jobs on record, whichever were asked for; "" is none.
        change: differs once there is more to count (``store.statistics.last_change``).
        timeline: groups in time, whatever ``question.by`` is: by ``timeline_by``.
        chart: of the timeline, a point a group; None below twenty groups.
        anchors: where each station's chains of seals end, so that the report vouches for them.
        spreads: the scores that ``drift`` compared; None where there are too few.
    """

    question: Question
    made_at: dt.datetime
    change: Change
    jobs: tuple[str, ...]
    total: Tally
    groups: tuple[Group, ...]
    timeline: tuple[Group, ...]
    timeline_by: By
    chart: PChart | None
    causes: tuple[NamedCause, ...]
    density: Density | None
    scores: Histogram | None
    drift: DriftReport
    spreads: Spreads | None
    latency: Histogram | None
    said: SaidOfVerdicts
    anchors: tuple[Anchor, ...]


def _no_step(share: float) -> None:
    """Nobody watches."""


def gather(
    path: Path, question: Question, *, step: Callable[[float], None] = _no_step
) -> Statistics:
    """Of one snapshot; never blocks the one who writes.

    ``step(share)`` is called between the queries and may raise to give up. Raises
    StoreError, also where there is no record.
    """
    with _opened(path) as asked:
        return _answer(asked, question, statistics.last_change(asked), step)


def gather_news(
    path: Path,
    question: Question,
    known: Change | None,
    *,
    step: Callable[[float], None] = _no_step,
) -> Statistics | None:
    """As ``gather``; None where nothing was recorded since ``known``."""
    with _opened(path) as asked:
        change = statistics.last_change(asked)
        return None if change == known else _answer(asked, question, change, step)


@contextmanager
def _opened(path: Path) -> Iterator[Connection]:
    store = open_reader(path)
    try:
        with snapshot(store) as asked:
            yield asked
    finally:
        store.close()


def _answer(
    asked: Connection, question: Question, change: Change, step: Callable[[float], None]
) -> Statistics:
    wanted = question.wanted
    cells = statistics.counts(asked, wanted)
    step(0.3)
    causes = statistics.causes(asked, wanted)
    density = statistics.density(asked, wanted)
    step(0.5)
    scores = statistics.score_histogram(asked, wanted)
    latency = statistics.latency_histogram(asked, wanted)
    step(0.7)
    reference, recent = statistics.drift_samples(asked, wanted)
    said = statistics.said_of_verdicts(asked, wanted)
    jobs = statistics.known_jobs(asked)
    step(0.9)
    over = timeline_of(cells, question.by)
    timeline = fold(cells, over, zone=question.zone, plan=question.plan)
    return Statistics(
        question=question,
        made_at=dt.datetime.now(dt.UTC),
        change=change,
        jobs=tuple(jobs),
        total=total(cells),
        groups=tuple(timeline if question.by.is_time else fold(cells, question.by)),
        timeline=tuple(timeline),
        timeline_by=over,
        chart=control_chart(timeline),
        causes=tuple(causes),
        density=density,
        scores=scores,
        drift=drift.compare(reference, recent),
        spreads=drift.spreads(reference, recent),
        latency=latency,
        said=said,
        anchors=tuple(anchor_of(asked, name) for name in sealing_stations(asked)),
    )


def timeline_of(cells: Sequence[Cell], by: By) -> By:
    """The buckets of the chart over time: those chosen, else as fine as stays readable."""
    if by.is_time:
        return by
    if not cells:
        return By.HOUR
    span = max(c.at for c in cells) - min(c.at for c in cells)
    if span <= _HOURS_UP_TO:
        return By.HOUR
    return By.SHIFT if span <= _SHIFTS_UP_TO else By.DAY
