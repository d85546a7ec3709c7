"""Records and archives that cannot be written: nothing announced is lost, and it is said."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inspector.core.frame import Frame
from inspector.core.inspection import Part
from inspector.engine.status import PipelineStatus, State, Trouble
from inspector.errors import StoreError, StoreUnavailableError
from inspector.sources.address import parse_address
from inspector.sources.camera import CameraSource
from inspector.sources.options import SourceOptions
from inspector.store.opening import open_store
from inspector.store.recorder import RunRecorder
from tests.faults.ledger import Ledger, Row
from tests.faults.line import Line, line_of, recorded_parts
from tests.faults.rig import Rig

ENDS = "ERRORED with one line; all that was announced is in the record"


def camera() -> CameraSource:
    return CameraSource(parse_address("0"), SourceOptions(), capture_factory=Rig())


def raw_of(line: Line) -> sqlite3.Connection:
    """The running recorder's own connection to SQLite."""
    assert line.station is not None
    record = next(s for kept in line.station.kept for s in kept.sinks if hasattr(s, "add_event"))
    recorder = record._recorder
    assert isinstance(recorder, RunRecorder)
    raw = recorder._connection.connection.driver_connection
    assert isinstance(raw, sqlite3.Connection)
    return raw


def no_more_pages(line: Line) -> None:
    """As on a full disk: the file may not grow, nor may its log be folded into it."""
    raw = raw_of(line)
    (pages,) = raw.execute("PRAGMA page_count").fetchone()
    raw.execute(f"PRAGMA max_page_count = {pages}")


def read_only(line: Line) -> None:
    raw_of(line).execute("PRAGMA query_only = ON")


def ended(line: Line) -> PipelineStatus:
    assert line.station is not None
    assert line.station.pipeline.wait(20)
    line.station.pipeline.stop()
    try:
        return line.station.finish()
    except StoreError:
        # the run's own row could not be ended either
        return line.station.pipeline.status()


@pytest.mark.parametrize(
    ("fault", "inject", "words"),
    [("disk full", no_more_pages, "disk is full"), ("read-only", read_only, "cannot be opened")],
)
def test_a_record_that_cannot_be_written_ends_the_run_and_loses_nothing_announced(
    fault: str, inject: Callable[[Line], None], words: str, package: Path, tmp_path: Path,
    ledger: Ledger,
) -> None:  # fmt: skip
    with line_of(camera(), package, tmp_path) as line:
        line.wait_parts(2)
        inject(line)
        began = time.monotonic()
        status = ended(line)
        found = time.monotonic() - began
        assert status.state is State.ERRORED
        assert words in str(status.first_error)
        assert "\n" not in str(status.first_error)
    _told(ledger, line, f"record: {fault}", "SQLite's connection", ENDS, found)


def _told(
    ledger: Ledger, line: Line, fault: str, where: str, expected: str, found: float | None
) -> None:
    assert line.lost() == 0
    ledger.add(
        Row(
            fault=fault,
            where=where,
            expected=expected,
            detected_s=found,
            meanwhile=Counter(said.part.verdict.value for said in line.parts),
            lost=line.lost(),
        )
    )


@contextmanager
def small_disk(place: Path, kilobytes: int) -> Iterator[Path]:
    """A file system of its own; skips where it cannot be mounted."""
    place.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root on Linux")
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("cannot mount a tmpfs here")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True, capture_output=True)


def test_a_disk_that_fills_up_in_mid_run(package: Path, tmp_path: Path, ledger: Ledger) -> None:
    with small_disk(tmp_path / "disk", 900) as disk:
        with line_of(camera(), package, disk) as line:
            line.wait_parts(1)
            began = time.monotonic()
            (disk / "ballast").write_bytes(bytes(_room(disk)))
            status = ended(line)
            found = time.monotonic() - began
            assert status.state is State.ERRORED
            assert "disk is full" in str(status.first_error)
        (disk / "ballast").unlink()
        _told(ledger, line, "disk: full in mid-run", "a small file system", ENDS, found)


def _room(disk: Path) -> int:
    return max(0, shutil.disk_usage(disk).free - 8192)


