"""Who changed what, when and why: a chain of rows that cannot be altered unseen.

Each row is sealed as `store.chain` says. Keep the head that ``append_audit`` returns
elsewhere and hand it to ``verify_audit``: an older copy of the file shows then, too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

from inspector.errors import StoreUnavailableError
from inspector.store import schema
from inspector.store.chain import FIRST, ChainCheck, ChainHead, Link, Sealing
from inspector.store.connection import translated
from inspector.store.opening import Store
from inspector.store.schema import to_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """A change: ``what`` names the thing, ``old`` and ``new`` its values as text."""

    at: dt.datetime
    who: str
    what: str
    old: str | None
    new: str | None
    reason: str


def append_audit(store: Store, key: bytes, station_id: str, entry: AuditEntry) -> ChainHead:
    """Adds a row to the station's chain, durable at return. Raises StoreError."""
    with translated(store.path), store.engine.begin() as connection:
        return append_within(connection, key, station_id, entry)


def append_within(
    connection: Connection, key: bytes, station_id: str, entry: AuditEntry
) -> ChainHead:
    """The same inside a transaction that writes: the change and its entry, or neither."""
    sealing = Sealing(key, station_id)
    last = _last(connection, station_id)
    seq, before = (last.seq + 1, last.mac) if last else (1, FIRST)
    mac = sealing.row(before, seq, _content(entry))
    values = {name: getattr(entry, name) for name in AuditEntry.__slots__}
    connection.execute(
        insert(schema.audit).values(station_id=station_id, seq=seq, mac=mac, **values)
    )
    head = sealing.head(seq, mac)
    _put_head(connection, station_id, head)
    return head


def verify_audit(
    asked: Connection, key: bytes, station_id: str, *, expected: Iterable[ChainHead] = ()
) -> ChainCheck:
    """Walks the station's chain. ``expected``: heads seen earlier, which must lie in it."""
    table = schema.audit
    query = select(table).where(table.c.station_id == station_id).order_by(table.c.seq)
    links = (Link(row.seq, _content(_entry(row)), row.mac) for row in asked.execute(query))
    return Sealing(key, station_id).check(links, audit_head(asked, station_id), expected)


def check_key(asked: Connection, key: bytes, station_id: str) -> None:
    """Whether the chain was begun with this key: nobody may go on with another one.

    Looks at the last row only. Raises StoreUnavailableError.
    """
    last, head = _last(asked, station_id), audit_head(asked, station_id)
    if last is None or head is None or last.seq != head.seq:
        # an empty chain, or one that verify has more to say of
        return
    if Sealing(key, station_id).head(head.seq, last.mac) != head:
        raise StoreUnavailableError(
            f"the audit trail of station {station_id!r} was written with another key than this "
            "machine has now: bring that key back (see inspector verify audit)"
        )


def audit_head(asked: Connection, station_id: str) -> ChainHead | None:
    """As the record has it; None where nothing was changed yet."""
    table = schema.audit_heads
    row = asked.execute(select(table).where(table.c.station_id == station_id)).first()
    return None if row is None else ChainHead(row.seq, row.mac)


def audit_entries(asked: Connection, station_id: str, what: str) -> list[AuditEntry]:
    """All that begin with ``what``, oldest first."""
    table = schema.audit
    query = (
        select(table)
        .where(table.c.station_id == station_id, table.c.what.startswith(what, autoescape=True))
        .order_by(table.c.seq)
    )
    return [_entry(row) for row in asked.execute(query)]


def _entry(row: Row[*tuple[Any, ...]]) -> AuditEntry:
    return AuditEntry(**{name: getattr(row, name) for name in AuditEntry.__slots__})


def _content(entry: AuditEntry) -> list[str | int | None]:
    return [
        to_micros(entry.at),
        entry.who,
        entry.what,
        entry.old,
        entry.new,
        entry.reason,
    ]


def _last(connection: Connection, station_id: str) -> Row[*tuple[Any, ...]] | None:
    table = schema.audit
    query = select(table).where(table.c.station_id == station_id)
    return connection.execute(query.order_by(table.c.seq.desc()).limit(1)).first()


def _put_head(connection: Connection, station_id: str, head: ChainHead) -> None:
    values = {"seq": head.seq, "mac": head.mac}
    statement = upsert(schema.audit_heads).values(station_id=station_id, **values)
    connection.execute(statement.on_conflict_do_update(["station_id"], set_=values))
