"""Questions to the record, asked of one ``snapshot``: the answers fit together."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    true,
    type_coerce,
)
from sqlalchemy.types import BigInteger

from inspector.core.inspection import Verdict
from inspector.core.tally import CauseKey, Tally
from inspector.store import schema
from inspector.store.connection import translated
from inspector.store.opening import Store

_runs, _parts, _frames, _setups = schema.runs, schema.parts, schema.frames, schema.setups
_DAY_US = 86_400_000_000
_K = TypeVar("_K")
QUANTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run as recorded. ``finished_at`` None: it goes on, or was killed."""

    run_id: str
    station_id: str
    source_id: str
    source_uri: str
    model_id: str
    recipe_id: str
    provider: str
    variant: str
    program_version: str
    started_at: dt.datetime
    finished_at: dt.datetime | None
    state: str | None
    stop_reason: str | None
    error: str | None
    counters: dict[str, int] | None

    @property
    def is_unfinished(self) -> bool:
        return self.finished_at is None


@dataclass(frozen=True, slots=True)
class ScoreQuantiles:
    """Of the parts that have a score, by nearest rank: each value did occur."""

    count: int
    minimum: float
    p50: float
    p95: float
    p99: float
    maximum: float


@contextmanager
def snapshot(store: Store) -> Iterator[Connection]:
    """The record as it is now, whatever is written meanwhile; keep it for a moment only.

    With ``open_reader`` it never blocks the writer. Raises StoreError, also in the block.
    """
    with translated(store.path), store.engine.connect() as connection:
        yield connection


def tally(asked: Connection, since: dt.datetime | None = None) -> Tally:
    """Of all parts that were finished since then."""
    return Tally.from_counts((cause, n) for _, cause, n in _causes(asked, since, literal(0)))


def tally_by_run(asked: Connection, since: dt.datetime | None = None) -> dict[str, Tally]:
    """By run id."""
    return _grouped(_causes(asked, since, _runs.c.run_id))


def tally_by_model(asked: Connection, since: dt.datetime | None = None) -> dict[str, Tally]:
    """By the id of the model that judged."""
    return _grouped(_causes(asked, since, _setups.c.model_id))


def tally_by_recipe(asked: Connection, since: dt.datetime | None = None) -> dict[str, Tally]:
    """By the id of the recipe that judged."""
    return _grouped(_causes(asked, since, _setups.c.recipe_id))


def tally_by_source(asked: Connection, since: dt.datetime | None = None) -> dict[str, Tally]:
    """By source, as ``station/source``."""
    return _grouped(_causes(asked, since, _runs.c.station_id + "/" + _runs.c.source_id))


def tally_by_day(asked: Connection, since: dt.datetime | None = None) -> dict[dt.date, Tally]:
    """By the UTC day in which the part was finished."""
    day = type_coerce(_parts.c.finished_at, BigInteger) // _DAY_US
    first = dt.date(1970, 1, 1)
    found = _grouped(_causes(asked, since, day))
    return {first + dt.timedelta(days=int(number)): t for number, t in found.items()}


def frame_counts(asked: Connection, since: dt.datetime | None = None) -> dict[Verdict, int]:
    """Rows of frames by verdict (a frame of several regions has several).

    Only those that retention has left.
    """
    query = (
        select(_frames.c.verdict, func.count())
        .where(_since(_frames.c.captured_at, since))
        .group_by(_frames.c.verdict)
    )
    return {Verdict(verdict): n for verdict, n in _all(asked, query)}


def list_runs(asked: Connection, since: dt.datetime | None = None) -> list[RunSummary]:
    """Runs that started, ended or finished a part since then, the newest first."""
    names = RunSummary.__slots__
    query = select(*(_runs.c[name] for name in names)).order_by(_runs.c.started_at.desc())
    if since is not None:
        worked = select(_parts.c.run).where(_parts.c.finished_at >= since)
        query = query.where(
            or_(
                _runs.c.started_at >= since,
                _runs.c.finished_at >= since,
                _runs.c.id.in_(worked),
            )
        )
    return [RunSummary(*row) for row in _all(asked, query)]


def score_quantiles(asked: Connection, since: dt.datetime | None = None) -> ScoreQuantiles | None:
    """Over the parts finished since then; None where none has a score."""
    scored = and_(_parts.c.score.is_not(None), _since(_parts.c.finished_at, since))
    ((count,),) = _all(asked, select(func.count()).select_from(_parts).where(scored))
    if not count:
        return None
    ranks = [1, *(max(1, -int(-count * q // 1)) for q in QUANTILES), count]
    place = func.row_number().over(order_by=_parts.c.score).label("place")
    ordered = select(_parts.c.score, place).where(scored).subquery()
    query = select(ordered.c.place, ordered.c.score).where(ordered.c.place.in_(ranks))
    found = {int(place): float(score) for place, score in _all(asked, query)}
    return ScoreQuantiles(count, *(found[rank] for rank in ranks))


def _causes(
    asked: Connection, since: dt.datetime | None, key: ColumnElement[_K]
) -> list[tuple[_K, CauseKey, int]]:
    query = (
        select(key.label("key"), _parts.c.verdict, _parts.c.reason, func.count())
        .join(_runs, _parts.c.run == _runs.c.id)
        .join(_setups, _parts.c.setup == _setups.c.id)
        .where(_since(_parts.c.finished_at, since))
        .group_by("key", _parts.c.verdict, _parts.c.reason)
    )
    return [(found, (Verdict(v), reason), n) for found, v, reason, n in _all(asked, query)]


def _grouped(causes: list[tuple[_K, CauseKey, int]]) -> dict[_K, Tally]:
    groups: defaultdict[_K, list[tuple[CauseKey, int]]] = defaultdict(list)
    for key, cause, n in causes:
        groups[key].append((cause, n))
    return {key: Tally.from_counts(entries) for key, entries in groups.items()}


def _since(column: ColumnElement[Any], since: dt.datetime | None) -> ColumnElement[bool]:
    return true() if since is None else column >= since


def _all(asked: Connection, query: Select[*tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in asked.execute(query)]
