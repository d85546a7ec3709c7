"""The history of parts, newest first, a page at a time: a million rows are never loaded.

A page is found by the key of the part before it (*keyset*), in the order of an index. An
``Outline`` holds the keys of every so many rows, so that a scroll bar can jump to any of
them; it is found by walking the index, which can be given up in between.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, Select, func, literal, select, true, tuple_

from inspector.core.inspection import Defect, Verdict
from inspector.core.label import Judgement
from inspector.store import schema
from inspector.store.labels import newest_labels
from inspector.store.part_filter import PartFilter, condition
from inspector.store.rows import defects_from_json

_parts, _runs, _setups, _images = schema.parts, schema.runs, schema.setups, schema.images
STRIDE = 500
"""Rows between two keys of an outline: the most that a page has to step over."""


class Key(NamedTuple):
    """A part's place in the history."""

    finished_at: dt.datetime
    part_id: str


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """A part as the history lists it. ``judgement`` and ``said_type`` are people's.

    ``picture`` is relative to the run's ``archive`` (None for runs before 0.2), None where
    no picture was kept.
    """

    key: Key
    run_id: str
    job: str | None
    model_id: str
    recipe_id: str
    source: str
    part_index: int
    verdict: Verdict
    score: float | None
    reason: str | None
    defect_type: str | None
    defects: tuple[Defect, ...]
    latency_ms: float | None
    judgement: Judgement | None
    said_type: str | None
    archive: str | None
    picture: str | None

    @property
    def part_id(self) -> str:
        return self.key.part_id


@dataclass(frozen=True, slots=True)
class Outline:
    """How long a filtered history is and where its pages begin.

    Rows count from the newest, 0. First come the parts of ``head``, that were added since
    the index was walked; ``keys[i]`` is that of row ``len(head) + i * stride``.
    """

    total: int
    stride: int
    keys: tuple[Key, ...]
    head: tuple[Key, ...] = ()

    def anchor(self, row: int) -> tuple[Key, int]:
        """The key at or before a row, and how many rows lie between. Raises IndexError."""
        if not 0 <= row < self.total:
            raise IndexError(f"row {row} of {self.total}")
        if row < len(self.head):
            return self.head[row], 0
        place, between = divmod(row - len(self.head), self.stride)
        return self.keys[place], between

    def newest(self) -> Key | None:
        """The key of row 0; None for an empty history."""
        return next(iter(self.head or self.keys), None)

    def grown(self, newer: Sequence[Key]) -> Outline:
        """With parts that came since, newest first, before all others."""
        total = self.total + len(newer)
        return Outline(total, self.stride, self.keys, (*newer, *self.head))


@dataclass(frozen=True, slots=True)
class Choices:
    """What a filter can choose from. Reasons and types: those that occur, most frequent first."""

    jobs: tuple[str, ...]
    models: tuple[str, ...]
    recipes: tuple[str, ...]
    runs: tuple[tuple[str, dt.datetime], ...]
    reasons: tuple[str, ...]


def outline(
    asked: Connection,
    wanted: PartFilter,
    *,
    stride: int = STRIDE,
    check: Callable[[], None] = lambda: None,
) -> Outline:
    """Walks the index twice, to count and to find keys; ``check`` is called in between
    and may raise to give up.
    """
    check()
    meant = condition(wanted, in_order=True)
    total = int(asked.execute(select(func.count()).select_from(_parts).where(meant)).scalar_one())
    check()
    number = func.row_number().over(order_by=_ORDER).label("number")
    numbered = select(*_KEY, number).where(meant).subquery("numbered")
    found = select(numbered.c.finished_at, numbered.c.part_id).where(
        (numbered.c.number - 1) % stride == 0
    )
    keys = tuple(Key(*row) for row in asked.execute(found.order_by(numbered.c.number)))
    check()
    return Outline(total, stride, keys)


def page(
    asked: Connection, wanted: PartFilter, start: Key | None, *, skip: int = 0, limit: int = 100
) -> list[HistoryRow]:
    """``limit`` parts, newest first, beginning ``skip`` rows after the part at ``start``.

    Without ``start`` from the newest on.
    """
    keys = keys_query(wanted, start).limit(limit).offset(skip)
    return _rows_of(asked, keys)


def page_at(
    asked: Connection, wanted: PartFilter, known: Outline, row: int, *, limit: int = 100
) -> list[HistoryRow]:
    """The parts from that row of the outline on. Raises IndexError."""
    start, skip = known.anchor(row)
    return page(asked, wanted, start, skip=skip, limit=limit)


def one_part(asked: Connection, part_id: str) -> HistoryRow | None:
    """A part by its id; None where there is none."""
    row = asked.execute(_rows(_parts).where(_parts.c.part_id == part_id)).first()
    return None if row is None else _row(row)


