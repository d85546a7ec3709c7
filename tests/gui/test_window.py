"""The window as a whole: on the tiny model and the simulator, offscreen."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from inspector.config import RunConfig, config_for_job
from inspector.core.inspection import Verdict
from inspector.gui.app import closed_by_signals, run_gui
from inspector.gui.live.page import LivePage
from inspector.gui.main_window import MainWindow
from inspector.gui.paths import Paths
from inspector.gui.runs.session import Phase, RunSession, RunSnapshot
from inspector.store.opening import open_store
from tests.gui.conftest import SOURCE, MakeWindow
from tests.support.cli import InProcess


def _live(window: MainWindow) -> LivePage:
    page = window.page("live")
    assert isinstance(page, LivePage)
    return page


def _run_to_the_end(window: MainWindow, qtbot: QtBot) -> RunSnapshot:
    with qtbot.waitSignal(window.context.runs.ended, timeout=20_000) as ended:
        window.context.launcher.start()
    (snapshot,) = ended.args
    return snapshot


def test_a_run_is_shown_counted_and_recorded(window: MainWindow, qtbot: QtBot, paths: Paths):
    snapshot = _run_to_the_end(window, qtbot)
    assert snapshot.error is None
    counts = _live(window).controller.counts
    assert snapshot.status is not None
    assert counts == dict(snapshot.status.parts)
    assert sum(counts.values()) > 10
    assert paths.db is not None
    open_store(paths.db).close()
    assert _live(window).view.banner.verdict in set(Verdict)


def test_a_second_start_goes_on_counting(window: MainWindow, qtbot: QtBot):
    first = _run_to_the_end(window, qtbot)
    second = _run_to_the_end(window, qtbot)
    assert first.status is not None
    assert second.status is not None
    expected = first.status.parts_total + second.status.parts_total
    assert sum(_live(window).controller.counts.values()) == expected


def test_what_cannot_start_is_told_in_the_operators_words(
    open_window: MakeWindow, config: RunConfig, qtbot: QtBot, tmp_path: Path
):
    window = open_window(given=replace(config, source=str(tmp_path / "absent.mp4")))
    snapshot = _run_to_the_end(window, qtbot)
    assert snapshot.error is not None
    notice = window.context.notices.notices[0]
    assert "cannot be opened" in notice.title
    assert "absent.mp4" in notice.details
    assert window.notice_bar.isVisible()


def test_closing_with_a_run_on_asks_once_and_then_stops_cleanly(
    open_window: MakeWindow, config: RunConfig, qtbot: QtBot
):
    endless = replace(config, source=config.source.replace("&parts=3", ""))
    window = open_window(given=endless)
    with qtbot.waitSignal(window.context.runs.started, timeout=20_000):
        window.context.launcher.start()
    window.close()
    assert window.isVisible()
    assert window.question.isVisible()
    with qtbot.waitSignal(window.context.runs.ended, timeout=20_000) as ended:
        window.question._yes.click()
    (snapshot,) = ended.args
    assert snapshot.phase is Phase.ENDED
    assert snapshot.status.accounting_problem() is None
    qtbot.waitUntil(lambda: not window.isVisible())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_the_run_and_closes_unasked_even_amid_a_status(
    open_window: MakeWindow, config: RunConfig, qtbot: QtBot, number: signal.Signals
):
    """The handler may come while the GUI thread holds a lock of the run."""
    window = open_window(given=replace(config, source=config.source.replace("&parts=3", "")))
    with qtbot.waitSignal(window.context.runs.started, timeout=20_000):
        window.context.launcher.start()
    session = window.context.runs._session
    assert session is not None
    with closed_by_signals(window):
        with session._lock:
            os.kill(os.getpid(), number)
            assert window.isVisible()
        qtbot.waitUntil(lambda: not window.isVisible(), timeout=20_000)
    snapshot = window.context.runs.snapshot
    assert snapshot is not None
    assert snapshot.error is None
    assert snapshot.phase is Phase.ENDED


def test_however_the_event_loop_is_left_no_run_goes_on_unseen(
    qapp: QApplication, config: RunConfig, paths: Paths, tmp_path: Path
):
    """The interpreter would wait for its threads, for ever with a camera."""
    endless = replace(config, source=config.source.replace("&parts=3", ""))
    QTimer.singleShot(100, lambda: qapp.exit(3))
    try:
        assert run_gui(paths, given=endless, start=True, settings_folder=tmp_path / "gui") == 3
        assert [thread.name for thread in threading.enumerate() if thread.name == "run"] == []
        assert paths.db is not None
        assert paths.db.exists(), "the run had not begun: nothing was tested"
    finally:
        for window in qapp.topLevelWidgets():
            if isinstance(window, MainWindow):
                window.close_now()
                window.deleteLater()


@pytest.mark.parametrize("module", ["inspector.cli.app", "inspector.station.build"])
def test_qt_is_only_loaded_by_the_window(module: str):
    code = f"import sys, {module}; sys.exit(any(m.startswith('PySide6') for m in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_opencv_imported_first_does_not_shadow_the_plugins_of_qt():
    """The xcb and offscreen plugins loaded must be PySide6's own."""
    code = (
        "import os, cv2\n"
        "from inspector.gui.app import make_application\n"
        "app = make_application(['x'])\n"
        "assert app.platformName() == 'offscreen'\n"
        "assert 'cv2' not in os.environ.get('QT_QPA_PLATFORM_PLUGIN_PATH', '')\n"
        "maps = open('/proc/self/maps').read() if os.path.exists('/proc/self/maps') else ''\n"
        "qt = [l for l in maps.splitlines() if '/plugins/platforms/' in l]\n"
        "assert all('PySide6' in l for l in qt), qt\n"
    )
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_qt_gives_back_what_it_takes_of_none(window: MainWindow, qtbot: QtBot):
    """PySide6 6.12.0 lost a reference to None a call, which ends Python 3.11 in time."""
    before = sys.getrefcount(None)
    for _ in range(2000):
        window.isVisible()
        window.update()
    assert abs(sys.getrefcount(None) - before) < 1000


def _records_of_the_window(config: RunConfig) -> object:
    session = RunSession(config)
    session.start()
    assert session.join(120)
    last = session.snapshot()
    assert last.error is None
    assert last.document is not None
    return last.document["records_sha256"]


def test_the_windows_run_of_footage_records_what_the_command_line_records(
    package: Path, tmp_path: Path, cli: InProcess
):
    source = f"{SOURCE}&defect_rate=0.5"
    result = cli("replay", source, "--model", package, "--json", tmp_path / "r.json")
    assert result.code == 0, result
    expected = json.loads((tmp_path / "r.json").read_text())["records_sha256"]
    config = RunConfig(source=source, model=package, recorded_only=True)
    assert _records_of_the_window(config) == expected


@pytest.mark.slow
def test_the_window_records_of_the_demo_footage_what_the_command_line_records(
    tmp_path: Path, cli: InProcess
):
    jobs = Path(__file__).resolve().parents[2] / "assets" / "jobs"
    result = cli("replay", "--job", "metal_nut", "--jobs", jobs, "--json", tmp_path / "r.json")
    assert result.code == 0, result
    expected = json.loads((tmp_path / "r.json").read_text())["records_sha256"]
    assert _records_of_the_window(config_for_job("metal_nut", jobs)) == expected


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> InProcess:
    return InProcess(capfd, monkeypatch)
