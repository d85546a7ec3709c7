"""Roles in the window: locked pages, the PIN pad, and back to Operator when idle."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QLineEdit

from inspector.config import RunConfig
from inspector.core.roles import Right, Role
from inspector.errors import StoreUnavailableError
from inspector.gui.app import make_window
from inspector.gui.main_window import MainWindow
from inspector.gui.pages import Page, PageSpec
from inspector.gui.people.access import WindowAccess
from inspector.gui.people.pin_pad import PinPad
from inspector.gui.runs.session import RunSession
from inspector.gui.work import WorkRunner
from inspector.station.people import Access, People, Person
from tests.station.test_people import QUICK

ROOT = Person("root", Role.ADMINISTRATOR)
ERIKA = Person("Erika", Role.ADMINISTRATOR)


class Plain(Page):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []

    def on_shown(self) -> None:
        self.seen.append("shown")

    def on_hidden(self) -> None:
        self.seen.append("hidden")


SPECS = (
    PageSpec("live", "Live", "live", lambda context: Plain()),
    PageSpec("jobs", "Jobs", "jobs", lambda context: Plain(), Right.EDIT_JOB),
)


@pytest.fixture
def people(tmp_path: Path) -> People:
    """Erika administers, Anna is an Engineer, Jörg a Supervisor."""
    people = People(tmp_path / "record.db", "station", hasher=QUICK)
    people.add("Erika", Role.ADMINISTRATOR, "4711x9", ROOT)
    people.add("Anna", Role.ENGINEER, "258046", ERIKA)
    people.add("Jörg", Role.SUPERVISOR, "2580", ERIKA)
    return people


@pytest.fixture
def work(qapp):
    work = WorkRunner()
    yield work
    work.close()


@pytest.fixture
def locked(qapp, settings, paths, people: People):
    window = make_window(settings, paths, pages=SPECS, people=people)
    window.show()
    yield window
    window.close_now()
    window.deleteLater()


def enter(qtbot, window: MainWindow, name: str, digits: str) -> None:
    window.unlock.names[name].click()
    for digit in digits:
        window.unlock.pad.keys[digit].click()
    window.unlock.pad.enter.click()


def test_what_is_no_job_starts_for_a_supervisor_only(
    qtbot, qapp, settings, paths, people: People, config: RunConfig
) -> None:
    """As at the command line, however the window was opened."""
    started: list[RunConfig] = []

    def session(config: RunConfig) -> RunSession:
        started.append(config)
        return RunSession(config)

    window = make_window(
        settings, paths, pages=SPECS, people=people, given=config, start_session=session
    )
    window.show()
    try:
        window.context.launcher.start()
        assert started == []
        assert window.unlock.isVisible()
        assert "Supervisor may inspect with something that is no job" in window.unlock.why.text()
        with qtbot.waitSignal(window.context.access.changed):
            enter(qtbot, window, "Jörg", "2580")
        window.context.launcher.start()
        assert len(started) == 1
    finally:
        window.close_now()
        window.deleteLater()


def test_a_locked_page_says_who_may_and_opens_with_a_pin(qtbot, locked: MainWindow) -> None:
    window, access = locked, locked.context.access
    assert window.status.role.text() == "Operator"
    window.open_page("jobs")
    assert window.stack.currentWidget() is window.locked
    assert window.locked.why.text() == (
        "An Engineer may change jobs, the present role is Operator."
    )
    window.locked.button.click()
    assert window.unlock.isVisible()
    with qtbot.waitSignal(access.changed):
        enter(qtbot, window, "Anna", "258046")
    assert not window.unlock.isVisible()
    assert window.status.role.text() == "Anna · Engineer"
    page = window.page("jobs")
    assert window.stack.currentWidget() is page
    window.status.role.click()
    assert window.status.role.text() == "Operator"
    assert window.stack.currentWidget() is window.locked
    assert page.seen == ["shown", "hidden"]  # type: ignore[attr-defined]


def test_a_role_that_is_not_enough_leaves_the_page_locked(qtbot, locked: MainWindow) -> None:
    locked.open_page("jobs")
    locked.locked.button.click()
    with qtbot.waitSignal(locked.context.access.changed):
        enter(qtbot, locked, "Jörg", "2580")
    assert locked.stack.currentWidget() is locked.locked
    assert locked.locked.why.text().endswith("the present role is Supervisor.")
    locked.open_page("live")
    assert locked.stack.currentWidget() is locked.page("live")


def test_a_wrong_pin_makes_one_wait_and_is_not_kept(qtbot, locked: MainWindow) -> None:
    locked.context.access.unlock_wanted.emit("why")
    unlock = locked.unlock
    enter(qtbot, locked, "Jörg", "7777")
    qtbot.waitUntil(lambda: "wrong" in unlock.message.text())
    assert unlock.message.text() == "That PIN is wrong. Next try in 1 s."
    assert not unlock.pad.isEnabled()
    assert unlock.pad.field.text() == ""
    assert locked.context.access.person is None
    unlock._count_down()
    assert unlock.pad.isEnabled()
    unlock.cancel.click()
    assert not unlock.isVisible()


def test_a_name_has_to_be_touched_first(locked: MainWindow) -> None:
    locked.context.access.unlock_wanted.emit("")
    locked.unlock.pad.field.setText("2580")
    locked.unlock.pad.enter.click()
    assert locked.unlock.message.text() == "Touch your name first."


def test_a_station_without_users_is_open_and_says_so(qapp, settings, paths) -> None:
    window = make_window(settings, paths, pages=SPECS)
    try:
        assert window.status.role.text() == "No users"
        assert "inspector users add" in window.status.role.toolTip()
        window.open_page("jobs")
        assert window.stack.currentWidget() is window.page("jobs")
    finally:
        window.close_now()
        window.deleteLater()


def test_back_to_operator_when_idle(qtbot, work: WorkRunner, people: People) -> None:
    now = [0.0]
    people.set_idle_minutes(2, ERIKA)
    access = WindowAccess(people, work, clock=lambda: now[0])
    refused: list[object] = []
    with qtbot.waitSignal(access.changed):
        access.sign_in("Anna", "258046", refused.append)
    assert access.may(Right.EDIT_RECIPE)
    now[0] = 119.0
    access.check_idle()
    assert access.person is not None
    access.note_activity()
    now[0] = 119.0 + 119.0
    access.check_idle()
    assert access.person is not None
    now[0] = 119.0 + 120.0
    with qtbot.waitSignal(access.changed):
        access.check_idle()
    assert access.person is None
    assert not access.may(Right.EDIT_RECIPE)
    assert not access._timer.isActive()
    qtbot.waitUntil(lambda: work.pending == 0)
    assert refused == []


class Attentive(WindowAccess):
    shown = 0

    def eventFilter(self, watched, event):  # noqa: N802 - Qt's name
        self.shown += 1
        return super().eventFilter(watched, event)


def test_what_is_touched_anywhere_counts_while_somebody_is_signed_in(
    qtbot, qapp, work: WorkRunner, people: People
) -> None:
    now = [0.0]
    people.set_idle_minutes(2, ERIKA)
    access = Attentive(people, work, clock=lambda: now[0])
    elsewhere = QLineEdit()
    qtbot.addWidget(elsewhere)
    qtbot.keyClick(elsewhere, "a")
    assert access.shown == 0, "an operator's line pays nothing for it"
    with qtbot.waitSignal(access.changed):
        access.sign_in("Anna", "258046", lambda error: None)
    now[0] = 119.0
    qtbot.keyClick(elsewhere, "b")
    now[0] = 119.0 + 119.0
    access.check_idle()
    assert access.person is not None
    qtbot.waitUntil(lambda: work.pending == 0)
    access.close()
    shown = access.shown
    qtbot.keyClick(elsewhere, "c")
    assert access.shown == shown > 0
    qtbot.waitUntil(lambda: work.pending == 0)


def test_who_is_removed_meanwhile_is_signed_out(qtbot, work: WorkRunner, people: People) -> None:
    access = WindowAccess(people, work)
    with qtbot.waitSignal(access.changed):
        access.sign_in("Anna", "258046", lambda error: None)
    people.remove("Anna", ERIKA)
    with qtbot.waitSignal(access.changed):
        access.refresh()
    assert access.person is None
    qtbot.waitUntil(lambda: work.pending == 0)
    access.close()


class Unreadable(People):
    def roster(self):
        raise StoreUnavailableError("record: damaged")


def test_where_nobody_can_say_who_may_nobody_may(work: WorkRunner) -> None:
    access = WindowAccess(Unreadable(None, "station"), work)
    assert access.roster.access is Access.BROKEN
    assert {right for right in Right if access.may(right)} == {Right.RUN_JOB}
    asked: list[str] = []
    access.unlock_wanted.connect(asked.append)
    assert not access.require(Right.LABEL)
    assert asked == ["A Supervisor may say what a part really was, the present role is Operator."]


def test_the_pad_never_shows_what_is_typed(qtbot, theme) -> None:
    pad = PinPad(theme)
    qtbot.addWidget(pad)
    entered: list[str] = []
    pad.entered.connect(entered.append)
    for digit in "2580":
        pad.keys[digit].click()
    pad.back.click()
    assert pad.field.displayText() != "258"
    assert len(pad.field.displayText()) == 3
    pad.enter.click()
    assert entered == ["258"]
