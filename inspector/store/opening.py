"""Opening the record: a new one is made, an older one upgraded, anything else refused."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from sqlalchemy import Connection, Engine, inspect

from inspector.errors import StoreError, StoreUnavailableError
from inspector.store.connection import BUSY_TIMEOUT_MS, connect, make_engine, translated
from inspector.store.schema import HEAD_REVISION, metadata

APPLICATION_ID = 0x494E5350
"""In the header of every record ("INSP"), so that no other database is taken for one."""
READ_THROUGH_BYTES = 64 * 2**20
"""Up to here a record is checked as a whole when it is opened (0.1 s)."""


@dataclass(frozen=True, slots=True)
class Store:
    """An open record. Connections are made when needed and closed after use."""

    path: Path
    engine: Engine

    def close(self) -> None:
        self.engine.dispose()


@contextmanager
def reading(store: Store) -> Iterator[Connection]:
    """A look at what ``store`` holds that waits for no writer and makes none wait.

    A transaction of the store's own engine takes the write lock, whatever it does with it.
    Raises StoreError, also in the block.
    """
    engine = make_engine(store.path, write=False)
    try:
        with translated(store.path), engine.connect() as asked:
            yield asked
    finally:
        engine.dispose()


@contextmanager
def raw_connection(store: Store) -> Iterator[sqlite3.Connection]:
    """SQLite's own, for what only SQLite itself can do. Raises StoreError, also in the block."""
    with translated(store.path), closing(store.engine.raw_connection()) as pooled:
        raw = pooled.driver_connection
        if raw is None:
            raise StoreError(f"record {store.path}: its connection is gone")
        yield cast("sqlite3.Connection", raw)


def record_id(asked: Connection) -> str:
    """Names the record itself, wherever its file is moved to."""
    return str(
        asked.exec_driver_sql(
            "SELECT value FROM record_facts WHERE name = 'record_id'"
        ).scalar_one()
    )


def open_store(path: Path, *, busy_timeout_ms: int = BUSY_TIMEOUT_MS) -> Store:
    """The record at ``path``, for writing; made where there is none, upgraded if older.

    Raises StoreUnavailableError for a missing folder, a folder in place of the file, a
    place that cannot be written, another program's file and a newer schema;
    StoreFullError on a full disk; StoreError where another program holds the lock.
    """
    _check_place(path)
    with translated(path):
        if path.is_file():
            _check_identity(path, busy_timeout_ms)
            _check_sound(path, busy_timeout_ms)
        engine = make_engine(path, write=True, busy_timeout_ms=busy_timeout_ms)
        with engine.begin() as connection:
            _bring_to_head(connection, path)
    return Store(path, engine)


def open_reader(path: Path) -> Store:
    """The record at ``path``, for reading only: never waits for, nor blocks, the writer.

    Raises StoreUnavailableError where there is no record, or one of another version.
    """
    if not path.is_file():
        raise StoreUnavailableError(f"no record at {path}: name the file that a run wrote")
    with translated(path):
        _check_identity(path, BUSY_TIMEOUT_MS)
        engine = make_engine(path, write=False)
        with engine.connect() as connection:
            revision = _revision(connection)
    if revision != HEAD_REVISION:
        raise StoreUnavailableError(_version_message(path, revision))
    return Store(path, engine)


def _check_place(path: Path) -> None:
    if path.is_dir():
        raise StoreUnavailableError(
            f"record {path} is a folder: name a file, e.g. {path}/record.db"
        )
    if not path.absolute().parent.is_dir():
        raise StoreUnavailableError(
            f"record {path}: there is no folder {path.absolute().parent}: make it first"
        )


def _check_identity(path: Path, busy_timeout_ms: int) -> None:
    """Looks before anything is written: a foreign database must stay untouched."""
    with closing(connect(path, "ro", busy_timeout_ms)) as raw:
        (identity,) = raw.execute("PRAGMA application_id").fetchone()
        (tables,) = raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
    if identity != APPLICATION_ID and (tables or identity):
        raise StoreUnavailableError(
            f"record {path} is a database of another program: name another file"
        )


def _check_sound(path: Path, busy_timeout_ms: int) -> None:
    """What is announced must be found again: nothing is written into a damaged file.

    A large record is not read through at every start; there only the pages are looked at
    that lead to the newest rows, where writing goes on.
    """
    with closing(connect(path, "ro", busy_timeout_ms)) as raw:
        if path.stat().st_size <= READ_THROUGH_BYTES:
            (found,) = raw.execute("PRAGMA quick_check(1)").fetchone()
        else:
            found = _newest_rows(raw)
    if found != "ok":
        raise StoreUnavailableError(
            f"record {path} is damaged ({' '.join(str(found).split())}): restore it from a "
            "backup, or name another file"
        )


def _newest_rows(raw: sqlite3.Connection) -> str:
    """Raises sqlite3.DatabaseError where they cannot be read."""
    tables = raw.execute(
        "SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type = 'table'"
    ).fetchall()
    for name, without_rowid in tables:
        quoted = name.replace('"', '""')
        order = "" if without_rowid else "ORDER BY rowid DESC"
        raw.execute(f'SELECT * FROM "{quoted}" {order} LIMIT 1').fetchall()  # noqa: S608
    return "ok"


def _bring_to_head(connection: Connection, path: Path) -> None:
    # Under the write lock, so that two programs that open a new file agree.
    known = connection.exec_driver_sql("PRAGMA application_id").scalar_one() == APPLICATION_ID
    if not known:
        _create(connection)
    elif _revision(connection) != HEAD_REVISION:
        _upgrade(connection, path)


def _create(connection: Connection) -> None:
    metadata.create_all(connection)
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num))"
    )
    connection.exec_driver_sql("INSERT INTO alembic_version VALUES (?)", (HEAD_REVISION,))
    connection.exec_driver_sql(
        "INSERT INTO record_facts VALUES ('record_id', ?)", (secrets.token_hex(16),)
    )
    connection.exec_driver_sql(f"PRAGMA application_id = {APPLICATION_ID}")


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    value = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    return None if value is None else str(value)


def _upgrade(connection: Connection, path: Path) -> None:
    # Alembic takes a third of a second to import; only an older record needs it.
    from inspector.store import migrate

    revision = _revision(connection)
    if revision is not None and revision not in migrate.known_revisions():
        raise StoreUnavailableError(_version_message(path, revision))
    migrate.upgrade(connection)


def _version_message(path: Path, revision: str | None) -> str:
    if revision is None or revision < HEAD_REVISION:
        return (
            f"record {path} is of an older version ({revision}, this program reads "
            f"{HEAD_REVISION}): a run with --db {path} upgrades it"
        )
    return (
        f"record {path} was written by a newer version of Inspector ({revision}, this program "
        f"knows {HEAD_REVISION}): update the program or use another file"
    )
