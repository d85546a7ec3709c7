"""The key of a record, its anchors, and whether it is what was written."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inspector.errors import StoreUnavailableError
from inspector.station import audit_key
from inspector.station.anchoring import EVERY_S, HourlyAnchor
from inspector.station.audit_key import AuditKey, find_key, key_path, read_key, require_key
from inspector.station.audit_log import AuditLog, Change
from inspector.station.record import RunRecord
from inspector.station.verifying import verify_record
from inspector.store.anchors import anchor_path, read_anchors
from inspector.store.opening import open_store
from tests.support.records import END, part, run_start

HEX = "ab" * 32


class Keyring:
    """A keyring in memory."""

    def __init__(self, priority: float = 5.0) -> None:
        self.priority = priority
        self.held: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.held[service, username]


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


def change(number: int) -> Change:
    return Change("anna", f"recipe {number}", None, "a", "first")


def append(db: Path, count: int = 1) -> None:
    log = AuditLog(db, "station")
    for number in range(count):
        log.append(change(number))
    log.close()


def run(db: Path, parts: int = 3) -> None:
    record = RunRecord(db)
    record.begin(run_start())
    for index in range(parts):
        record.write([], [part(index)])
    record.finish(END)


# the key


def test_the_key_is_made_in_the_keyring_and_found_again(db: Path) -> None:
    store, keyring = open_store(db), Keyring()
    made = require_key(store, lambda: keyring)
    assert require_key(store, lambda: keyring) == made
    assert "keyring" in made.place
    assert made.key.hex() in keyring.held.values()
    assert not key_path(db).exists()
    assert made.key.hex() not in repr(made)


def test_without_a_safe_keyring_the_key_is_a_file_of_its_owner(db: Path) -> None:
    store = open_store(db)
    made = require_key(store, lambda: Keyring(priority=0.5))
    assert require_key(store) == made
    assert read_key(key_path(db)) == made.key
    assert key_path(db).stat().st_mode & 0o777 == 0o600
    assert made.place == f"file {key_path(db)}"


def test_the_variable_comes_first(db: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(audit_key.VARIABLE, HEX)
    assert require_key(open_store(db)).key.hex() == HEX
    assert not key_path(db).exists()


@pytest.mark.parametrize("text", ["", "abc", "x" * 64, HEX + "00"])
def test_a_wrong_variable_is_refused_and_not_repeated(
    db: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    monkeypatch.setenv(audit_key.VARIABLE, text)
    with pytest.raises(StoreUnavailableError, match="64 hexadecimal") as raised:
        require_key(open_store(db))
    assert not text or text not in str(raised.value)


def test_a_damaged_key_file_is_refused(db: Path) -> None:
    key_path(db).write_bytes(b"short")
    with pytest.raises(StoreUnavailableError, match="5 bytes where 32"):
        require_key(open_store(db))


def test_a_sealed_record_is_never_gone_on_with_by_another_key(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(db)
    key_path(db).rename(db.with_name("elsewhere"))
    with pytest.raises(StoreUnavailableError, match="does not have"):
        append(db)
    monkeypatch.setenv(audit_key.VARIABLE, HEX)
    with pytest.raises(StoreUnavailableError, match="another key"):
        append(db)
    assert find_key("", db) == AuditKey(bytes.fromhex(HEX), f"variable {audit_key.VARIABLE}")


# anchors


def test_an_anchor_is_due_every_hour() -> None:
    written: list[float] = []
    clock = [0.0]
    anchor = HourlyAnchor(lambda: written.append(clock[0]), lambda: clock[0])
    for now in (0.0, EVERY_S - 1, EVERY_S, EVERY_S + 1, 2 * EVERY_S, 9 * EVERY_S, 9 * EVERY_S + 1):
        clock[0] = now
        anchor.if_due()
    assert written == [EVERY_S, 2 * EVERY_S, 9 * EVERY_S]


def test_runs_and_changes_are_anchored_beside_the_record_and_where_one_says(
    db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "share.jsonl"
    monkeypatch.setenv("INSPECTOR_ANCHORS", str(elsewhere))
    run(db)
    append(db)
    found = read_anchors(anchor_path(db)).anchors
    assert [a.parts.seq for a in found if a.parts] == [1, 5, 5]
    assert [a.audit.seq for a in found if a.audit] == [1]
    assert read_anchors(elsewhere).anchors == found


def test_an_anchor_that_cannot_be_written_stops_no_line_and_is_told_once(
    db: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INSPECTOR_ANCHORS", str(db.parent / "missing" / "anchors"))
    run(db)
    with closing(sqlite3.connect(db)) as raw:
        events = raw.execute("SELECT kind, detail FROM events").fetchall()
    assert len(events) == 1
    assert events[0][0] == "anchor"
    assert "cannot be written" in events[0][1]


# the whole check


def test_a_record_is_as_it_was_written(db: Path) -> None:
    run(db)
    append(db, 2)
    found = verify_record(db)
    (station,) = found.stations
    assert found.is_sound
    assert found.key == f"file {key_path(db)}"
    assert (station.audit.rows, station.audit.anchored) == (2, 2)
    assert (station.parts.parts, station.parts.chain.rows, station.parts.chain.anchored) == (
        3,
        5,
        5,
    )
    assert station.audit_anchored_at is not None
    assert found.remarks == ()


def test_an_empty_record_needs_no_key(db: Path) -> None:
    open_store(db).close()
    found = verify_record(db)
    assert found.is_sound
    assert found.stations == ()
    assert "nothing is sealed" in found.key


def test_a_whole_record_put_back_shows_against_the_anchors(db: Path, tmp_path: Path) -> None:
    run(db)
    with closing(sqlite3.connect(db)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    older = db.read_bytes()
    run(db)
    append(db)
    for name in ("record.db-wal", "record.db-shm"):
        (tmp_path / name).unlink(missing_ok=True)
    db.write_bytes(older)
    (station,) = verify_record(db).stations
    assert station.parts.chain.problem == "rows 6 to 10 at the end are missing"
    assert station.audit.problem == "rows 1 to 1 at the end are missing"
    assert (station.parts.chain.rows, station.parts.chain.anchored) == (5, 5)


def test_a_key_that_others_can_read_is_remarked(db: Path) -> None:
    append(db)
    key_path(db).chmod(0o644)
    assert "chmod 600" in verify_record(db).remarks[0]
