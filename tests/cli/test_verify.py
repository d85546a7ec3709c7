"""``inspector verify audit``."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from inspector.station.audit_log import AuditLog, Change
from tests.support.cli import InProcess


@pytest.fixture
def db(tmp_path: Path) -> Path:
    path = tmp_path / "line.db"
    log = AuditLog(path, "press 3")
    for number in range(3):
        log.append(Change("anna", "recipe nut", None, str(number), "dust"))
    log.close()
    return path


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> InProcess:
    return InProcess(capfd, monkeypatch)


def test_a_sound_record(cli: InProcess, db: Path) -> None:
    done = cli("verify", "audit", "--db", db)
    assert done.code == 0, done.err
    assert "3 rows, as they were written; last anchored 3 at " in done.out
    assert f"key       file {db}.audit-key" in done.out


def test_an_altered_record_names_the_row_and_the_last_anchored_one(
    cli: InProcess, db: Path
) -> None:
    with closing(sqlite3.connect(db, isolation_level=None)) as raw:
        raw.execute("UPDATE audit SET who = 'bert' WHERE seq = 2")
    done = cli("verify", "audit", "--db", db, "--json", "-")
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "is not what was written (station press 3)" in done.err
    (station,) = json.loads(done.out)["stations"]
    assert station["audit"] | {"anchored_at": None} == {
        "sound": False,
        "rows": 1,
        "problem": "row 2 is not what was written",
        "at": 2,
        "anchored": 1,
        "anchored_at": None,
    }


def test_no_record(cli: InProcess, tmp_path: Path) -> None:
    done = cli("verify", "audit", "--db", tmp_path / "line.db")
    assert done.code == 2
    assert "no record at" in done.err
