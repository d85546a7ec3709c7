"""Aggregates over parts, all made inside the database; asked of one ``snapshot``."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Integer, cast, column, func, select, true, type_coerce
from sqlalchemy.types import BigInteger

from inspector.core import drift
from inspector.core.inspection import Verdict
from inspector.core.label import Judgement
from inspector.core.trend import QUARTER_US, Cell
from inspector.store import schema
from inspector.store.labels import newest_labels
from inspector.store.part_filter import PartFilter, condition

_parts, _runs, _setups = schema.parts, schema.runs, schema.setups
GRID = 32
"""Cells along the longer side of the defect map."""
BINS = 60
_LATENCY_US = 500


@dataclass(frozen=True, slots=True)
class NamedCause:
    """Rejects of one kind: what a person, else the model, called it, else why INVALID."""

    verdict: Verdict
    name: str | None
    count: int


@dataclass(frozen=True, slots=True, eq=False)
class Density:
    """Defects by place. counts: int64 (h, w), of the centres of their boxes, over an image
    of ``width`` × ``height`` pixels.
    """

    counts: NDArray[np.int64]
    width: int
    height: int

    @property
    def total(self) -> int:
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True)
class Histogram:
    """``counts[i]`` values lie from ``low + i * step`` on, below the next."""

    low: float
    step: float
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        return sum(self.counts)

    def quantile(self, share: float) -> float | None:
        """The upper edge of the bin in which it lies; None of nothing."""
        rank, so_far = share * self.total, 0
        for place, count in enumerate(self.counts):
            so_far += count
            if count and so_far >= rank:
                return self.low + (place + 1) * self.step
        return None

    def until(self, share: float) -> int:
        """How many bins hold that share of the values: a few stalls must not squeeze a chart."""
        so_far = 0
        for place, count in enumerate(self.counts):
            so_far += count
            if so_far >= share * self.total:
                return place + 1
        return len(self.counts)


@dataclass(frozen=True, slots=True)
class SaidOfVerdicts:
    """What people said against verdicts: rejected though good, passed though bad."""

    labelled: int = 0
    overkill: int = 0
    escape: int = 0


def counts(asked: Connection, wanted: PartFilter) -> list[Cell]:
    """By quarter of an hour and setup: all yields and charts are folds of these."""
    quarter = type_coerce(_parts.c.finished_at, BigInteger) // QUARTER_US
    keys = (quarter.label("quarter"), _parts.c.run, _parts.c.setup, _parts.c.verdict)
    inner = (
        select(*keys, func.count().label("n"))
        .where(condition(wanted))
        .group_by("quarter", _parts.c.run, _parts.c.setup, _parts.c.verdict)
        .subquery()
    )
    query = (
        select(
            inner.c.quarter, _runs.c.job, _setups.c.model_id, _setups.c.recipe_id,
            inner.c.verdict, inner.c.n,
        )
        .join(_runs, _runs.c.id == inner.c.run)
        .join(_setups, _setups.c.id == inner.c.setup)
        .order_by(inner.c.quarter)
    )  # fmt: skip
    return [
        Cell(schema.from_micros(int(q) * QUARTER_US), job, model, recipe, Verdict(v), n)
        for q, job, model, recipe, v, n in asked.execute(query)
    ]


def causes(asked: Connection, wanted: PartFilter) -> list[NamedCause]:
    """Of rejects, the most frequent first; what a person said goes before the model's guess."""
    labels = newest_labels()
    name = func.coalesce(labels.c.defect_type, _parts.c.defect_type, _parts.c.reason)
    query = (
        select(_parts.c.verdict, name.label("name"), func.count().label("n"))
        .outerjoin(labels, labels.c.part_id == _parts.c.part_id)
        .where(condition(wanted), schema.REJECTS)
        .group_by(_parts.c.verdict, "name")
        .order_by(func.count().desc(), _parts.c.verdict, "name")
    )
    return [NamedCause(Verdict(v), found, n) for v, found, n in asked.execute(query)]


def density(asked: Connection, wanted: PartFilter, *, grid: int = GRID) -> Density | None:
    """Of all defects of FAIL and REVIEW parts, each by its place in its own run's image.

    Drawn over the image of the newest part asked for; None where its size is not recorded.
    """
    size = asked.execute(
        select(_runs.c.image_width, _runs.c.image_height)
        .join(_parts, _parts.c.run == _runs.c.id)
        .where(condition(wanted))
        .order_by(_parts.c.finished_at.desc())
        .limit(1)
    ).first()
    if size is None or size[0] is None or size[1] is None:
        return None
    width, height = int(size[0]), int(size[1])
    side = max(width, height) / grid
    columns, rows = (max(1, round(edge / side)) for edge in (width, height))
    found = np.zeros((rows, columns), np.int64)
    for x, y, n in _places(asked, wanted, columns, rows):
        found[min(max(y, 0), rows - 1), min(max(x, 0), columns - 1)] += n
    return Density(found, width, height)


