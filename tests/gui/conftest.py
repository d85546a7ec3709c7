"""Fixtures for the window: offscreen, and no test may leave anything of Qt behind."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

# before the application object is made; a developer may ask for another platform
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import pytest
import shiboken6
from PySide6.QtCore import QObject, QThread, QTimer
from PySide6.QtWidgets import QApplication, QWidget

from inspector.config import RunConfig
from inspector.gui.app import make_application, make_window
from inspector.gui.main_window import MainWindow
from inspector.gui.overlay import OverlayOptions
from inspector.gui.pages import PAGES, PageSpec
from inspector.gui.paths import Paths
from inspector.gui.runs.controller import StartSession
from inspector.gui.runs.session import RunSession
from inspector.gui.settings import SettingsFile
from inspector.gui.theme.theme import Theme
from tests.support.staged_line import Line
from tests.support.tiny_model import write_tiny_package

SOURCE = "sim:metal_nut?seed=1&width=160&height=120&fps=60&parts=3"


@pytest.fixture(scope="session")
def qapp() -> QApplication:
    """pytest-qt takes this one: the application as the program makes it."""
    return make_application(["inspector"])


@pytest.fixture(autouse=True)
def _nothing_left_behind(qapp: QApplication) -> Iterator[None]:
    """A test that leaves a window, a running timer or a thread behind fails."""
    known = _addresses(qapp.topLevelWidgets())
    yield
    if _addresses(qapp.topLevelWidgets()) - known:
        # two tests in three make no window, and a collection takes as long as such a test
        gc.collect()
    qapp.sendPostedEvents(None, 52)  # DeferredDelete
    qapp.processEvents()
    new = [w for w in qapp.topLevelWidgets() if not _addresses([w]) <= known]
    left = [w for w in new if w.isVisible()]
    timers = [t for w in new for t in _active_timers(w)]
    threads = [t for w in qapp.topLevelWidgets() for t in w.findChildren(QThread) if t.isRunning()]
    for widget in left:
        widget.close()
        widget.deleteLater()
    assert not left, f"windows left open: {left}"
    assert not timers, f"timers left running: {[(t.parent(), t.interval()) for t in timers]}"
    assert not threads, f"threads left running: {threads}"


def _addresses(widgets: Iterable[QWidget]) -> set[int]:
    """Of the objects of Qt: those of Python come and go, and holding one would keep a window."""
    return {shiboken6.getCppPointer(widget)[0] for widget in widgets}


def _active_timers(root: QObject) -> list[QTimer]:
    return [t for t in root.findChildren(QTimer) if t.isActive() and not t.isSingleShot()]


@pytest.fixture
def theme(qapp: QApplication) -> Theme:
    return Theme(qapp)


@pytest.fixture
def settings() -> SettingsFile:
    """In memory."""
    return SettingsFile.load(None)


@pytest.fixture
def overlay(settings: SettingsFile) -> OverlayOptions:
    return OverlayOptions(settings)


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A tiny model: the score is the brightness of the brightest place."""
    return write_tiny_package(tmp_path / "models" / "tiny" / "1", t1=0.6, t2=0.8)


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """All inside the test's own folder; ``jobs`` and ``models`` exist and are empty."""
    for name in ("jobs", "models"):
        (tmp_path / name).mkdir(exist_ok=True)
    return Paths(
        jobs=tmp_path / "jobs",
        models=tmp_path / "models",
        db=tmp_path / "record.db",
        archive=tmp_path / "parts",
        recordings=tmp_path / "recordings",
    )


@pytest.fixture
def config(package: Path) -> RunConfig:
    """The tiny model on a short simulated line, every frame a part."""
    return RunConfig(source=SOURCE, model=package)


MakeWindow = Callable[..., MainWindow]


@pytest.fixture
def open_window(qapp: QApplication, settings: SettingsFile, paths: Paths) -> Iterator[MakeWindow]:
    """``open_window(given=config, pages=…, start_session=…)``: shown, closed at the end."""
    windows: list[MainWindow] = []

    def open_one(
        *,
        given: RunConfig | None = None,
        start_session: StartSession = RunSession,
        pages: tuple[PageSpec, ...] = PAGES,
        job: str | None = None,
        loop: bool = False,
    ) -> MainWindow:
        window = make_window(
            settings,
            paths,
            given=given,
            start_session=start_session,
            pages=pages,
            job=job,
            loop=loop,
        )
        windows.append(window)
        window.resize(1280, 720)
        window.show()
        return window

    yield open_one
    for window in windows:
        window.close_now()
        window.deleteLater()


@pytest.fixture
def line(open_window: MakeWindow, config: RunConfig) -> Iterator[Line]:
    """A window whose run is played by the test."""
    made = Line(open_window, config)
    yield made
    made.end()


@pytest.fixture
def window(open_window: MakeWindow, config: RunConfig) -> MainWindow:
    """On the tiny model and the simulator, not started."""
    return open_window(given=config)
