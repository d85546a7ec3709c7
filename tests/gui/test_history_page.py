"""The history page with nothing, little and a million parts."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from inspector.config import RunConfig
from inspector.core.frame import Frame, Image
from inspector.core.inspection import Part, Verdict
from inspector.core.label import Judgement, Label
from inspector.errors import StoreError
from inspector.gui.context import AppContext
from inspector.gui.history.model import ROWS_KEPT, PartsModel
from inspector.gui.history.page import HistoryPage
from inspector.gui.history.reader import Offered, PartDetail, PictureState, RecordReader
from inspector.gui.history.table import ROW_HEIGHT
from inspector.gui.main_window import MainWindow
from inspector.gui.pages import Page, PageSpec
from inspector.gui.paths import Paths
from inspector.store.archive_files import encode_entry, write_entry
from inspector.store.history import Choices, HistoryRow, Key, Outline
from inspector.store.label_files import Written
from inspector.store.opening import open_store
from inspector.store.part_filter import PartFilter, Said
from inspector.store.recorder import ArchivedImage, begin_run
from tests.gui.conftest import SOURCE, MakeWindow
from tests.support.records import MODEL, NOW, RECIPE, SPOT, part, run_start

MILLION = 1_000_000
STRIDE = 10_000


def row(number: int) -> HistoryRow:
    """Part ``number`` as counted from the oldest."""
    return HistoryRow(
        key=Key(NOW + number * dt.timedelta(seconds=1), f"{number:026d}"),
        run_id="1" * 26,
        job="nuts",
        model_id=MODEL,
        recipe_id=RECIPE,
        source="station/cam",
        part_index=number,
        verdict=Verdict.FAIL if number % 7 == 0 else Verdict.PASS,
        score=0.25,
        reason=None,
        defect_type=None,
        defects=(),
        latency_ms=None,
        judgement=None,
        said_type=None,
        archive=None,
        picture=None,
    )


class Million:
    """A reader of as many parts as one likes, none of which exist before they are asked for."""

    def __init__(self, total: int = MILLION) -> None:
        self.total = total
        self.asked: list[PartFilter] = []
        self.read: list[int] = []
        self.hold: threading.Event | None = None
        self.error: Exception | None = None

    def outline(self, wanted: PartFilter, check: Callable[[], None]) -> Outline:
        self.asked.append(wanted)
        if self.error is not None:
            raise self.error
        hold, self.hold = self.hold, None
        if hold is not None:
            hold.wait(10)
        total = self.total // 7 if wanted.verdicts else self.total
        keys = tuple(row(total - 1 - n).key for n in range(0, total, STRIDE))
        return Outline(total, STRIDE, keys)

    def rows(self, wanted: PartFilter, known: Outline, first: int, count: int) -> list[HistoryRow]:
        self.read.append(count)
        key, between = known.anchor(first)
        newest = int(key.part_id) - between
        return [row(n) for n in range(newest, max(-1, newest - count), -1)]

    def newer(self, wanted: PartFilter, than: Key | None) -> list[HistoryRow]:
        oldest = 0 if than is None else int(than.part_id) + 1
        return [row(n) for n in range(self.total - 1, oldest - 1, -1)]

    def offered(self) -> Offered:
        return Offered(Choices(("nuts",), (MODEL,), (RECIPE,), (("1" * 26, NOW),), ()), ("dent",))

    def detail(self, part_id: str) -> PartDetail | None:
        return PartDetail(row(int(part_id)), (), None, PictureState.NOT_KEPT, None)

    def thumbnails(
        self, rows: Sequence[HistoryRow], check: Callable[[], None]
    ) -> dict[str, Image | None]:
        return {}

    def say(self, label: Label) -> Written:
        return Written.WRITTEN


def opened(open_window: MakeWindow, qtbot: QtBot, reader: Million | None = None) -> HistoryPage:
    def make(context: AppContext) -> Page:
        return HistoryPage(context, reader)

    window = open_window(pages=(PageSpec("history", "History", "history", make),))
    assert isinstance(window, MainWindow)
    page = window.page("history")
    assert isinstance(page, HistoryPage)
    page.controller.stop()  # the tests look for new parts themselves
    at_rest(page, qtbot)
    return page


def at_rest(page: HistoryPage, qtbot: QtBot) -> None:
    window = page.window()
    assert isinstance(window, MainWindow)

    def still() -> bool:
        return window.context.work.pending == 0 and not page.view.model._ask.isActive()

    qtbot.waitUntil(still, timeout=10_000)


def texts(page: HistoryPage, place: int) -> list[str]:
    model = page.view.model
    return [str(model.data(model.index(place, column))) for column in range(1, 9)]


def test_without_a_record_it_says_what_will_be_here(open_window: MakeWindow, qtbot: QtBot):
    page = opened(open_window, qtbot)
    assert page.view.is_empty
    assert "as soon as an inspection" in page.view.empty.text
    assert not page.view.details.isVisible()


def test_of_a_million_parts_only_what_is_seen_is_read(open_window: MakeWindow, qtbot: QtBot):
    reader = Million()
    page = opened(open_window, qtbot, reader)
    assert page.view.model.rowCount() == MILLION
    assert "1,000,000" in page.view.count.text()
    assert texts(page, 0)[5] == str(MILLION)
    page.view.table.scrollToBottom()
    at_rest(page, qtbot)
    qtbot.waitUntil(lambda: page.view.model.row_at(MILLION - 1) is not None)
    assert texts(page, MILLION - 1)[1] == "FAIL"
    assert sum(reader.read) <= 600


def test_memory_is_bounded_however_far_one_scrolls(qapp: object):
    model = PartsModel()
    reader = Million()
    outline = reader.outline(PartFilter(), lambda: None)
    model.set_outline(outline)
    for first in range(0, 10 * ROWS_KEPT, 100):
        model.set_rows(first, reader.rows(PartFilter(), outline, first, 100))
    assert model.rows_held == ROWS_KEPT
    assert model.row_at(0) is None
    assert model.row_at(10 * ROWS_KEPT - 1) == row(MILLION - 10 * ROWS_KEPT)


def test_parts_that_come_do_not_move_what_is_looked_at(open_window: MakeWindow, qtbot: QtBot):
    reader = Million(1000)
    page = opened(open_window, qtbot, reader)
    table = page.view.table
    table.choose(500)
    at_rest(page, qtbot)
    chosen, seen = table.chosen, table.rowAt(10)
    assert chosen is not None
    top = table.verticalScrollBar().value()
    assert top > 0
    reader.total += 3
    page.controller.look_for_newer()
    at_rest(page, qtbot)
    assert page.view.model.rowCount() == 1003
    assert table.verticalScrollBar().value() == top + 3 * ROW_HEIGHT
    assert table.rowAt(10) == seen + 3
    assert table.chosen == chosen
    assert [page.view.model.row_at(n) for n in range(3)] == [row(n) for n in (1002, 1001, 1000)]


def test_at_the_top_new_parts_come_into_view(open_window: MakeWindow, qtbot: QtBot):
    reader = Million(0)
    page = opened(open_window, qtbot, reader)
    assert page.view.is_empty
    reader.total = 40
    page.controller.look_for_newer()
    at_rest(page, qtbot)
    assert not page.view.is_empty
    reader.total += 1
    page.controller.look_for_newer()
    at_rest(page, qtbot)
    assert page.view.table.verticalScrollBar().value() == 0
    assert texts(page, 0)[5] == "41"


def test_filters_ask_anew_and_an_older_answer_is_dropped(open_window: MakeWindow, qtbot: QtBot):
    reader = Million()
    page = opened(open_window, qtbot, reader)
    hold = reader.hold = threading.Event()
    page.controller.reload()
    qtbot.waitUntil(lambda: reader.hold is None)
    page.view.filters.verdicts[Verdict.FAIL].setChecked(True)
    page.controller.reload()
    at_rest(page, qtbot)
    hold.set()
    at_rest(page, qtbot)
    assert reader.asked[-1].verdicts == (Verdict.FAIL,)
    assert page.view.model.rowCount() == MILLION // 7


def test_every_filter_reaches_the_question(open_window: MakeWindow, qtbot: QtBot):
    page = opened(open_window, qtbot, Million(10))
    bar = page.view.filters
    for box, value in ((bar.job, "nuts"), (bar.model, MODEL), (bar.recipe, RECIPE)):
        box.setCurrentIndex(box.findData(value))
    bar.run.setCurrentIndex(1)
    bar.said.setCurrentIndex(2)
    bar.time.setCurrentIndex(1)
    bar.text.setText(" dark ")
    bar.low.setValue(0.25)
    now = NOW
    assert bar.wanted(now) == PartFilter(
        since=now - dt.timedelta(hours=1),
        runs=("1" * 26,),
        jobs=("nuts",),
        models=(MODEL,),
        recipes=(RECIPE,),
        text="dark",
        said=Said.GOOD,
        min_score=0.25,
    )
    bar.clear()
    assert bar.wanted(now).is_empty
    at_rest(page, qtbot)


def test_nothing_that_fits_says_how_to_go_on(open_window: MakeWindow, qtbot: QtBot):
    page = opened(open_window, qtbot, Million(6))
    page.view.filters.verdicts[Verdict.FAIL].setChecked(True)
    page.controller.reload()
    at_rest(page, qtbot)
    assert page.view.is_empty
    assert "Widen" in page.view.empty.text


def test_a_record_that_cannot_be_read_is_told(open_window: MakeWindow, qtbot: QtBot):
    reader = Million()
    reader.error = StoreError("record x is damaged: name another file")
    page = opened(open_window, qtbot, reader)
    assert page.view.is_empty
    assert "name another file" in page.view.empty.text


# with a real record and a real archive


def test_parts_of_a_running_line_appear_by_themselves(
    open_window: MakeWindow, qtbot: QtBot, package: Path, paths: Paths
):
    window = open_window(given=RunConfig(source=SOURCE, model=package, db=paths.db))
    window.open_page("history")
    page = window.page("history")
    assert isinstance(page, HistoryPage)
    qtbot.waitUntil(lambda: page.view.is_empty)
    with qtbot.waitSignal(window.context.runs.ended, timeout=20_000):
        window.context.launcher.start()
    recorded = RecordReader(paths.db).outline(PartFilter(), lambda: None).total
    assert recorded > 0
    qtbot.waitUntil(lambda: page.view.model.rowCount() == recorded, timeout=10_000)
    assert not page.view.is_empty
    assert page.view.count.text() == f"{recorded} parts"


@pytest.fixture
def kept(paths: Paths) -> tuple[Path, Part]:
    """A record with a rejected part, whose sidecar's picture this is, and a good one."""
    assert paths.db is not None
    assert paths.archive is not None
    paths.archive.mkdir()
    store = open_store(paths.db)
    start = dataclasses.replace(run_start(), archive=str(paths.archive))
    recorder = begin_run(store, start)
    bad = part(
        1, Verdict.FAIL, defects=(SPOT,), run_id=start.run_id, at=NOW + dt.timedelta(seconds=9)
    )
    image = np.full((60, 80, 3), 120, np.uint8)
    frame = Frame(
        15,
        image,
        captured_ns=0,
        captured_at=NOW,
        pts_ns=None,
        station_id="station",
        source_id="cam",
    )
    entry = write_entry(paths.archive, 1, bad, frame, encode_entry(bad, frame))
    picture = entry.folder / f"{entry.stem}.png"
    recorder.note_image(ArchivedImage(bad.part_id, f"{entry.folder.name}/{picture.name}", 9))
    recorder.write([], [bad, part(0, run_id=start.run_id)])
    store.close()
    return picture, bad


