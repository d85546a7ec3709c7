"""What the service manager hears, on a socket of our own in its place."""

from __future__ import annotations

import signal
import socket
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.engine.status import PipelineStatus, State
from inspector.station.watchdog import ServiceManager, Watchdog
from tests.support.cli import start
from tests.support.tiny_model import write_tiny_package

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="systemd's protocol")

RUNNING = PipelineStatus(state=State.RUNNING)


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(60)
        yield listener


def heard(manager: socket.socket) -> list[str]:
    manager.setblocking(False)
    said = []
    while True:
        try:
            said.append(manager.recv(4096).decode())
        except BlockingIOError:
            return said


def made(manager: socket.socket, watchdog_s: float | None = 30.0) -> tuple[Watchdog, list[float]]:
    now = [0.0]
    told = ServiceManager(str(manager.getsockname()), watchdog_s)
    return Watchdog(told, clock=lambda: now[0]), now


def test_ready_once_and_alive_while_frames_come(manager: socket.socket) -> None:
    watchdog, now = made(manager)
    for second in range(31):
        now[0] = float(second)
        frames = replace(RUNNING, captured=second, inspected=second, recorded=second)
        watchdog.follow({"left": frames})
    watchdog.stopping()
    said = heard(manager)
    assert said[0].startswith("READY=1\n")
    assert said[1:] == ["WATCHDOG=1"] * 4 + ["STOPPING=1"]


def test_the_log_says_alive_every_minute(
    manager: socket.socket, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="inspector")
    watchdog, now = made(manager, watchdog_s=None)
    for second in range(150):
        now[0] = float(second)
        counted = min(second, 130)
        frames = replace(RUNNING, captured=counted, inspected=counted, recorded=counted)
        watchdog.follow({"left": frames})
    assert [r.message for r in caplog.records] == ["alive"] * 3 + [
        "no progress: the watchdog is no longer told"
    ]


def test_one_camera_that_hangs_silences_the_watchdog(manager: socket.socket) -> None:
    watchdog, now = made(manager)
    for second in range(60):
        now[0] = float(second)
        moving = replace(RUNNING, captured=second, inspected=second, recorded=second)
        watchdog.follow({"left": moving, "right": replace(RUNNING, captured=7, inspected=7)})
    said = heard(manager)
    assert said.count("WATCHDOG=1") <= 2
    assert said[-1] == "STATUS=no progress: right"


def test_nobody_asked(manager: socket.socket) -> None:
    watchdog, _ = made(manager, watchdog_s=None)
    watchdog.follow({"left": RUNNING})
    assert [line for line in heard(manager) if "WATCHDOG" in line] == []
    Watchdog(ServiceManager(None, None)).follow({})
    Watchdog(ServiceManager("/nowhere/at/all", 1.0)).follow({"left": RUNNING})


@pytest.mark.parametrize(
    ("environment", "watchdog_s"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "7"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "²"}, None),
    ],
)
def test_environment(environment: dict[str, str], watchdog_s: float | None) -> None:
    assert ServiceManager.from_environment(environment, 7).watchdog_s == watchdog_s


def test_a_station_tells_its_manager(manager: socket.socket, tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path / "package")
    process = start(
        "run",
        "sim:metal_nut?seed=1",
        "--model",
        package,
        cwd=tmp_path,
        NOTIFY_SOCKET=str(manager.getsockname()),
        WATCHDOG_USEC="30000000",
    )
    try:
        assert manager.recv(4096).startswith(b"READY=1")
        assert manager.recv(4096) == b"WATCHDOG=1"
        process.send_signal(signal.SIGTERM)
        while (said := manager.recv(4096)) != b"STOPPING=1":
            assert said == b"WATCHDOG=1"
        process.communicate(timeout=30)
    finally:
        process.kill()
        process.communicate()
    assert process.returncode == 0
