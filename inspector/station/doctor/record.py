"""The record: whole, of this program's version, and not from the future."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from pathlib import Path

from sqlalchemy import func, select

from inspector.errors import StoreError
from inspector.station.doctor.findings import Finding, error, note, ok, warning
from inspector.store import schema
from inspector.store.backup import integrity_problems, table_rows
from inspector.store.opening import Store, open_reader, raw_connection
from inspector.store.queries import snapshot

LARGE_LOG = 256 * 2**20


def check_record(
    db: Path,
    *,
    quick: bool = False,
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
) -> Iterator[Finding]:
    """Reads all of it (``quick``: leaves out whether indexes agree with tables)."""
    if not db.exists():
        yield note("record", f"none at {db} yet")
        return
    try:
        store = open_reader(db)
    except StoreError as problem:
        yield error("record", str(problem), "see the message; inspector restore needs a backup")
        return
    try:
        yield from _integrity(store, quick=quick)
        yield from _times(store, now())
    except StoreError as problem:
        yield error("record", str(problem), "keep a copy, then inspector restore the newest backup")
    finally:
        store.close()
    log = db.with_name(db.name + "-wal")
    if log.exists() and log.stat().st_size > LARGE_LOG:
        yield warning(
            "record",
            f"its log has grown to {log.stat().st_size / 2**20:.0f} MB",
            "a program has been reading for very long: close reports and other windows",
        )


def _integrity(store: Store, *, quick: bool) -> Iterator[Finding]:
    with raw_connection(store) as raw:
        problems = integrity_problems(raw, quick=quick)
        rows = {} if problems else table_rows(raw)
    if problems:
        yield error(
            "record",
            f"{store.path} is damaged: {problems[0]}",
            "keep a copy as it is, then inspector restore the newest backup",
        )
    else:
        yield ok(
            "record",
            f"{store.path}: whole, schema {schema.HEAD_REVISION}, {rows.get('runs', 0)} runs, "
            f"{rows.get('parts', 0)} parts",
        )


def _times(store: Store, now: dt.datetime) -> Iterator[Finding]:
    with snapshot(store) as asked:
        newest = asked.execute(select(func.max(schema.runs.c.started_at))).scalar()
    if newest is not None and newest > now + dt.timedelta(minutes=5):
        yield warning(
            "record",
            f"its newest run began at {newest:%Y-%m-%d %H:%M} UTC, which is in the future",
            "the clock was set back: set it right before the next run",
        )
