"""Seals over the records of runs and parts: one for each commit, chained per station.

A seal covers every part of its commit as it was written, with the names of its run, model
and recipe; each part names its seal. The beginning and the end of a run are sealed too.
What the seal covers is not kept twice: it is put together again from the rows themselves.
Rows of single frames (kept for days only), events and pictures are not covered.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Literal, TypeAlias, cast

from sqlalchemy import Connection, Row, func, select

from inspector.errors import StateError
from inspector.store import schema
from inspector.store.chain import FIRST, ChainCheck, ChainHead, Fields, Link, Sealing

Kind: TypeAlias = Literal["begin", "parts", "end"]
TAG = b"parts"

RUN_FIELDS = (
    "run_id", "source_id", "source_uri", "model_id", "recipe_id", "recipe", "provider",
    "variant", "program_version", "started_at", "job", "archive", "image_width", "image_height",
)  # fmt: skip
END_FIELDS = ("run_id", "finished_at", "state", "stop_reason", "error", "counters")
PART_FIELDS = (
    "part_id", "part_index", "verdict", "score", "reason", "first_frame", "last_frame",
    "frames_settled", "frames_inspected", "key_frame", "defects", "started_at", "finished_at",
    "defect_type", "latency_us",
)  # fmt: skip

_LAST = "SELECT seq, mac FROM part_seals WHERE station_id = ? ORDER BY seq DESC LIMIT 1"
_ADD = "INSERT INTO part_seals VALUES (:station, :seq, :kind, :run, :parts, :mac, :head)"
_CLEAR = (
    "UPDATE part_seals SET head = NULL "
    "WHERE station_id = ? AND seq = ? AND mac = ? AND head IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class SealedPart:
    """A part's row, with what its seal covers of other tables."""

    row: Mapping[str, Any]
    model_id: str
    recipe_id: str

    def content(self) -> list[object]:
        return [*_values(self.row, PART_FIELDS), self.model_id, self.recipe_id]


class PartSealer:
    """Seals what one run writes, inside the transactions that write it.

    On the driver's own connection: these statements run at every commit, where each costs
    4 µs instead of 50. They raise ``sqlite3.Error``.
    """

    def __init__(self, key: bytes, station_id: str) -> None:
        self._sealing = Sealing(key, station_id, TAG)
        self._station_id = station_id
        self._newest: tuple[int, bytes] | None = None

    def seal_begin(self, connection: Connection, run: int, row: Mapping[str, Any]) -> None:
        """``row``: of ``schema.runs``. The first of a station also says how many parts
        were recorded before anything was sealed.
        """
        last, _ = self._last(_driver(connection))
        unsealed = 0 if last else count_unsealed(connection, self._station_id)
        self._seal(connection, "begin", run, unsealed, _values(row, RUN_FIELDS))

    def seal_parts(
        self, connection: Connection, run: int, run_id: str, parts: Sequence[SealedPart]
    ) -> int:
        """All of one commit; returns the number of the seal, which they are to name."""
        return self._seal(connection, "parts", run, len(parts), _parts_content(run_id, parts))

    def seal_end(self, connection: Connection, run: int, row: Mapping[str, Any]) -> None:
        """``row``: ``END_FIELDS``."""
        self._seal(connection, "end", run, 0, _values(row, END_FIELDS))

    def _last(self, driver: sqlite3.Connection) -> tuple[int, bytes]:
        row = driver.execute(_LAST, (self._station_id,)).fetchone()
        return row or (0, FIRST)

    def _taken_over(self, driver: sqlite3.Connection) -> tuple[int, bytes]:
        """The end of the chain, which ceases to be it.

        The one that was written last is mostly still it; where another program sealed
        meanwhile, or that write was rolled back, no row fits and the record is asked.
        """
        known = self._newest
        if known is not None:
            done = driver.execute(_CLEAR, (self._station_id, *known))
            if done.rowcount == 1:
                return known
        last, mac = self._last(driver)
        driver.execute(_CLEAR, (self._station_id, last, mac))
        return last, mac

    def _seal(
        self, connection: Connection, kind: Kind, run: int, parts: int, content: Fields
    ) -> int:
        driver = _driver(connection)
        last, before = self._taken_over(driver)
        seq = last + 1
        mac = self._sealing.row(before, seq, [kind, parts, *content])
        head = self._sealing.head(seq, mac)
        names = {"station": self._station_id, "seq": seq, "kind": kind, "run": run}
        driver.execute(_ADD, {**names, "parts": parts, "mac": mac, "head": head.mac})
        self._newest = seq, mac
        return seq


