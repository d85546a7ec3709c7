"""A full disk: one clear line, nothing torn, and a second try that can help."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from inspector.errors import StoreError, StoreFullError
from inspector.store.opening import open_store
from inspector.store.recorder import RunRecorder, begin_run
from tests.support.records import END, inspection, part, run_start


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 1 MiB; skips where it cannot be mounted."""
    place = tmp_path / "disk"
    place.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    command = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        yield place
    finally:
        subprocess.run(["umount", str(place)], check=True, capture_output=True)


def fill(recorder: RunRecorder) -> tuple[int, StoreFullError]:
    """Parts written until the disk was full, and what was said then."""
    for index in range(100_000):
        try:
            recorder.write([inspection(10 * index + n) for n in range(10)], [part(index)])
        except StoreFullError as error:
            return index, error
    raise AssertionError("the disk never filled up")


def counted(path: Path) -> tuple[int, int, str]:
    with closing(sqlite3.connect(path)) as raw:
        (parts,) = raw.execute("SELECT count(*) FROM parts").fetchone()
        (frames,) = raw.execute("SELECT count(*) FROM frames").fetchone()
        (sound,) = raw.execute("PRAGMA integrity_check").fetchone()
    return parts, frames, sound


def test_a_disk_that_fills_up_keeps_what_was_committed(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(300_000))
    path = small_disk / "record.db"
    recorder = begin_run(open_store(path), run_start())
    written, error = fill(recorder)
    assert error.exit_code == 2
    assert "disk is full" in str(error)
    assert "\n" not in str(error)
    ballast.unlink()
    recorder.write([inspection(10 * written + n) for n in range(10)], [part(written)])
    recorder.finish(END)
    assert counted(path) == (written + 1, 10 * (written + 1), "ok")


def test_a_disk_full_from_the_start(small_disk: Path) -> None:
    with (small_disk / "ballast").open("wb", buffering=0) as file:
        while True:
            try:
                file.write(bytes(4096))
            except OSError:
                break
    with pytest.raises(StoreError) as raised:
        open_store(small_disk / "record.db")
    assert raised.value.exit_code == 2
    assert "disk is full" in str(raised.value)


def starved(path: Path) -> tuple[RunRecorder, sqlite3.Connection]:
    """A recorder whose database may not grow by another page."""
    recorder = begin_run(open_store(path), run_start())
    raw = recorder._connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages}")
    return recorder, raw


def test_the_log_is_truncated_and_the_batch_tried_once_more(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    recorder, raw = starved(path)
    statements: list[str] = []
    raw.set_trace_callback(statements.append)

    written, _ = fill(recorder)

    steps = [s for s in statements if s.startswith(("BEGIN", "PRAGMA wal"))]
    assert steps[-3:] == ["BEGIN IMMEDIATE", "PRAGMA wal_checkpoint(TRUNCATE)", "BEGIN IMMEDIATE"]
    assert (tmp_path / "record.db-wal").stat().st_size == 0
    raw.execute("PRAGMA max_page_count = 1000000")
    recorder.write([inspection(10 * written + n) for n in range(10)], [part(written)])
    recorder.finish(END)
    assert counted(path) == (written + 1, 10 * (written + 1), "ok")


def test_a_second_try_that_helps_is_not_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "record.db"
    recorder, raw = starved(path)
    helped: list[str] = []

    def help_out(self: RunRecorder) -> None:
        raw.execute("PRAGMA max_page_count = 1000000")
        helped.append("once")

    monkeypatch.setattr(RunRecorder, "_truncate_log", help_out)
    for index in range(100):
        recorder.write([inspection(10 * index + n) for n in range(10)], [part(index)])
    recorder.finish(END)
    assert helped == ["once"]
    assert counted(path) == (100, 1000, "ok")
