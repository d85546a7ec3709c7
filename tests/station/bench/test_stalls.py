"""How long the machine and the process stood still while something was measured."""

from __future__ import annotations

import ctypes
import signal
import sys
from pathlib import Path

import pytest

from inspector.station.bench import stalls
from inspector.station.bench.heartbeat import PERIOD_S, Stall, beat
from inspector.station.bench.stalls import Stalls


def test_the_latest_beat_is_the_stall_and_the_last_wait_is_none():
    now, late = [10.0], iter([0.0, 0.02, 0.075, 0.001])

    def is_over(wait_s: float) -> bool:
        extra = next(late, None)
        now[0] += wait_s + (5.0 if extra is None else extra)
        return extra is None

    worst = beat(is_over, lambda: now[0])
    assert worst.worst_ms == pytest.approx(75)
    assert worst.at_s == pytest.approx(10.0 + 3 * PERIOD_S + 0.095)


def test_a_heart_that_never_had_to_beat_was_never_late():
    assert beat(lambda wait_s: True) == Stall()


@pytest.mark.skipif(sys.platform == "win32", reason="usleep is of POSIX")
def test_who_keeps_the_interpreters_lock_stops_this_process_and_not_the_machine():
    with Stalls() as found:
        ctypes.PyDLL(None).usleep(ctypes.c_uint(150_000))
    said = found.as_dict()
    assert said["process_ms"] >= 100
    assert 0 < said["at_s"] < 60
    assert said["machine_ms"] is not None


@pytest.mark.parametrize(
    "child",
    [
        ("/nowhere/at/all",),
        (None, "-I", "x.py"),
        (sys.executable, "-c", "print('what?', flush=True); input()"),
        (sys.executable, "-c", "import time; time.sleep(60)"),
        (sys.executable, "-c", "raise SystemExit"),
    ],
)
def test_where_no_heart_beats_nothing_is_said_of_the_machine(
    child: tuple[str | None, ...], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stalls, "_CHILD", child)
    monkeypatch.setattr(stalls, "_START_S", 1.0)
    with Stalls() as found:
        pass
    assert found.as_dict()["machine_ms"] is None


def test_no_python_file_of_the_folder_that_one_works_in_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "json.py").write_text("open('was-run', 'w')")
    monkeypatch.chdir(tmp_path)
    with Stalls() as found:
        pass
    assert found.machine is not None
    assert not (tmp_path / "was-run").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
def test_ctrl_c_is_not_for_the_heart():
    with Stalls() as found:
        assert found._child is not None
        found._child.send_signal(signal.SIGINT)
    assert found.machine is not None


def test_a_process_that_says_something_else_is_not_believed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stalls, "_CHILD", (sys.executable, "-c", "print('ready'); print('{}x')"))
    with Stalls() as found:
        pass
    assert found.machine is None