def test_a_part_is_shown_with_its_picture_and_places(
    open_window: MakeWindow, qtbot: QtBot, kept: tuple[Path, Part]
):
    page = opened(open_window, qtbot)
    details = page.view.details
    assert details.part_id == kept[1].part_id
    assert details.picture.picture is not None
    assert details.picture.picture.shape == (60, 80, 3)
    assert details.marks.isVisible()
    bare = details.picture.grab().toImage()
    details.marks.setChecked(False)
    assert details.picture.grab().toImage() != bare
    page.view.table.choose(1)
    at_rest(page, qtbot)
    assert "No picture of this part was kept" in details.picture.text


def test_a_picture_that_the_quota_deleted_is_said_to_be_gone(
    open_window: MakeWindow, qtbot: QtBot, kept: tuple[Path, Part]
):
    kept[0].unlink()
    page = opened(open_window, qtbot)
    assert "deleted to make room" in page.view.details.picture.text
    assert page.view.details.banner.verdict is Verdict.FAIL
    assert page.view.model.is_gone(kept[1].part_id)


def test_relabelling_stands_beside_the_verdict_and_can_be_undone(
    open_window: MakeWindow, qtbot: QtBot, kept: tuple[Path, Part]
):
    page = opened(open_window, qtbot)
    labels, sidecar = page.view.details.labels, kept[0].with_suffix(".json")
    assert not labels.good.isEnabled()  # nobody signs
    labels.who.setText("Anna")
    labels.kind.setCurrentText("dent")
    labels.bad.click()
    at_rest(page, qtbot)
    assert labels.now.text() == "Really bad, dent"
    assert json.loads(sidecar.read_text())["label"] == "dent"
    labels.good.click()
    at_rest(page, qtbot)
    assert texts(page, 0)[1:4:2] == ["FAIL", "Really good"]
    labels.undo.click()
    at_rest(page, qtbot)
    assert labels.now.text() == "Really bad, dent"
    assert texts(page, 0)[3] == "Really bad, dent"
    assert json.loads(sidecar.read_text())["label"] == "dent"
    assert [one.judgement for one in labels._labels] == [
        Judgement.BAD,
        Judgement.GOOD,
        Judgement.BAD,
    ]


def test_the_first_label_undone_is_withdrawn(
    open_window: MakeWindow, qtbot: QtBot, kept: tuple[Path, Part]
):
    page = opened(open_window, qtbot)
    labels = page.view.details.labels
    labels.who.setText("Anna")
    labels.good.click()
    at_rest(page, qtbot)
    labels.undo.click()
    at_rest(page, qtbot)
    assert texts(page, 0)[3] == ""
    assert "label" not in json.loads(kept[0].with_suffix(".json").read_text())


def test_a_type_that_reads_as_good_is_refused(
    open_window: MakeWindow, qtbot: QtBot, kept: tuple[Path, Part]
):
    page = opened(open_window, qtbot)
    labels = page.view.details.labels
    labels.who.setText("Anna")
    labels.kind.setCurrentText("goood")
    labels.bad.click()
    assert "reads as good" in labels.message.text()
    assert texts(page, 0)[3] == ""
