"""The replay page's states for `screenshots.py`: real runs over the demo footage."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from inspector.core.timeline import Goal
from inspector.gui.main_window import MainWindow
from inspector.gui.replay.page import ReplayPage

ROOT = Path(__file__).resolve().parents[1]
FOOTAGE = ROOT / "assets/footage/metal_nut.mp4"
WAIT_S = 180.0


def until(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + WAIT_S
    while not condition():
        QApplication.processEvents()
        time.sleep(0.01)
        if time.monotonic() > end:
            raise SystemExit("a state of the replay page was never reached")


def opened(window: MainWindow) -> ReplayPage:
    window.open_page("replay")
    page = window.page("replay")
    assert isinstance(page, ReplayPage)
    return page


def run_over(page: ReplayPage, runs: int = 1) -> None:
    """Until so many runs have finished."""

    def done() -> bool:
        desk = page.controller.desk
        return desk is not None and desk.running is None and len(desk.kept) == runs

    until(done)


def shown_at(page: ReplayPage, goal: Goal, times: int) -> None:
    for _ in range(times):
        page.view.jump_wanted.emit(goal, True)  # noqa: FBT003 - forward
        desk = page.controller.desk
        assert desk is not None
        wanted = desk.player.status().position
        until(lambda frame=wanted: _frame(page) == frame)  # type: ignore[misc]


def _frame(page: ReplayPage) -> int | None:
    shown = page.view.picture.shown
    return shown.frame.index if shown is not None else None


def no_footage(window: MainWindow) -> None:
    opened(window)


def running(window: MainWindow) -> None:
    page = opened(window)
    page.controller.open(FOOTAGE)

    def halfway() -> bool:
        desk = page.controller.desk
        return desk is not None and desk.running is not None and desk.running.status().done > 300

    until(halfway)


def finished(window: MainWindow) -> ReplayPage:
    page = opened(window)
    page.controller.open(FOOTAGE)
    run_over(page)
    return page


def paused_on_fail(window: MainWindow) -> None:
    shown_at(finished(window), Goal.FAIL, 3)


def run_again(window: MainWindow) -> None:
    page = finished(window)
    shown_at(page, Goal.FAIL, 2)
    panel = page.view.run
    panel._other.setChecked(True)
    panel._t1.setValue(1.1)
    panel._t2.setValue(1.3)
    page.view.tabs.setCurrentWidget(panel)


def comparison(window: MainWindow) -> ReplayPage:
    page = finished(window)
    panel = page.view.run
    panel._other.setChecked(True)
    panel._t1.setValue(1.3)
    panel._t2.setValue(1.45)
    panel.ask_to_run()
    run_over(page, runs=2)
    page.view.compare.table.selectRow(0)
    return page


def escape(window: MainWindow) -> None:
    page = comparison(window)
    page.view.tabs.setCurrentWidget(page.view.part)
    page.view.edge_wanted.emit(False)  # noqa: FBT003 - the first one
    until(lambda: _frame(page) == 0)
    shown_at(page, Goal.DISAGREEMENT, 1)


def refused(window: MainWindow) -> None:
    page = opened(window)
    page.controller.open(FOOTAGE.with_name("gone.mp4"))
    until(lambda: bool(page.view.note))


def light(window: MainWindow) -> None:
    window.context.theme.use("light")
    comparison(window)


STATES: dict[str, Callable[[MainWindow], object]] = {
    "replay-no-footage": no_footage,
    "replay-running": running,
    "replay-finished": finished,
    "replay-paused-on-fail": paused_on_fail,
    "replay-run-again": run_again,
    "replay-comparison": comparison,
    "replay-escape": escape,
    "replay-refused": refused,
    "replay-light-comparison": light,
}
