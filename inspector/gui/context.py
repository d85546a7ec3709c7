"""What every page is handed: the services of the window, no globals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from inspector.gui.launcher import Launcher
from inspector.gui.notices import Notice, NoticeBoard, Severity
from inspector.gui.overlay import OverlayOptions
from inspector.gui.paths import Paths
from inspector.gui.people.access import WindowAccess
from inspector.gui.runs.controller import RunController
from inspector.gui.settings import SettingsFile
from inspector.gui.theme.theme import Theme
from inspector.gui.words import explain
from inspector.gui.work import WorkRunner
from inspector.sources.credentials import Credentials


@dataclass(frozen=True, slots=True, eq=False)
class AppContext:
    """Services shared by the pages.

    Attributes:
        runs: the run of the window: pictures, parts and status are pulled from it.
        launcher: chooses a job and starts it.
        work: runs functions off the GUI thread.
        open_page: shows a page by its id; unknown ids do nothing.
        credentials: of cameras, by name; asked off the GUI thread only.
        station_id: the name on every record and in the audit.
        access: who is signed in, and what they may.
    """

    settings: SettingsFile
    runs: RunController
    launcher: Launcher
    overlay: OverlayOptions
    work: WorkRunner
    notices: NoticeBoard
    theme: Theme
    paths: Paths
    open_page: Callable[[str], None]
    credentials: Credentials
    station_id: str
    access: WindowAccess

    def report(
        self, error: BaseException, *, key: str, severity: Severity = Severity.WARNING
    ) -> None:
        """Tells a failure in the operator's words, details for the engineer."""
        words = explain(error)
        self.notices.tell(Notice(key, severity, words.title, words.advice, words.details))
