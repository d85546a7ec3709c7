"""The window: navigation, notices, the page in front, the status strip."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QByteArray, QCoreApplication
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from inspector.gui.actions import make_actions
from inspector.gui.context import AppContext
from inspector.gui.notices import Notice, Severity
from inspector.gui.pages import Page, PageSpec
from inspector.gui.people.locked_page import LockedPage
from inspector.gui.people.unlock_panel import UnlockPanel
from inspector.gui.run_notices import RunNotices
from inspector.gui.runs.session import Phase
from inspector.gui.shell.notice_bar import NoticeBar
from inspector.gui.shell.question_bar import QuestionBar
from inspector.gui.shell.rail import NavigationRail
from inspector.gui.shell.status_strip import StatusStrip

MENU = ("overlay", "theme", "fullscreen", "quit")


class MainWindow(QMainWindow):
    """Made by `inspector.gui.app.make_window`."""

    def __init__(self, context: AppContext, pages: Sequence[PageSpec]) -> None:
        super().__init__()
        self.context = context
        self._specs = {page.id: page for page in pages}
        self._pages: dict[str, Page] = {}
        self._front = ""
        self._closing = False
        self.setWindowTitle(self.tr("Inspector"))
        self.actions_by_id = make_actions(self, context.theme, self._handlers())
        self.rail = NavigationRail(pages, context.theme)
        self.rail.set_menu([self.actions_by_id[name] for name in MENU])
        self.rail.chosen.connect(self.open_page)
        self.notice_bar = NoticeBar(context.notices, context.theme)
        self.question = QuestionBar()
        self._ground = QWidget()
        self.stack = QStackedWidget()
        self.locked = LockedPage(context.theme)
        self.stack.addWidget(self.locked)
        self.locked.unlock_wanted.connect(lambda: context.access.unlock_wanted.emit(""))
        self.status = StatusStrip(context)
        self._run_notices = RunNotices(context.runs, context.notices, context.settings)
        self._lay_out()
        self.unlock = UnlockPanel(context.access, context.theme, self._ground)
        context.access.unlock_wanted.connect(self.unlock.ask)
        context.access.changed.connect(self._on_access)
        self._restore()
        context.runs.phase_changed.connect(self._on_phase)
        context.launcher.chosen_changed.connect(self._show_what_is_possible)
        context.launcher.jobs_changed.connect(self._show_what_is_possible)
        context.notices.changed.connect(self._show_what_is_possible)
        self._show_what_is_possible()

    def open_page(self, page_id: str) -> None:
        """Brings a page to the front, making it at its first visit."""
        if page_id not in self._specs or page_id == self._front:
            return
        self._hide_front()
        self._front = page_id
        self.rail.select(page_id)
        self._show_front()
        if self._refusal() is not None:
            self.context.access.refresh()

    def page(self, page_id: str) -> Page:
        """Raises KeyError for a page that was not visited."""
        return self._pages[page_id]

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: N802 - Qt's name
        """With a run on it asks once, in the window; then stops it and closes after it."""
        if self.context.runs.is_active:
            event.ignore()
            if not self._closing:
                self._ask_to_close()
            return
        self._shut_down()
        event.accept()

    def close_now(self) -> None:
        """Stops a run, waits for its record, closes; for tests and signals."""
        self.context.runs.close()
        self.close()

    def _refusal(self) -> str | None:
        """Why the page in front may not be used now; None where it may."""
        right = self._specs[self._front].right
        return None if right is None else self.context.access.why_not(right)

    def _show_front(self) -> None:
        """The page in front, or what stands in its place while it is locked."""
        refusal = self._refusal()
        if refusal is not None:
            title = QCoreApplication.translate("Pages", self._specs[self._front].title)
            self.locked.set_words(title, refusal)
            self.stack.setCurrentWidget(self.locked)
            return
        page = self._pages.get(self._front) or self._make(self._front)
        self.stack.setCurrentWidget(page)
        page.on_shown()

    def _hide_front(self) -> None:
        page = self._pages.get(self._front)
        if page is not None and self.stack.currentWidget() is page:
            page.on_hidden()

    def _on_access(self) -> None:
        """Somebody was signed in or out: the page in front may be another's now."""
        is_shown = self.stack.currentWidget() is not self.locked
        if not is_shown or self._refusal() is not None:
            self._hide_front()
            self._show_front()

    def _make(self, page_id: str) -> Page:
        page = self._specs[page_id].make(self.context)
        page.setObjectName("ground")
        self._pages[page_id] = page
        self.stack.addWidget(page)
        return page

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.question)
        column.addWidget(self.notice_bar)
        column.addWidget(self.stack, 1)
        column.addWidget(self.status)
        ground = self._ground
        ground.setObjectName("ground")
        row = QHBoxLayout(ground)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        row.addLayout(column, 1)
        self.setCentralWidget(ground)

    def _restore(self) -> None:
        values = self.context.settings.values
        self.resize(1280, 720)
        if values.geometry:
            self.restoreGeometry(QByteArray.fromBase64(values.geometry.encode()))
        if values.docks:
            self.restoreState(QByteArray.fromBase64(values.docks.encode()))
        first = values.page if values.page in self._specs else next(iter(self._specs))
        self.open_page(first)
        problem = self.context.settings.problem
        if problem is not None:
            title = self.tr(
                "The window's settings could not be read; it starts with the usual ones"
            )
            self.context.notices.tell(Notice("settings", Severity.INFO, title, "", problem))

    def _handlers(self) -> dict[str, Callable[[], object]]:
        context = self.context
        return {
            "start": context.launcher.start,
            "stop": context.launcher.stop,
            "acknowledge": self._acknowledge,
            "overlay": context.overlay.toggle,
            "theme": self._toggle_theme,
            "fullscreen": self._toggle_fullscreen,
            "quit": self.close,
        }

    def _acknowledge(self) -> None:
        waiting = self.context.notices.waiting
        if waiting:
            self.context.notices.acknowledge(waiting[0].key)

    def _toggle_theme(self) -> None:
        self.context.theme.toggle()
        self.context.settings.update(theme=self.context.theme.palette.name)

    def _toggle_fullscreen(self) -> None:
        if self.isFullScreen():
            self.showNormal()
        else:
            self.showFullScreen()

    def _show_what_is_possible(self) -> None:
        runs, launcher = self.context.runs, self.context.launcher
        self.actions_by_id["start"].setEnabled(launcher.can_start and not runs.is_active)
        self.actions_by_id["stop"].setEnabled(runs.is_active)
        self.actions_by_id["acknowledge"].setEnabled(bool(self.context.notices.waiting))

    def _on_phase(self, phase: Phase) -> None:
        self._show_what_is_possible()
        if phase is Phase.ENDED and self._closing:
            self.close()

    def _ask_to_close(self) -> None:
        self.question.ask(
            self.tr("An inspection is running. Stop it and close?"),
            self.tr("Stop and close"),
            self.tr("Keep running"),
            self._stop_and_close,
        )

    def _stop_and_close(self) -> None:
        self._closing = True
        self.context.launcher.stop()
        if not self.context.runs.is_active:
            self.close()

    def _shut_down(self) -> None:
        """In this order: pages may still use the services."""
        for page in self._pages.values():
            page.close_page()
        self.status.stop()
        self.unlock.close_panel()
        self.context.access.close()
        self.context.settings.update(
            geometry=_base64(self.saveGeometry()), docks=_base64(self.saveState()), page=self._front
        )
        self.context.work.close()


def _base64(state: QByteArray) -> str:
    return bytes(state.toBase64().data()).decode()
