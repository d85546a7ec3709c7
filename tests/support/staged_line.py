"""The window's live page with a staged run on it."""

from __future__ import annotations

from collections.abc import Callable

from inspector.config import RunConfig
from inspector.core.inspection import Verdict
from inspector.gui.live.page import LivePage
from inspector.gui.live.view import LiveView
from inspector.gui.main_window import MainWindow
from tests.support.staged import StagedSession, part_event


class Line:
    """The window with a staged run on it."""

    def __init__(self, open_window: Callable[..., MainWindow], config: RunConfig) -> None:
        self.sessions: list[StagedSession] = []
        self.window: MainWindow = open_window(given=config, start_session=self._session)
        page = self.window.page("live")
        assert isinstance(page, LivePage)
        self.page = page
        self.view: LiveView = page.view

    def _session(self, config: RunConfig) -> StagedSession:
        self.sessions.append(StagedSession(config))
        return self.sessions[-1]

    def start(self) -> StagedSession:
        self.window.context.launcher.start()
        self.sessions[-1].run()
        self.pull()
        return self.sessions[-1]

    def pull(self) -> None:
        self.window.context.runs._status_due = 0.0
        self.window.context.runs.pull()

    def finish(self, *verdicts: Verdict) -> None:
        for index, verdict in enumerate(verdicts):
            self.sessions[-1].finish_part(part_event(index, verdict))
        self.pull()

    @property
    def notice_titles(self) -> list[str]:
        return [notice.title for notice in self.window.context.notices.notices]

    def end(self) -> None:
        """Every run of it."""
        for session in self.sessions:
            session.end()
        self.pull()