def _driver(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    if raw is None:
        raise StateError("the record of this run is closed")
    return cast("sqlite3.Connection", raw)


@dataclass(frozen=True, slots=True)
class PartsCheck:
    """``chain`` over seals; ``parts`` sound ones; ``unsealed`` from before there were seals."""

    chain: ChainCheck
    parts: int
    unsealed: int

    @property
    def is_sound(self) -> bool:
        return self.chain.is_sound


def seal_head(asked: Connection, station_id: str) -> ChainHead | None:
    """As the last row bears it; None where nothing is sealed yet, or its head is gone."""
    table = schema.part_seals.c
    query = select(table.seq, table.head).where(table.station_id == station_id)
    row = asked.execute(query.order_by(table.seq.desc()).limit(1)).first()
    return None if row is None or row.head is None else ChainHead(row.seq, row.head)


def count_unsealed(asked: Connection, station_id: str) -> int:
    """Parts of the station that name no seal."""
    runs, parts = schema.runs.c, schema.parts.c
    query = select(func.count()).join_from(schema.parts, schema.runs, parts.run == runs.id)
    query = query.where(runs.station_id == station_id, parts.seal.is_(None))
    return int(asked.execute(query).scalar_one())


def verify_parts(
    asked: Connection, key: bytes, station_id: str, *, expected: Iterable[ChainHead] = ()
) -> PartsCheck:
    """Walks every part of the station along its seals; holds one commit in memory."""
    reader = _Reader(asked, station_id)
    sealing = Sealing(key, station_id, TAG)
    chain = sealing.check(reader.links(), seal_head(asked, station_id), expected)
    unsealed = count_unsealed(asked, station_id)
    if chain.is_sound:
        chain = reader.nothing_else(chain, unsealed)
    return PartsCheck(chain, reader.parts, unsealed)


class _Reader:
    """Seals and parts of a station, side by side in the order of their numbers."""

    def __init__(self, asked: Connection, station_id: str) -> None:
        self._asked = asked
        self._station_id = station_id
        self._runs = {row.id: row._asdict() for row in asked.execute(_runs_of(station_id))}
        self._groups = groupby(asked.execute(_parts_of(station_id)), key=attrgetter("seal"))
        self._waiting: tuple[int, list[Row[Any]]] | None = None
        self._before = 0
        self.parts = 0

    def links(self) -> Iterator[Link]:
        table = schema.part_seals
        query = select(table).where(table.c.station_id == self._station_id).order_by(table.c.seq)
        for seal in self._asked.execute(query):
            rows = self._rows_of(seal.seq)
            content = self._content(seal, rows)
            yield Link(seal.seq, [seal.kind, seal.parts, *content], seal.mac)
            # asked for the next one: this one was sound
            self.parts += len(rows)
            self._before += seal.parts if seal.seq == 1 else 0

    def nothing_else(self, chain: ChainCheck, unsealed: int) -> ChainCheck:
        """What stands beside a sound chain and belongs to no seal of it."""
        left = self._waiting or next(((s, list(g)) for s, g in self._groups), None)
        if left is not None:
            problem = f"parts name seal {left[0]}, which there is not"
        elif chain.rows and unsealed != self._before:
            problem = f"{unsealed} parts bear no seal, of which {self._before} are known"
        else:
            return chain
        return ChainCheck(chain.rows, problem, None, chain.anchored)

    def _rows_of(self, seq: int) -> list[Row[Any]]:
        if self._waiting is None:
            self._waiting = next(((s, list(g)) for s, g in self._groups), None)
        if self._waiting is None or self._waiting[0] != seq:
            return []
        rows, self._waiting = self._waiting[1], None
        return rows

    def _content(self, seal: Row[Any], rows: list[Row[Any]]) -> Fields:
        run = self._runs.get(seal.run)
        if run is None:
            return ["the run is missing"]
        if seal.kind == "begin":
            return _values(run, RUN_FIELDS) + _stray(rows)
        if seal.kind == "end":
            return _values(run, END_FIELDS) + _stray(rows)
        parts = [SealedPart(row._asdict(), row.model_id, row.recipe_id) for row in rows]
        strays = [row.run for row in rows if row.run != seal.run]
        return [*_parts_content(run["run_id"], parts), *strays]


def _stray(rows: list[Row[Any]]) -> list[object]:
    """Parts that claim a seal which has none: the seal must not fit."""
    return [len(rows)] if rows else []


def _parts_content(run_id: str, parts: Sequence[SealedPart]) -> list[object]:
    ordered = sorted(parts, key=lambda part: part.row["part_index"])
    return [run_id, *(part.content() for part in ordered)]


def _values(row: Mapping[str, Any], names: Sequence[str]) -> list[object]:
    return [_plain(name, row[name]) for name in names]


def _plain(name: str, value: object) -> object:
    if isinstance(value, dt.datetime):
        return schema.to_micros(value)
    if name == "score" and isinstance(value, int | float):
        # a column of floats: what was written as 1 is read back as 1.0
        return float(value)
    return value


def _runs_of(station_id: str) -> Any:  # noqa: ANN401 - the columns are too many to name
    return select(schema.runs).where(schema.runs.c.station_id == station_id)


def _parts_of(station_id: str) -> Any:  # noqa: ANN401 - the columns are too many to name
    parts, runs, setups = schema.parts, schema.runs, schema.setups
    return (
        select(parts, setups.c.model_id, setups.c.recipe_id)
        .join(runs, runs.c.id == parts.c.run)
        .join(setups, setups.c.id == parts.c.setup)
        .where(runs.c.station_id == station_id, parts.c.seal.is_not(None))
        .order_by(parts.c.seal, parts.c.part_index)
    )
