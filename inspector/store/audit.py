"""Who changed what, when and why: a chain of rows that cannot be altered unseen.

Each row's seal (HMAC-SHA256) covers its fields and the seal before it, so a changed,
removed or reordered row breaks the chain; a sealed head says where the chain ends. Who
can restore an older copy of the whole file can still go back in time: keep the AuditHead
that ``append_audit`` returns elsewhere and hand it to ``verify_audit``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from inspector.store import schema
from inspector.store.connection import translated
from inspector.store.opening import Store
from inspector.store.schema import to_micros

_FIRST = b"\0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A change: ``what`` names the thing, ``old`` and ``new`` its values as text."""

    at: dt.datetime
    who: str
    what: str
    old: str | None
    new: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The end of a station's chain: the last row's number and the seal of the head."""

    seq: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class AuditCheck:
    """``rows`` checked; ``problem`` in words and ``at_seq`` where, None for a sound chain."""

    rows: int
    problem: str | None = None
    at_seq: int | None = None

    @property
    def is_sound(self) -> bool:
        return self.problem is None


@dataclass(frozen=True, slots=True)
class _Sealed:
    seq: int
    entry: AuditEntry
    mac: bytes


def append_audit(store: Store, key: bytes, station_id: str, entry: AuditEntry) -> AuditHead:
    """Adds a row to the station's chain, durable at return. Raises StoreError."""
    with translated(store.path), store.engine.begin() as connection:
        return append_within(connection, key, station_id, entry)


def append_within(
    connection: Connection, key: bytes, station_id: str, entry: AuditEntry
) -> AuditHead:
    """The same inside a transaction that writes: the change and its entry, or neither."""
    last = _last(connection, station_id)
    seq, before = (last.seq + 1, last.mac) if last else (1, _FIRST)
    mac = _seal_row(key, before, station_id, seq, entry)
    values = {name: getattr(entry, name) for name in AuditEntry.__slots__}
    connection.execute(
        insert(schema.audit).values(station_id=station_id, seq=seq, mac=mac, **values)
    )
    head = AuditHead(seq, _seal_head(key, station_id, seq, mac))
    _put_head(connection, station_id, head)
    return head


def verify_audit(
    store: Store, key: bytes, station_id: str, *, expected: AuditHead | None = None
) -> AuditCheck:
    """Walks the station's chain. ``expected``: a head seen earlier, which must lie in it.

    Raises StoreError where the record cannot be read.
    """
    table = schema.audit
    query = select(table).where(table.c.station_id == station_id).order_by(table.c.seq)
    with translated(store.path), store.engine.connect() as connection:
        rows = [_sealed(row) for row in connection.execute(query)]
        head = _head(connection, station_id)
    return _check(rows, head, key, station_id, expected)


def _check(
    rows: Sequence[_Sealed],
    head: AuditHead | None,
    key: bytes,
    station_id: str,
    expected: AuditHead | None,
) -> AuditCheck:
    before, seen = _FIRST, expected is None
    for number, row in enumerate(rows, start=1):
        if row.seq != number:
            return AuditCheck(number - 1, f"row {number} is missing", number)
        sealed = _seal_row(key, before, station_id, number, row.entry)
        if not hmac.compare_digest(sealed, row.mac):
            return AuditCheck(number - 1, f"row {number} is not what was written", number)
        before = row.mac
        seen = seen or expected == AuditHead(number, _seal_head(key, station_id, number, before))
    end = AuditHead(len(rows), _seal_head(key, station_id, len(rows), before)) if rows else None
    if head != end:
        return AuditCheck(len(rows), "rows at the end are missing", len(rows) + 1)
    if not seen:
        return AuditCheck(len(rows), "the chain does not reach the head seen earlier", None)
    return AuditCheck(len(rows))


def _sealed(row: Row[*tuple[Any, ...]]) -> _Sealed:
    entry = AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__})
    return _Sealed(row.seq, entry, row.mac)


def _seal_row(key: bytes, before: bytes, station_id: str, seq: int, entry: AuditEntry) -> bytes:
    fields: list[str | int | None] = [
        station_id,
        seq,
        to_micros(entry.at),
        entry.who,
        entry.what,
        entry.old,
        entry.new,
        entry.reason,
    ]
    return _seal(key, b"row" + before, fields)


def _seal_head(key: bytes, station_id: str, seq: int, mac: bytes) -> bytes:
    return _seal(key, b"head" + mac, [station_id, seq])


def _seal(key: bytes, prefix: bytes, fields: list[str | int | None]) -> bytes:
    # JSON keeps the fields apart: ("ab", "c") and ("a", "bc") must not seal alike
    return hmac.new(key, prefix + json.dumps(fields).encode(), hashlib.sha256).digest()


def _last(connection: Connection, station_id: str) -> Row[*tuple[Any, ...]] | None:
    table = schema.audit
    query = select(table).where(table.c.station_id == station_id)
    return connection.execute(query.order_by(table.c.seq.desc()).limit(1)).first()


def _head(connection: Connection, station_id: str) -> AuditHead | None:
    table = schema.audit_heads
    row = connection.execute(select(table).where(table.c.station_id == station_id)).first()
    return None if row is None else AuditHead(row.seq, row.mac)


def _put_head(connection: Connection, station_id: str, head: AuditHead) -> None:
    values = {"seq": head.seq, "mac": head.mac}
    statement = upsert(schema.audit_heads).values(station_id=station_id, **values)
    connection.execute(statement.on_conflict_do_update(["station_id"], set_=values))
