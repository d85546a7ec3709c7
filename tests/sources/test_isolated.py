"""A source in a process of its own, whatever it does there."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from inspector.core.frame import Frame
from inspector.errors import SourceError, SourceInterrupted, SourceOpenError
from inspector.sources.address import parse_address
from inspector.sources.capture_process import CaptureProcess
from inspector.sources.isolated import IsolatedSource
from inspector.sources.options import SourceOptions
from inspector.sources.ring import FrameRing

SHARED = Path("/dev/shm")
Make = Callable[..., IsolatedSource]


def make(opener: str, **options: object) -> IsolatedSource:
    return IsolatedSource(
        parse_address("0"),
        SourceOptions(station_id="s1", **options),  # type: ignore[arg-type]
        opener=f"tests.support.child_sources:{opener}",
    )


def segments() -> set[str]:
    return {p.name for p in SHARED.iterdir() if p.name.startswith("psm_")}


def captures() -> list[int]:
    """Our capture processes (the resource tracker of multiprocessing stays)."""
    children = psutil.Process().children(recursive=True)
    return [p.pid for p in children if "spawn_main" in " ".join(p.cmdline())]


@pytest.fixture(autouse=True)
def _nothing_left(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No process, no shared memory, no descriptor, no file of stderr."""
    rings, create = [], FrameRing.create.__func__
    monkeypatch.setattr(
        FrameRing, "create", lambda layout: rings.append(create(FrameRing, layout)) or rings[-1]
    )
    descriptors = open_descriptors()
    yield
    assert captures() == []
    assert not segments() & {ring.name for ring in rings}
    assert open_descriptors() <= descriptors + 1, "the resource tracker's pipe, and no other"


def open_descriptors() -> int:
    return psutil.Process().num_fds()


