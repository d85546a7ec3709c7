"""Opening: what is made, what is upgraded, what is refused with which words."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import StaticPool, create_engine
from sqlalchemy.exc import OperationalError

from inspector.errors import StoreError, StoreUnavailableError
from inspector.store import migrate
from inspector.store.audit import AuditEntry, append_audit, verify_audit
from inspector.store.opening import APPLICATION_ID, open_reader, open_store, record_id
from inspector.store.part_seals import verify_parts
from inspector.store.recorder import begin_run
from inspector.store.schema import HEAD_REVISION, metadata
from tests.support.records import NOW, part, run_start


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        for statement in statements:
            raw.execute(statement)
        raw.commit()


def tables(path: Path) -> dict[str, str]:
    query = "SELECT name, coalesce(sql, '') FROM sqlite_master"
    with closing(sqlite3.connect(path)) as raw:
        return {name: "".join(sql.split()) for name, sql in raw.execute(query)}


def old_record(path: Path) -> Path:
    """What a release before the first schema would have left: marked, but without tables."""
    change(path, f"PRAGMA application_id = {APPLICATION_ID}")
    return path


def test_migrations_make_exactly_the_tables_of_a_new_record(tmp_path: Path) -> None:
    open_store(tmp_path / "new.db")
    open_store(old_record(tmp_path / "old.db"))

    assert tables(tmp_path / "old.db") == tables(tmp_path / "new.db")
    assert {"frames", "parts", "audit", "ix_frames_time"} <= tables(tmp_path / "new.db").keys()


def test_metadata_is_what_the_newest_migration_left(tmp_path: Path) -> None:
    store = open_store(old_record(tmp_path / "old.db"))
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == HEAD_REVISION
    assert HEAD_REVISION in migrate.known_revisions()


def test_an_upgrade_keeps_what_was_recorded_and_can_be_repeated(tmp_path: Path) -> None:
    path = old_record(tmp_path / "record.db")
    begin_run(open_store(path), run_start()).close()
    open_store(path)
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT count(*) FROM runs").fetchone() == (1,)


def test_a_failed_upgrade_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = old_record(tmp_path / "record.db")
    change(path, "CREATE TABLE audit_heads (mine TEXT)")  # the last table of the migration
    before = tables(path)
    with pytest.raises(StoreError):
        open_store(path)
    assert tables(path) == before


def test_alembic_is_imported_for_an_older_record_only(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from inspector.store.opening import open_store;"
        f"[open_store(Path({str(tmp_path / 'record.db')!r})) for _ in range(2)];"
        "sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_durability_settings(tmp_path: Path) -> None:
    with open_store(tmp_path / "record.db").engine.connect() as connection:
        found = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "journal_size_limit")
        }
    assert found == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "journal_size_limit": 64 * 2**20,
    }


def test_names_with_signs_that_mean_something_in_an_address(tmp_path: Path) -> None:
    path = tmp_path / "a b?mode=ro#%41.db"
    open_store(path)
    open_reader(path)
    assert [p.name for p in tmp_path.iterdir() if p.suffix == ".db"] == [path.name]


def _folder(path: Path) -> None:
    path.mkdir()


def _text(path: Path) -> None:
    path.write_text("this is a shopping list\n" * 100, encoding="utf-8")


def _foreign(path: Path) -> None:
    change(path, "CREATE TABLE bookmarks (url TEXT)")


def _marked_by_another(path: Path) -> None:
    change(path, "PRAGMA application_id = 42")


def _newer(path: Path) -> None:
    open_store(path)
    change(path, "UPDATE alembic_version SET version_num = '9999'")


def _torn(path: Path) -> None:
    open_store(path)
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 8000)


@pytest.mark.parametrize("opener", [open_store, open_reader])
@pytest.mark.parametrize(
    ("make", "words"),
    [
        (_folder, "folder|no record"),
        (_text, "not a record"),
        (_foreign, "another program"),
        (_marked_by_another, "another program"),
        (_newer, "newer version"),
        (_torn, "damaged"),
    ],
)
def test_what_is_no_record_of_ours_is_refused_and_left_alone(
    tmp_path: Path, opener, make, words: str
) -> None:
    path = tmp_path / "record.db"
    make(path)
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(StoreUnavailableError, match=words) as raised:
        opener(path)
    assert str(path) in str(raised.value)
    assert raised.value.exit_code == 2
    assert (path.read_bytes() if path.is_file() else None) == before


def test_a_reader_makes_nothing(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="no record at"):
        open_reader(tmp_path / "record.db")
    (tmp_path / "empty.db").touch()
    with pytest.raises(StoreUnavailableError):
        open_reader(tmp_path / "empty.db")
    assert [p.name for p in tmp_path.iterdir()] == ["empty.db"]


def test_an_older_record_is_not_read_but_said_how_to_upgrade(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="upgrades it"):
        open_reader(old_record(tmp_path / "record.db"))


def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="no folder"):
        open_store(tmp_path / "missing" / "record.db")
    assert not (tmp_path / "missing").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a file system nobody can write to")
def test_a_place_that_cannot_be_written() -> None:
    with pytest.raises(StoreUnavailableError, match="may be written"):
        open_store(Path("/proc/record.db"))


def test_a_record_locked_by_another_program(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    recorder = begin_run(open_store(path, busy_timeout_ms=20), run_start())
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked by another program"):
            recorder.write([], [part()])
        with pytest.raises(StoreError, match="locked by another program"):
            open_store(path, busy_timeout_ms=20)
        other.execute("ROLLBACK")
    recorder.write([], [part()])
    recorder.close()


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    open_store(tmp_path / "record.db")
    with (
        pytest.raises(OperationalError, match="readonly"),
        open_reader(tmp_path / "record.db").engine.connect() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM runs")


def test_a_record_of_the_first_version_is_upgraded_with_all_it_holds(tmp_path: Path) -> None:
    path = old_record(tmp_path / "record.db")
    with closing(sqlite3.connect(path)) as raw:
        engine = create_engine("sqlite://", creator=lambda: raw, poolclass=StaticPool)
        with engine.begin() as connection:
            config = migrate.configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, "0001")
    run = (1, "R" * 26, "s", "c", "u", "m", "r", "{}", "p", "v", "0", 5, None, "X", "", None, None)
    made = ("P" * 26, 1, 1, 0, "FAIL", 0.5, None, 0, 9, 4, 3, 5, "[[1,2,3,4,5.0,0.5]]", 1, 2)
    with closing(sqlite3.connect(path)) as raw:
        raw.execute(f"INSERT INTO runs VALUES ({','.join('?' * len(run))})", run)
        raw.execute("INSERT INTO setups VALUES (1, 'm', 'r')")
        raw.execute(f"INSERT INTO parts VALUES ({','.join('?' * len(made))})", made)
        raw.commit()
    with pytest.raises(StoreUnavailableError, match="upgrades it"):
        open_reader(path)

    open_store(path).close()

    open_store(tmp_path / "new.db").close()
    assert tables(path) == tables(tmp_path / "new.db")
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("SELECT * FROM parts").fetchone() == (*made, None, None, None)
        assert raw.execute("SELECT * FROM runs").fetchone() == (*run, None, None, None, None)


def test_an_upgrade_can_be_taken_back(tmp_path: Path) -> None:
    store = open_store(tmp_path / "record.db")
    with store.engine.begin() as connection:
        config = migrate.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0001")
    assert "part_labels" not in tables(store.path)
    assert "ix_parts_time" in tables(store.path)
    open_store(store.path)


def test_a_record_from_before_there_were_seals_keeps_its_trail_and_is_sealed_from_here_on(
    tmp_path: Path,
) -> None:
    path = tmp_path / "record.db"
    store = open_store(path)
    old = begin_run(store, run_start())
    old.write([], [part(0), part(1)])
    old.close()
    entry = AuditEntry(at=NOW, who="anna", what="t1", old=None, new="0.5", reason="dust")
    append_audit(store, b"k" * 32, "station", entry)
    with store.engine.begin() as connection:
        config = migrate.configuration()
        config.attributes["connection"] = connection
        command.downgrade(config, "0002")
    assert {"users", "part_seals"}.isdisjoint(tables(path))
    with pytest.raises(StoreUnavailableError, match="upgrades it"):
        open_reader(path)

    store = open_store(path)
    open_store(tmp_path / "new.db").close()
    assert tables(path) == tables(tmp_path / "new.db")
    run = begin_run(store, run_start(), b"k" * 32)
    run.write([], [part(0)])
    run.close()
    with store.engine.connect() as asked:
        assert verify_audit(asked, b"k" * 32, "station").rows == 1
        found = verify_parts(asked, b"k" * 32, "station")
        assert len(record_id(asked)) == 32
    assert (found.is_sound, found.parts, found.unsealed) == (True, 1, 2)
