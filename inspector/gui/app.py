"""Factories of application and window: tests build them without a running loop."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from inspector import __version__
from inspector.config import RunConfig
from inspector.engine.focus_memory import FocusMemories
from inspector.errors import StateError
from inspector.gui.context import AppContext
from inspector.gui.display_loss import ended_with_the_display
from inspector.gui.launcher import Launcher
from inspector.gui.main_window import MainWindow
from inspector.gui.notices import NoticeBoard
from inspector.gui.overlay import OverlayOptions
from inspector.gui.pages import PAGES, PageSpec
from inspector.gui.paths import Paths
from inspector.gui.people.access import WindowAccess
from inspector.gui.qt_environment import keep_opencv_qt_out
from inspector.gui.runs.controller import RunController, StartSession
from inspector.gui.runs.session import RunSession
from inspector.gui.settings import SettingsFile, default_folder
from inspector.gui.theme.fonts import load_fonts
from inspector.gui.theme.theme import Theme
from inspector.gui.work import WorkRunner
from inspector.sources.credentials import Credentials
from inspector.station.build import build_station
from inspector.station.long_lived import set_aside
from inspector.station.people import People

STATION_ID = "station"
SIGNAL_MS = 200
"""How often Python gets a turn to notice Ctrl-C while Qt waits for events."""


def make_application(arguments: Sequence[str]) -> QApplication:
    """The one application object of the process, made at the first call."""
    existing = QApplication.instance()
    if isinstance(existing, QApplication):
        return existing
    keep_opencv_qt_out()
    application = QApplication(list(arguments))
    application.setApplicationName("inspector")
    application.setApplicationDisplayName("Inspector")
    application.setApplicationVersion(__version__)
    application.setStyle("Fusion")
    load_fonts()
    return application


def make_window(
    settings: SettingsFile,
    paths: Paths,
    *,
    given: RunConfig | None = None,
    job: str | None = None,
    loop: bool = False,
    start_session: StartSession | None = None,
    pages: Sequence[PageSpec] = PAGES,
    credentials: Credentials | None = None,
    people: People | None = None,
) -> MainWindow:
    """A window that is not shown yet; `make_application` must have been called.

    Args:
        given: a run described on the command line, to choose from beside the jobs.
        job: the job chosen at the start, instead of the last one.
        loop: footage that ends is started again.
        start_session: makes the session of a run; tests hand over a fake.
        people: the users of the station; None: those of its record.
    """
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        raise StateError("make_application has to be called before make_window")
    theme = Theme(application, settings.values.theme)
    work, notices = WorkRunner(), NoticeBoard()
    credentials = credentials or Credentials()
    runs = RunController(start_session or session_with(credentials))
    station_id = given.station_id if given else STATION_ID
    access = WindowAccess(people or People(paths.db, station_id), work)
    launcher = Launcher(
        runs, work, notices, settings, paths, require=access.require, given=given, loop=loop
    )
    if job is not None:
        launcher.choose(job)
    opener = _Opener()
    context = AppContext(
        settings=settings,
        runs=runs,
        launcher=launcher,
        overlay=OverlayOptions(settings),
        work=work,
        notices=notices,
        theme=theme,
        paths=paths,
        open_page=opener,
        credentials=credentials,
        station_id=station_id,
        access=access,
    )
    window = MainWindow(context, pages)
    opener.window = window
    return window


def session_with(credentials: Credentials) -> StartSession:
    """Runs find the credentials that were typed into this window, too, and a camera that was sharp
    in one of them is measured by that in the next.
    """
    build = partial(build_station, credentials=credentials, focus=FocusMemories())

    def start(config: RunConfig) -> RunSession:
        return RunSession(config, build=build)

    return start


class _Opener:
    """The context needs the window's ``open_page`` before there is a window."""

    window: MainWindow | None = None

    def __call__(self, page_id: str) -> None:
        if self.window is not None:
            self.window.open_page(page_id)


def run_gui(
    paths: Paths,
    *,
    given: RunConfig | None = None,
    job: str | None = None,
    start: bool = False,
    loop: bool = False,
    settings_folder: Path | None = None,
    on_secret: Callable[[str], None] = lambda secret: None,
) -> int:
    """Opens the window and stays until it is closed; the exit code.

    ``start``: the chosen job is started at once. ``on_secret`` hears every password.
    """
    application = make_application(["inspector"])
    settings = SettingsFile.load(settings_folder or default_folder())
    credentials = Credentials(on_secret=on_secret)
    window = make_window(settings, paths, given=given, job=job, loop=loop, credentials=credentials)
    if settings.values.geometry:
        window.show()
    else:
        window.showMaximized()
    if start:
        QTimer.singleShot(0, window.context.launcher.start)
    set_aside()
    with closed_by_signals(window), ended_with_the_display(window.context.runs.abandon):
        try:
            return application.exec()
        finally:
            # the loop was left although no window was closed: no run may go on unseen
            window.context.runs.abandon()


@contextmanager
def closed_by_signals(window: MainWindow) -> Iterator[None]:
    """Ctrl-C and a shutdown stop the run cleanly: nobody can be asked then.

    The handler only takes a note. It runs between any two instructions of the GUI thread,
    which may just hold a lock of the run or be painting.
    """
    asked: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        asked.append(number)

    def close_if_asked() -> None:
        if asked:
            asked.clear()
            window.close_now()

    before = {s: signal.signal(s, note) for s in (signal.SIGINT, signal.SIGTERM)}
    timer = QTimer()
    timer.timeout.connect(close_if_asked)
    timer.start(SIGNAL_MS)
    try:
        yield
    finally:
        timer.stop()
        for number, handler in before.items():
            signal.signal(number, handler)
