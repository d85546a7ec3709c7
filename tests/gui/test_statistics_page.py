"""The statistics page with nothing, little and much; live, exporting, failing."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from inspector.core.geometry import Box
from inspector.core.inspection import Defect, Verdict
from inspector.core.trend import By
from inspector.gui.main_window import MainWindow
from inspector.gui.paths import Paths
from inspector.gui.statistics.controller import pause_ms
from inspector.gui.statistics.page import StatisticsPage
from inspector.gui.statistics.words import Format, Span
from inspector.store.opening import open_store
from inspector.store.recorder import begin_run
from tests.gui.conftest import MakeWindow
from tests.support.records import part, run_start

SPOT = Defect(Box(10, 10, 20, 20), 40.0, 0.9)


def record(path: Path, count: int, *, job: str = "caps", hours: float = 22) -> None:
    """Every tenth a reject, the last one just now."""
    store = open_store(path)
    now = dt.datetime.now(dt.UTC)
    start = now - dt.timedelta(hours=hours)
    recorder = begin_run(store, run_start(started_at=start, job=job, image_size=(320, 200)))
    parts = []
    for n in range(count):
        at = start + (now - start) * (n + 1) / count
        if n % 10 == 9:
            found = {"score": 0.9, "defect_type": "cut", "defects": (SPOT,)}
            parts.append(part(n, Verdict.FAIL, at=at, latency_ms=12, **found))
        else:
            parts.append(part(n, score=0.2 + n % 7 / 100, at=at, latency_ms=5))
    recorder.write([], parts)
    recorder.close()
    store.close()


def opened(window: MainWindow, qtbot: QtBot) -> StatisticsPage:
    window.open_page("statistics")
    page = window.page("statistics")
    assert isinstance(page, StatisticsPage)
    settle(window, qtbot)
    return page


def settle(window: MainWindow, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: window.context.work.pending == 0, timeout=10_000)


def choose(page: StatisticsPage, **chosen: object) -> None:
    for name, data in chosen.items():
        combo = getattr(page.view, name)
        index = [combo.itemData(i) for i in range(combo.count())].index(data)
        combo.setCurrentIndex(index)


def test_without_a_record_it_says_what_to_do(open_window: MakeWindow, qtbot: QtBot) -> None:
    window = open_window()
    page = opened(window, qtbot)
    assert page.view.is_empty
    assert page.view.empty_title.text() == "Nothing has been inspected yet"
    assert not page.view.export.isEnabled()
    page.view.to_live.click()
    assert page.isHidden()


def test_few_parts_have_no_limits_yet(open_window: MakeWindow, paths: Paths, qtbot: QtBot) -> None:
    record(paths.db, 3, hours=1)
    page = opened(open_window(), qtbot)
    assert not page.view.is_empty
    assert page.view.tiles.figure("parts") == "3"
    assert page.view.notes[1].text().startswith("Limits from 20 groups on")
    assert page.view.notes[4].text().startswith("Needs 200 old and new scores")


def test_many_parts_fill_every_chart(open_window: MakeWindow, paths: Paths, qtbot: QtBot) -> None:
    record(paths.db, 1000)
    window = open_window()
    page = opened(window, qtbot)
    assert page.view.tiles.figure("yield") == "90.00 %"
    assert page.view.notes[1].text().startswith("In control around 10.00 %")
    assert "PSI" in page.view.notes[4].text()
    assert page.view.notes[5].text().startswith("p50 5.5")
    for chart in page.view.charts:
        assert chart.getPlotItem().items
        assert chart.accessibleName()
        assert chart.accessibleDescription()
    window.context.theme.toggle()
    assert page.view.charts[0].getPlotItem().items
    window.context.theme.toggle()


@pytest.mark.parametrize("by", list(By))
def test_every_grouping_is_drawn(
    open_window: MakeWindow, paths: Paths, qtbot: QtBot, by: By
) -> None:
    record(paths.db, 40)
    window = open_window()
    page = opened(window, qtbot)
    choose(page, by=by)
    settle(window, qtbot)
    assert not page.view.is_empty
    assert page.view.titles[0].text().startswith("Yield by")


def test_job_and_time_narrow_what_is_counted(
    open_window: MakeWindow, paths: Paths, qtbot: QtBot
) -> None:
    record(paths.db, 30, hours=100)
    record(paths.db, 20, job="nuts")
    window = open_window()
    page = opened(window, qtbot)
    choose(page, span=Span.ALL)
    settle(window, qtbot)
    assert page.view.tiles.figure("parts") == "50"
    choose(page, job="nuts")
    settle(window, qtbot)
    assert page.view.tiles.figure("parts") == "20"
    choose(page, span=Span.SHIFT, job="caps")
    settle(window, qtbot)
    assert int(page.view.tiles.figure("parts")) < 10


def test_new_parts_are_counted_while_it_is_shown(
    open_window: MakeWindow, paths: Paths, qtbot: QtBot
) -> None:
    record(paths.db, 10)
    window = open_window()
    page = opened(window, qtbot)
    record(paths.db, 5)
    page.controller.poll()
    settle(window, qtbot)
    assert page.view.tiles.figure("parts") == "15"


@pytest.mark.parametrize(("seconds", "pause"), [(0.0, 2000), (0.1, 2000), (1.5, 15_000)])
def test_a_long_record_is_counted_less_often(seconds: float, pause: int) -> None:
    assert pause_ms(seconds) == pause


def test_nothing_is_asked_while_another_page_is_shown(
    open_window: MakeWindow, paths: Paths, qtbot: QtBot
) -> None:
    record(paths.db, 10)
    window = open_window()
    page = opened(window, qtbot)
    assert page.controller.is_live
    window.open_page("live")
    assert not page.controller.is_live


@pytest.mark.parametrize("wanted", list(Format))
def test_exports(
    open_window: MakeWindow, paths: Paths, qtbot: QtBot, tmp_path: Path, wanted: Format
) -> None:
    record(paths.db, 40)
    window = open_window()
    page = opened(window, qtbot)
    place = tmp_path / f"out.{wanted.value}"
    page.controller.exporting.begin(wanted, place)
    settle(window, qtbot)
    if wanted is Format.PNG:
        assert QImage(str(place)).width() == page.view.grab().toImage().width()
    else:
        assert "cut" in place.read_text()
    assert [n.title for n in window.context.notices.notices] == [f"Exported {place.name}"]


def test_an_export_without_a_place_is_told(
    open_window: MakeWindow, paths: Paths, qtbot: QtBot, tmp_path: Path
) -> None:
    record(paths.db, 10)
    window = open_window()
    page = opened(window, qtbot)
    for wanted in (Format.CSV, Format.PNG):
        page.controller.exporting.begin(wanted, tmp_path)
        settle(window, qtbot)
        assert "cannot be written" in window.context.notices.notices[0].details


def test_a_broken_record_is_told_and_the_page_stays(
    open_window: MakeWindow, paths: Paths, qtbot: QtBot
) -> None:
    window = open_window()
    paths.db.write_bytes(b"no database at all" * 100)
    page = opened(window, qtbot)
    assert page.view.empty_title.text() == "The record cannot be read"
    assert window.context.notices.notices
