"""SQLite connections of the record, and its errors in words a person can act on."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Literal

from sqlalchemy import Connection, Engine, NullPool, create_engine, event
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from inspector.errors import StoreError, StoreFullError, StoreUnavailableError

Mode = Literal["ro", "rw", "rwc"]
BUSY_TIMEOUT_MS = 5_000
JOURNAL_LIMIT_BYTES = 64 * 2**20
_FEW_BYTES = 2**20


def connect(path: Path, mode: Mode, busy_timeout_ms: int) -> sqlite3.Connection:
    """A bare connection; transactions are begun in so many words (no implicit ones)."""
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={mode}",
        uri=True,
        timeout=busy_timeout_ms / 1000,
        isolation_level=None,
        check_same_thread=False,
    )


def _connect_writer(path: Path, busy_timeout_ms: int) -> sqlite3.Connection:
    raw = connect(path, "rwc", busy_timeout_ms)
    try:
        (journal,) = raw.execute("PRAGMA journal_mode = WAL").fetchone()
        raw.execute("PRAGMA synchronous = FULL")
        raw.execute("PRAGMA foreign_keys = ON")
        raw.execute(f"PRAGMA journal_size_limit = {JOURNAL_LIMIT_BYTES}")
    except sqlite3.Error:
        raw.close()
        raise
    if journal != "wal":
        raw.close()
        raise StoreUnavailableError(
            f"record {path}: this file system cannot hold a write-ahead log "
            f"(journal mode {journal!r}): put the record on a local disk"
        )
    return raw


def _connect_reader(path: Path, busy_timeout_ms: int) -> sqlite3.Connection:
    raw = connect(path, "ro", busy_timeout_ms)
    try:
        raw.execute("PRAGMA query_only = ON")
    except sqlite3.Error:
        raw.close()
        raise
    return raw


def make_engine(path: Path, *, write: bool, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Engine:
    """An engine without a pool; a writing one takes the write lock when it begins.

    BEGIN IMMEDIATE: a transaction that reads first and writes later could otherwise
    fail at once, whatever the busy time-out, when another one wrote in between.
    """
    creator = partial(_connect_writer if write else _connect_reader, path, busy_timeout_ms)
    engine = create_engine(
        "sqlite://",
        creator=creator,
        poolclass=NullPool,
        json_serializer=partial(json.dumps, separators=(",", ":"), allow_nan=False),
    )
    statement = "BEGIN IMMEDIATE" if write else "BEGIN"

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return engine


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turns database errors into StoreError, StoreFullError or StoreUnavailableError."""
    try:
        yield
    except DBAPIError as error:
        raise _store_error(path, error.orig or error) from error
    except (sqlite3.Error, SQLAlchemyError) as error:
        raise _store_error(path, error) from error


def primary_code(error: BaseException | None) -> int | None:
    """SQLite's primary result code of an error, None where it has none."""
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else int(code) & 0xFF


def _store_error(path: Path, error: BaseException) -> StoreError:
    code = primary_code(error)
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _no_space(path)):
        return StoreFullError(
            f"record {path}: the disk is full; free some space there, or choose a file on "
            f"another disk with --db"
        )
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return StoreError(
            f"record {path} is locked by another program: end that program or use another file"
        )
    if code in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return StoreUnavailableError(
            f"record {path} cannot be opened for this ({error}): check that its folder exists "
            f"and may be written"
        )
    if code in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
        return StoreUnavailableError(
            f"record {path} is not a record of Inspector, or it is damaged ({error}): name "
            f"another file"
        )
    return StoreError(f"record {path}: {error}")


def _no_space(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.absolute().parent).free < _FEW_BYTES
    except OSError:
        return False