def _places(
    asked: Connection, wanted: PartFilter, columns: int, rows: int
) -> list[tuple[int, int, int]]:
    each = func.json_each(_parts.c.defects).table_valued("value", name="each")
    corner = [func.json_extract(each.c.value, f"$[{i}]") for i in range(4)]
    x = cast((corner[0] + corner[2]) * columns / (2.0 * _runs.c.image_width), Integer)
    y = cast((corner[1] + corner[3]) * rows / (2.0 * _runs.c.image_height), Integer)
    query = (
        select(x.label("x"), y.label("y"), func.count())
        .select_from(_parts.join(_runs, _runs.c.id == _parts.c.run).join(each, true()))
        .where(condition(wanted), schema.REJECTS, _parts.c.defects.is_not(None))
        .where(_runs.c.image_width.is_not(None))
        .group_by(column("x"), column("y"))
    )
    return [(int(a), int(b), int(n)) for a, b, n in asked.execute(query)]


def score_histogram(asked: Connection, wanted: PartFilter, *, bins: int = BINS) -> Histogram | None:
    """None where no part has a score."""
    scored = (condition(wanted), _parts.c.score.is_not(None))
    low, high = asked.execute(
        select(func.min(_parts.c.score), func.max(_parts.c.score)).where(*scored)
    ).one()
    if low is None:
        return None
    step = (high - low) / bins or 1.0
    place = func.min(cast((_parts.c.score - low) / step, Integer), bins - 1).label("place")
    query = select(place, func.count()).where(*scored).group_by("place")
    return _filled(low, step, bins, [(int(p), int(n)) for p, n in asked.execute(query)])


def latency_histogram(asked: Connection, wanted: PartFilter) -> Histogram | None:
    """Milliseconds from capture to verdict, in half milliseconds; None where none is known."""
    place = (_parts.c.latency_us // _LATENCY_US).label("place")
    query = (
        select(place, func.count())
        .where(condition(wanted), _parts.c.latency_us.is_not(None))
        .group_by("place")
    )
    found = [(int(p), int(n)) for p, n in asked.execute(query)]
    if not found:
        return None
    low = min(p for p, _ in found)
    # one stall of a minute must not make a million bins
    places = [(min(p - low, 4000), n) for p, n in found]
    length = 1 + max(p for p, _ in places)
    step = _LATENCY_US / 1000
    return _filled(low * step, step, length, places)


def drift_samples(
    asked: Connection, wanted: PartFilter, *, sample: int = drift.SAMPLE
) -> tuple[list[float], list[float]]:
    """The first scores of the model that judged last, and the newest ones asked for.

    Two models' scores are on two scales: only those of the newest are compared. A part is
    in one of the two at most: of less than two full samples the first half is the reference.
    """
    newest = asked.execute(
        select(_setups.c.model_id)
        .join(_parts, _parts.c.setup == _setups.c.id)
        .where(condition(wanted), _parts.c.score.is_not(None))
        .order_by(_parts.c.finished_at.desc())
        .limit(1)
    ).scalar()
    if newest is None:
        return [], []
    of_model = _parts.c.setup.in_(select(_setups.c.id).where(_setups.c.model_id == newest))
    scored = (of_model, _parts.c.score.is_not(None))
    columns = (_parts.c.finished_at, _parts.c.score)
    known = select(_parts.c.part_id).where(*scored).limit(2 * sample).subquery()
    half = -(-asked.execute(select(func.count()).select_from(known)).scalar_one() // 2)
    first = select(*columns).where(*scored).order_by(_parts.c.finished_at).limit(half)
    reference = [(at, float(s)) for at, s in asked.execute(first)]
    last = (
        select(*columns)
        .where(*scored, condition(wanted), _parts.c.finished_at > reference[-1][0])
        .order_by(_parts.c.finished_at.desc())
        .limit(sample)
    )
    return [s for _, s in reference], [float(s) for _, s in asked.execute(last)]


def said_of_verdicts(asked: Connection, wanted: PartFilter) -> SaidOfVerdicts:
    """Counts of labelled parts; small, however long the record is."""
    labels = newest_labels()
    query = (
        select(_parts.c.verdict, labels.c.judgement, func.count())
        .join(labels, labels.c.part_id == _parts.c.part_id)
        .where(condition(wanted))
        .group_by(_parts.c.verdict, labels.c.judgement)
    )
    found = {(Verdict(v), Judgement(j)): int(n) for v, j, n in asked.execute(query)}
    return SaidOfVerdicts(
        labelled=sum(found.values()),
        overkill=sum(n for (v, j), n in found.items() if v.is_reject and j is Judgement.GOOD),
        escape=found.get((Verdict.PASS, Judgement.BAD), 0),
    )


def known_jobs(asked: Connection) -> list[str]:
    """Names of jobs that ever ran, in order; "" where runs without a job are on record."""
    names = asked.execute(select(func.coalesce(_runs.c.job, "")).distinct())
    return sorted(str(name) for (name,) in names)


def last_change(asked: Connection) -> tuple[int, int, dt.datetime | None]:
    """Differs whenever a part or a label was added: what has not changed is not counted again."""
    rowid = asked.exec_driver_sql("SELECT max(rowid) FROM parts").scalar() or 0
    labels = asked.execute(select(func.max(schema.part_labels.c.id))).scalar() or 0
    newest = asked.execute(select(func.max(_parts.c.finished_at))).scalar()
    return int(rowid), int(labels), newest


def _filled(low: float, step: float, length: int, found: list[tuple[int, int]]) -> Histogram:
    values = [0] * length
    for place, n in found:
        values[place] += n
    return Histogram(low, step, tuple(values))