def read_all(source: IsolatedSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def test_frames_arrive_with_this_stations_names_and_end() -> None:
    source = make("short")
    assert source.open().width == 64
    frames = read_all(source)
    assert [f.index for f in frames] == list(range(5))
    assert [int(f.image[0, 0, 0]) for f in frames] == list(range(5))
    assert {(f.station_id, f.source_id) for f in frames} == {("s1", "camera-0")}
    assert frames[0].captured_ns < time.monotonic_ns()
    assert source.read() is None
    source.close()
    source.close()


def test_indices_go_on_after_a_reopen() -> None:
    source = make("short")
    for expected in ([0, 1, 2, 3, 4], [5, 6, 7, 8, 9]):
        source.open()
        assert [f.index for f in read_all(source)] == expected
    source.close()


def test_a_slow_reader_loses_the_oldest_and_sees_the_gaps() -> None:
    source = make("flood", read_timeout_s=5.0)
    source.open()
    first = source.read()
    assert first is not None
    ring = source._ring
    assert ring is not None
    while ring.unread < 100:
        threading.Event().wait(0.01)
    frames = read_all(source)
    source.close()
    indices = [first.index, *(f.index for f in frames)]
    assert indices == sorted(set(indices))
    assert indices[-1] == 2999
    assert len(indices) < 3000
    assert all(int(f.image[0, 0, 0]) == f.index % 256 for f in frames)


def test_stuck_is_declared_in_time_and_killed() -> None:
    source = make("stuck", read_timeout_s=0.4)
    source.open()
    for _ in range(3):
        assert source.read()
    before = time.monotonic()
    with pytest.raises(SourceError, match=r"camera 0: no frame for 0\.4 s"):
        source.read()
    assert 0.3 < time.monotonic() - before < 2.0
    source.close()


def test_an_error_there_is_the_same_error_here_after_the_frames_before_it() -> None:
    source = make("broken")
    source.open()
    assert [source.read() is not None for _ in range(3)] == [True] * 3
    with pytest.raises(SourceError, match="the lens fell off"):
        source.read()
    source.close()


def test_a_crash_says_so_without_the_password() -> None:
    source = make("crashing", username="op", password="hunter 2x")
    source.open()
    for _ in range(3):
        assert source.read()
    with pytest.raises(SourceError, match=r"exit code -9.*log in as \*\*\*") as raised:
        source.read()
    assert "hunter 2x" not in str(raised.value)
    source.close()


@pytest.mark.parametrize(
    ("opener", "said"),
    [
        ("refusing", "not today"),
        ("hanging", r"no picture within 0\.5"),
        ("buggy", r"exit code 1.*password \*\*\*"),
    ],
)
def test_open_failures_leave_nothing(
    opener: str, said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    source = make(opener, open_timeout_s=0.3, password="hunter 2x")
    with pytest.raises(SourceOpenError, match=said):
        source.open()
    source.close()
    assert "hunter 2x" not in "".join(capfd.readouterr())


def interrupt_while(source: IsolatedSource, action: Callable[[], object]) -> None:
    """Runs ``action``, which waits for good, and interrupts it from another thread."""
    timer = threading.Timer(0.2, source.interrupt)
    timer.start()
    with pytest.raises(SourceInterrupted):
        action()
    timer.join()


def test_interrupt_wakes_a_reader_and_lasts() -> None:
    source = make("stuck", read_timeout_s=60.0)
    source.open()
    for _ in range(3):
        source.read()
    interrupt_while(source, source.read)
    source.interrupt()
    with pytest.raises(SourceInterrupted):
        source.read()
    before = time.monotonic()
    source.close()
    assert time.monotonic() - before < 1.0


def test_interrupt_wakes_an_opening() -> None:
    source = make("hanging", open_timeout_s=60.0)
    interrupt_while(source, source.open)
    source.close()


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("inspector.sources.isolated.SPARE_AFTER_S", 0.0)


def wait_for_spare(source: IsolatedSource) -> int:
    """Its process id."""
    pause, deadline = threading.Event(), time.monotonic() + 30
    while not source.has_spare:
        assert source.read()
        assert time.monotonic() < deadline
        pause.wait(0.005)
    return pid(source._spare)


def pid(child: CaptureProcess | None) -> int:
    assert child is not None
    assert child._process.pid is not None
    return child._process.pid


@pytest.mark.usefixtures("soon")
def test_a_spare_takes_over_and_is_followed_by_another() -> None:
    source = make("steady", spare=True)
    source.open()
    spare = wait_for_spare(source)
    os.kill(pid(source._child), signal.SIGKILL)
    with pytest.raises(SourceError, match="exit code -9"):
        read_all(source)
    source.open()
    assert pid(source._child) == spare
    assert wait_for_spare(source) != spare
    assert len(captures()) == 2
    source.close()


@pytest.mark.usefixtures("soon")
def test_a_spare_that_died_meanwhile_is_no_hindrance() -> None:
    source = make("steady", spare=True)
    source.open()
    os.kill(wait_for_spare(source), signal.SIGKILL)
    assert source._spare is not None
    # one killed this instant counts as alive, and the supervisor opens again
    source._spare._process.join(10)
    os.kill(pid(source._child), signal.SIGKILL)
    with pytest.raises(SourceError):
        read_all(source)
    source.open()
    assert source.read()
    source.close()


@pytest.mark.usefixtures("soon")
def test_no_spare_unless_asked_for() -> None:
    source = make("steady")
    source.open()
    assert all(source.read() for _ in range(20))
    assert len(captures()) == 1
    source.close()


def test_who_refuses_to_open_again_is_asked_again_in_the_same_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = make("reluctant")
    source.open()
    monkeypatch.setenv("REFUSALS", "2")
    with pytest.raises(SourceError, match="broke off"):
        read_all(source)
    asked = []
    for _ in range(2):
        with pytest.raises(SourceOpenError, match="not yet"):
            source.open()
        asked.append(pid(source._child))
    source.open()
    assert asked == [pid(source._child)] * 2
    assert source.read()
    source.close()


def test_ctrl_c_does_not_reach_the_child() -> None:
    source = make("steady")
    source.open()
    assert source.read()
    os.kill(captures()[0], signal.SIGINT)
    for _ in range(50):
        assert source.read()
    source.close()


def test_the_child_ends_when_its_parent_is_killed(tmp_path: Path) -> None:
    """Even where it hangs in a driver at that moment."""
    script = tmp_path / "parent.py"
    script.write_text(
        "import sys, psutil\n"
        "from tests.sources.test_isolated import make, captures\n"
        "if __name__ == '__main__':\n"
        "    source = make('stuck', read_timeout_s=60.0)\n"
        "    source.open(); source.read()\n"
        "    print(captures()[0], flush=True)\n"
        "    sys.stdin.read()\n"
    )
    root = Path(__file__).resolve().parents[2]
    before = segments()
    with subprocess.Popen(
        [sys.executable, script],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    ) as parent:  # fmt: skip
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        assert child.wait(timeout=5) is None or not child.is_running()
    deadline = time.monotonic() + 5
    while segments() - before and time.monotonic() < deadline:
        threading.Event().wait(0.05)


def test_the_child_loads_neither_network_nor_record() -> None:
    code = (
        "import sys, inspector.sources.isolated_child, inspector.sources.isolated\n"
        "assert 'cv2' not in sys.modules\n"
        "import inspector.sources.factory\n"
        "heavy = {'onnxruntime', 'sqlalchemy', 'torch', 'typer'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
