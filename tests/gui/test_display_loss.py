"""The display server dies under the window while a line is inspected."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QMessageLogContext, QtMsgType

from inspector.gui.display_loss import EXIT_CODE, LOST, DisplayWatch
from tests.gui.conftest import SOURCE
from tests.support.cli import start

ENDLESS = SOURCE.replace("&parts=3", "")
PATIENCE_S = 60.0


def _watch(steps: list[str], *, stops: bool = True) -> DisplayWatch:
    def stop() -> bool:
        steps.append("stop")
        return stops

    return DisplayWatch(stop, lambda code: steps.append(f"leave {code}"))


@pytest.mark.parametrize("message", [f"{begin} (error 1). Did it die?" for begin in LOST])
def test_the_run_is_stopped_once_before_the_process_ends(message: str):
    steps: list[str] = []
    watch = _watch(steps)
    watch(QtMsgType.QtWarningMsg, QMessageLogContext(), message)
    watch(QtMsgType.QtWarningMsg, QMessageLogContext(), message)
    assert steps == ["stop", f"leave {EXIT_CODE}"]


def test_a_run_that_does_not_stop_is_told_and_does_not_keep_the_process(
    capsys: pytest.CaptureFixture[str],
):
    steps: list[str] = []
    _watch(steps, stops=False)(QtMsgType.QtWarningMsg, QMessageLogContext(), LOST[0])
    assert steps[-1] == f"leave {EXIT_CODE}"
    assert "may be missing" in capsys.readouterr().err


@pytest.mark.parametrize("message", ["a plugin has no icon", "", None])
def test_other_messages_are_passed_on(message: str | None, capsys: pytest.CaptureFixture[str]):
    steps: list[str] = []
    _watch(steps)(QtMsgType.QtWarningMsg, QMessageLogContext(), message)
    assert steps == []
    assert (message or "\n") in capsys.readouterr().err


@pytest.fixture
def display() -> Iterator[tuple[str, Callable[[], None]]]:
    """A display server of the test's own: its name, and how to kill it."""
    if shutil.which("Xvfb") is None:
        pytest.skip("there is no Xvfb")
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "800x600x24"]
    server = subprocess.Popen(command, pass_fds=(writing,), stderr=subprocess.DEVNULL)
    os.close(writing)

    def kill() -> None:
        server.kill()
        server.wait()

    with os.fdopen(reading) as told:
        number = told.readline().strip()
    yield f":{number}", kill
    kill()


def test_a_run_whose_display_dies_ends_with_all_its_parts_recorded(
    display: tuple[str, Callable[[], None]], package: Path, tmp_path: Path
):
    name, kill = display
    record = tmp_path / "record.db"
    window = start(
        *("gui", ENDLESS, "--model", package, "--empty-frames", "0:4", "--db", record, "--start"),
        cwd=tmp_path,
        DISPLAY=name,
        QT_QPA_PLATFORM="xcb",
        HOME=str(tmp_path),
    )
    try:
        _await_parts(window, record)
        kill()
        _, told = window.communicate(timeout=PATIENCE_S)
    finally:
        window.kill()
    assert window.returncode == EXIT_CODE, told
    assert "the display is gone" in told
    assert "may be missing" not in told
    with closing(sqlite3.connect(record)) as connection:
        (run,) = connection.execute("SELECT state, stop_reason, finished_at FROM runs").fetchall()
        parts = [row[0] for row in connection.execute("SELECT part_index FROM parts ORDER BY 1")]
    assert run[:2] == ("STOPPED", "requested")
    assert run[2] is not None
    assert parts == list(range(len(parts)))


def _await_parts(window: subprocess.Popen[str], record: Path) -> None:
    """Until a few are committed; looked at from outside, there is nothing to be woken by."""
    pause = threading.Event()
    for _ in range(int(PATIENCE_S / 0.1)):
        _must_run(window)
        if _committed(record) >= 3:
            return
        pause.wait(0.1)
    raise AssertionError("no part was recorded")


def _must_run(window: subprocess.Popen[str]) -> None:
    if window.poll() is None:
        return
    told = window.communicate()[1]
    if "platform plugin" in told:
        pytest.skip("Qt cannot show windows on X here: a library of the system is missing")
    raise AssertionError(told)


def _committed(record: Path) -> int:
    if not record.exists():
        return 0
    try:
        with closing(sqlite3.connect(f"file:{record}?mode=ro", uri=True)) as connection:
            return int(connection.execute("SELECT count(*) FROM parts").fetchone()[0])
    except sqlite3.OperationalError:  # no tables yet
        return 0