def choices(asked: Connection, *, most: int = 200) -> Choices:
    """From small tables, and the index of rejects."""
    return Choices(
        jobs=_texts(asked, select(_runs.c.job).distinct().order_by(_runs.c.job)),
        models=_texts(asked, select(_setups.c.model_id).distinct().order_by(_setups.c.model_id)),
        recipes=_texts(asked, select(_setups.c.recipe_id).distinct()),
        runs=tuple(
            (str(run), at)
            for run, at in asked.execute(
                select(_runs.c.run_id, _runs.c.started_at)
                .order_by(_runs.c.started_at.desc())
                .limit(most)
            )
        ),
        reasons=_texts(
            asked,
            select(_parts.c.reason)
            .where(schema.REJECTS, _parts.c.reason.is_not(None))
            .group_by(_parts.c.reason)
            .order_by(func.count().desc())
            .limit(most),
        ),
    )


def newer_than(
    asked: Connection, wanted: PartFilter, than: Key | None, *, limit: int = 500
) -> list[HistoryRow]:
    """Parts that came since, newest first; of many the ``limit`` oldest: none is skipped."""
    newer = _key_columns() > _literal(than) if than is not None else true()
    keys = (
        select(*_KEY)
        .where(condition(wanted, in_order=True), newer)
        .order_by(_parts.c.finished_at, _parts.c.part_id)
        .limit(limit)
    )
    return _rows_of(asked, keys)


def _rows_of(asked: Connection, keys: Select[tuple[dt.datetime, str]]) -> list[HistoryRow]:
    """By their ids: of a join with the keys' query a database might walk all parts instead."""
    ids = [found.part_id for found in asked.execute(keys)]
    rows = asked.execute(_rows(_parts).where(_parts.c.part_id.in_(ids))) if ids else ()
    return [_row(row) for row in rows]


def keys_query(wanted: PartFilter, start: Key | None) -> Select[tuple[dt.datetime, str]]:
    """The keys of what is asked for, newest first, from ``start`` on."""
    return (
        select(*_KEY).where(condition(wanted, in_order=True), _at_or_after(start)).order_by(*_ORDER)
    )


_KEY = (_parts.c.finished_at, _parts.c.part_id)
_ORDER = (_parts.c.finished_at.desc(), _parts.c.part_id.desc())


def _key_columns() -> ColumnElement[Any]:
    return tuple_(_parts.c.finished_at, _parts.c.part_id)


def _literal(key: Key) -> ColumnElement[Any]:
    at = literal(key.finished_at, _parts.c.finished_at.type)
    return tuple_(at, literal(key.part_id, _parts.c.part_id.type))


def _at_or_after(key: Key | None) -> ColumnElement[bool]:
    return true() if key is None else _key_columns() <= _literal(key)


def _texts(asked: Connection, query: Any) -> tuple[str, ...]:  # noqa: ANN401 - a select of one column
    return tuple(str(value) for (value,) in asked.execute(query) if value is not None)


def _rows(source: Any) -> Any:  # noqa: ANN401 - a table or a join of it
    labels = newest_labels()
    picture = select(func.max(_images.c.path)).where(_images.c.part_id == _parts.c.part_id)
    return (
        select(
            _parts,
            _runs.c.run_id,
            _runs.c.job,
            _runs.c.archive,
            (_runs.c.station_id + "/" + _runs.c.source_id).label("source"),
            _setups.c.model_id,
            _setups.c.recipe_id,
            labels.c.judgement,
            labels.c.defect_type.label("said_type"),
            picture.scalar_subquery().label("picture"),
        )
        .select_from(source)
        .join(_runs, _runs.c.id == _parts.c.run)
        .join(_setups, _setups.c.id == _parts.c.setup)
        .outerjoin(labels, labels.c.part_id == _parts.c.part_id)
        .order_by(*_ORDER)
    )


def _row(row: Row[*tuple[Any, ...]]) -> HistoryRow:
    return HistoryRow(
        key=Key(row.finished_at, row.part_id),
        run_id=row.run_id,
        job=row.job,
        model_id=row.model_id,
        recipe_id=row.recipe_id,
        source=row.source,
        part_index=row.part_index,
        verdict=Verdict(row.verdict),
        score=row.score,
        reason=row.reason,
        defect_type=row.defect_type,
        defects=defects_from_json(row.defects),
        latency_ms=None if row.latency_us is None else row.latency_us / 1000,
        judgement=None if row.judgement is None else Judgement(row.judgement),
        said_type=row.said_type,
        archive=row.archive,
        picture=row.picture,
    )
