"""Backups of a record that is being written, and their way back."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from inspector.errors import InputError, StoreError
from inspector.store import backup as module
from inspector.store.backup import DOCUMENT, RECORD, check_backup, make_backup
from inspector.store.opening import open_reader, open_store
from inspector.store.recorder import begin_run
from inspector.store.restore import restore_backup
from tests.support.records import END, inspection, part, run_start


def record(path: Path, parts: int = 3) -> Path:
    store = open_store(path)
    recorder = begin_run(store, run_start())
    recorder.write([inspection(n) for n in range(parts)], [part(n) for n in range(parts)])
    recorder.finish(END)
    store.close()
    return path


def count(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        return int(raw.execute("SELECT count(*) FROM parts").fetchone()[0])


def test_there_and_back(tmp_path: Path) -> None:
    db, archive = record(tmp_path / "r.db"), tmp_path / "pictures"
    (archive / "a").mkdir(parents=True)
    (archive / "a" / "1.png").write_bytes(b"one")
    made = make_backup(db, tmp_path / "b", archive=archive)
    assert made.document.rows["parts"] == 3
    assert check_backup(tmp_path / "b").document == made.document

    done = restore_backup(tmp_path / "b", tmp_path / "new.db", archive=tmp_path / "new")
    assert done.aside == ()
    assert count(tmp_path / "new.db") == 3
    assert (tmp_path / "new" / "a" / "1.png").read_bytes() == b"one"
    open_reader(tmp_path / "new.db").close()


def test_a_running_record_is_copied_at_one_moment_and_not_kept_waiting(tmp_path: Path) -> None:
    store = open_store(tmp_path / "r.db", busy_timeout_ms=1)
    recorder = begin_run(store, run_start())
    stop, written = threading.Event(), threading.Event()

    def write() -> None:
        n = 0
        while not stop.is_set():
            recorder.write([inspection(n)], [part(n)])
            n += 1
            written.set()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(3):
            written.clear()
            assert written.wait(10)
            made = make_backup(tmp_path / "r.db", tmp_path / f"b{number}")
            # a frame and its part are committed together
            assert made.document.rows["parts"] == made.document.rows["frames"] > 0
            check_backup(tmp_path / f"b{number}")
    finally:
        stop.set()
        writer.join()
    recorder.close()


def test_a_running_record_is_not_restored_over(tmp_path: Path) -> None:
    make_backup(record(tmp_path / "r.db", 2), tmp_path / "b")
    recorder = begin_run(open_store(tmp_path / "r.db"), run_start())
    recorder.write([], [part()])
    with pytest.raises(StoreError, match="in use"):
        restore_backup(tmp_path / "b", tmp_path / "r.db")
    recorder.write([], [part(1)])
    recorder.close()
    assert count(tmp_path / "r.db") == 4

    done = restore_backup(tmp_path / "b", tmp_path / "r.db")
    assert count(tmp_path / "r.db") == 2
    assert [count(path) for path in done.aside] == [4]
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".r.db-")]


def test_a_damaged_record_is_replaced_with_its_log(tmp_path: Path) -> None:
    db = record(tmp_path / "r.db")
    make_backup(db, tmp_path / "b")
    db.write_bytes(b"rust" * 5000)
    (tmp_path / "r.db-wal").write_bytes(b"stale")
    done = restore_backup(tmp_path / "b", db)
    assert count(db) == 3
    assert done.aside
    assert not (tmp_path / "r.db-wal").exists()


def _flip(folder: Path) -> None:
    data = bytearray((folder / RECORD).read_bytes())
    data[-1] ^= 1
    (folder / RECORD).write_bytes(data)


def _unfinished(folder: Path) -> None:
    (folder / DOCUMENT).unlink()


def _names(folder: Path, name: str) -> None:
    text = (folder / DOCUMENT).read_text()
    (folder.parent / "outside").write_bytes(b"")
    entry = f'{{"name": "{name}", "bytes": 0, "sha256": "{"0" * 64}"}},'
    (folder / DOCUMENT).write_text(text.replace('"files": [', f'"files": [{entry}'))


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (_flip, "digest differs"),
        (_unfinished, "never finished"),
        (lambda folder: _names(folder, "../outside"), "leads out"),
        (lambda folder: _names(folder, "/etc/hostname"), "leads out"),
        (lambda folder: _names(folder, RECORD), "once"),
        (lambda folder: (folder / DOCUMENT).write_text("{"), "JSON"),
        (lambda folder: (folder / RECORD).unlink(), "No such file"),
    ],
)
def test_a_backup_that_is_not_as_it_was_made_is_refused(tmp_path: Path, spoil, words: str) -> None:
    db = record(tmp_path / "r.db")
    make_backup(db, tmp_path / "b")
    spoil(tmp_path / "b")
    with pytest.raises(InputError, match=words):
        restore_backup(tmp_path / "b", db)
    assert count(db) == 3


def test_places_that_cannot_be_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    db = record(tmp_path / "r.db")
    with pytest.raises(InputError, match="exists already"):
        make_backup(db, tmp_path)
    with pytest.raises(InputError, match="cannot be made"):
        make_backup(db, tmp_path / "missing" / "b")
    with pytest.raises(InputError, match="no such folder"):
        make_backup(db, tmp_path / "b", archive=tmp_path / "missing")
    monkeypatch.setattr(module, "integrity_problems", lambda raw: ["page 3 is torn"])
    with pytest.raises(StoreError, match="page 3"):
        make_backup(db, tmp_path / "b")
    assert sorted(p.name for p in tmp_path.iterdir() if "b" in p.name and p.is_dir()) == []