def test_a_record_that_another_program_locks_for_a_while(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    with line_of(camera(), package, tmp_path) as line:
        line.wait_parts(2)
        other = sqlite3.connect(line.db, isolation_level=None, timeout=10)
        other.execute("BEGIN IMMEDIATE")
        before = len(line.parts)
        assert line.station is not None
        frames = line.station.pipeline.status().captured
        captured = threading.Event()
        while line.station.pipeline.status().captured < frames + 40:
            captured.wait(0.01)
        while_locked = len(line.parts) - before
        other.execute("COMMIT")
        other.close()
        line.wait_parts(3)
        status = line.end()
    assert while_locked <= 1
    assert status.state is State.STOPPED
    _told(
        ledger, line, "record: locked for 0.4 s", "another connection's transaction",
        "announcements wait, nothing is lost", None,
    )  # fmt: skip


def test_a_slow_disk_delays_announcements_and_loses_none(
    package: Path, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, pause = RunRecorder.write, threading.Event()

    def slow(self: RunRecorder, *facts: object) -> None:
        pause.wait(0.1)
        plain(self, *facts)  # type: ignore[arg-type]

    with line_of(camera(), package, tmp_path) as line:
        line.wait_parts(1)
        monkeypatch.setattr(RunRecorder, "write", slow)
        line.wait_parts(4)
        status = line.end()
    assert status.state is State.STOPPED
    _told(
        ledger, line, "disk: 100 ms a commit", "the recorder's write",
        "announced later, in groups; the line goes on", None,
    )  # fmt: skip


STALLS = "declared; nothing is announced meanwhile, and all of it afterwards"


def stalled(line: Line, since: list[float]) -> float:
    """How long after the last step the stall was declared; nothing is announced meanwhile."""
    declared = line.event("record_stalled")
    assert line.station is not None
    status = line.station.pipeline.status()
    assert (status.state, status.trouble) == (State.DEGRADED, Trouble.RECORD)
    announced = len(line.parts)
    frames = status.captured
    while line.station.pipeline.status().captured < frames + 20:
        threading.Event().wait(0.01)
    assert len(line.parts) == announced, "announced, and not on record"
    return declared - since[-1]


def test_a_disk_that_never_answers_is_declared_and_announces_nothing(
    package: Path, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, answers, since = RunRecorder.write, threading.Event(), []

    def hang(self: RunRecorder, *facts: object) -> None:
        since.append(time.monotonic())
        answers.wait()
        plain(self, *facts)  # type: ignore[arg-type]

    with line_of(camera(), package, tmp_path) as line:
        line.wait_parts(1)
        monkeypatch.setattr(RunRecorder, "write", hang)
        found = stalled(line, since)
        answers.set()
        line.event("record_back")
        line.wait_parts(1)
        assert line.end().state is State.STOPPED
    _told(ledger, line, "disk: never answers", "the recorder's write", STALLS, found)


def test_a_reader_of_the_output_that_stalls_is_declared_and_loses_nothing(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    """As ``inspector run`` prints: into a pipe that nobody reads for a while."""
    reading, writing = os.pipe()
    since: list[float] = []

    def print_part(part: Part, frame: Frame | None) -> None:
        since.append(time.monotonic())
        os.write(writing, b"." * 5000)

    with line_of(camera(), package, tmp_path, reader=print_part) as line:
        found = stalled(line, since)
        drained = threading.Thread(target=_drain, args=(reading,))
        drained.start()
        line.event("record_back")
        line.wait_parts(1)
        assert line.end().state is State.STOPPED
    os.close(writing)
    drained.join()
    _told(ledger, line, "output: its reader stalls", "a pipe", STALLS, found)


def _drain(reading: int) -> None:
    while os.read(reading, 65536):
        pass
    os.close(reading)


@pytest.mark.parametrize("read_through", [True, False])
def test_a_damaged_record_is_refused_in_one_line(
    read_through: bool, package: Path, tmp_path: Path, ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    if not read_through:
        monkeypatch.setattr("inspector.store.opening.READ_THROUGH_BYTES", 0)
    with line_of(camera(), package, tmp_path) as line:
        line.wait_parts(2)
        line.end()
    open_store(line.db).close()
    with line.db.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * 4096 * 3)
    with pytest.raises(StoreUnavailableError, match="damaged") as raised:
        open_store(line.db)
    assert "\n" not in str(raised.value)
    if not read_through:
        return
    ledger.add(
        Row(
            fault="record: damaged pages",
            where="the closed file",
            expected="refused in one line: nothing is announced",
        )
    )


def test_an_archive_that_is_deleted_in_mid_run_stops_no_line(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    rig = Rig()
    source = CameraSource(parse_address("0"), SourceOptions(), capture_factory=rig)
    with line_of(source, package, tmp_path) as line:
        line.wait_parts(1)
        shutil.rmtree(tmp_path / "parts")
        rig.inject("black")
        declared = line.event("picture_lost")
        rig.heal()
        line.event("picture_back", declared)
        line.wait_parts(2)
        status = line.end()
    assert status.state is State.STOPPED
    assert len(recorded_parts(line.db)) == len(line.parts)
    _told(
        ledger, line, "archive: folder deleted in mid-run", "the file system",
        "the line goes on; pictures are saved anew or counted as not saved", None,
    )  # fmt: skip
