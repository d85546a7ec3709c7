"""A record of every earlier schema, with rows in every table, upgraded: all of it is kept."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import StaticPool, create_engine

from inspector.store import migrate
from inspector.store.backup import integrity_problems, table_rows
from inspector.store.opening import APPLICATION_ID, open_reader, open_store

ROWS = 3
Row = dict[str, object]


def earlier_revisions() -> list[str]:
    scripts = ScriptDirectory.from_config(migrate.configuration())
    newest_first = [script.revision for script in scripts.walk_revisions()]
    return newest_first[:0:-1]


def record_at(path: Path, revision: str) -> None:
    """As the release with that schema made it."""
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
        with engine.begin() as connection:
            config = migrate.configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
        raw.commit()


def tables(raw: sqlite3.Connection) -> list[str]:
    return [name for name in table_rows(raw) if name != "alembic_version"]


def made_up(raw: sqlite3.Connection, table: str) -> Iterator[Row]:
    """Rows that satisfy the table's own constraints, every column filled."""
    columns = raw.execute(f"PRAGMA table_info({table})").fetchall()
    references = {r[3]: (r[2], r[4]) for r in raw.execute(f"PRAGMA foreign_key_list({table})")}
    for number in range(1, ROWS + 1):
        yield {
            name: _value(raw, name, kind.upper(), references.get(name), number)
            for _, name, kind, *_ in columns
        }


def _value(
    raw: sqlite3.Connection, name: str, kind: str, points: tuple[str, str] | None, number: int
) -> object:
    if points is not None:
        query = f"SELECT {points[1]} FROM {points[0]} LIMIT 1 OFFSET {number - 1}"
        return raw.execute(query).fetchone()[0]
    if name in ("verdict", "judgement"):
        return {"verdict": "FAIL", "judgement": "BAD"}[name]
    if name in ("recipe", "counters", "defects"):
        return "[]" if name == "defects" else "{}"
    if "CHAR" in kind or "TEXT" in kind or "CLOB" in kind:
        return f"{name}-{number}"[:8] + str(number)
    if "BLOB" in kind:
        return bytes([number]) * 32
    return number / 2 if "FLOAT" in kind else number


def fill(raw: sqlite3.Connection) -> dict[str, list[Row]]:
    """In an order in which what is pointed at comes first."""
    first = ["runs", "setups", "parts"]
    names = first + [name for name in tables(raw) if name not in first]
    made: dict[str, list[Row]] = {}
    for table in names:
        made[table] = list(made_up(raw, table))
        for row in made[table]:
            marks = ",".join("?" * len(row))
            raw.execute(f"INSERT INTO {table} ({','.join(row)}) VALUES ({marks})", [*row.values()])
    raw.commit()
    return made


def test_there_are_earlier_schemas() -> None:
    assert earlier_revisions()[:2] == ["0001", "0002"]


@pytest.mark.parametrize("revision", earlier_revisions())
def test_every_row_of_an_earlier_record_is_kept(tmp_path: Path, revision: str) -> None:
    path = tmp_path / "record.db"
    record_at(path, revision)
    with closing(sqlite3.connect(path)) as raw:
        made = fill(raw)
        assert integrity_problems(raw) == []

    open_store(path).close()

    with closing(sqlite3.connect(path)) as raw:
        assert integrity_problems(raw) == []
        kept_tables = set(tables(raw))
        for table, rows in made.items():
            assert table in kept_tables, table
            columns = ",".join(rows[0])
            kept = raw.execute(f"SELECT {columns} FROM {table}").fetchall()
            assert sorted(kept) == sorted(tuple(row.values()) for row in rows), table
    open_reader(path).close()


@pytest.mark.parametrize("revision", earlier_revisions())
def test_an_upgraded_record_has_the_tables_of_a_new_one(tmp_path: Path, revision: str) -> None:
    record_at(tmp_path / "old.db", revision)
    open_store(tmp_path / "old.db").close()
    open_store(tmp_path / "new.db").close()
    query = "SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2"
    found = []
    for name in ("old.db", "new.db"):
        with closing(sqlite3.connect(tmp_path / name)) as raw:
            found.append([(t, n, "".join((sql or "").split())) for t, n, sql in raw.execute(query)])
    assert found[0] == found[1]
