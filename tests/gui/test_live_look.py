"""Looking at a rejected part while the line goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from inspector.core.inspection import Verdict
from inspector.gui.live.look_controller import LOOK_S
from inspector.gui.live.rejected import RejectedParts
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.fail_strip import KEPT, PartThumb
from tests.support.staged import part_event
from tests.support.staged_line import Line


@pytest.fixture
def line(line: Line) -> Line:
    """Started."""
    line.start()
    return line


def _thumb(line: Line, number: int) -> PartThumb:
    return next(t for t in line.view.fails._thumbs if t.number == number)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space])
def test_the_keyboard_opens_a_thumbnail_and_escape_leads_back_to_it(
    line: Line, qtbot: QtBot, key: Qt.Key
):
    line.finish(Verdict.FAIL, Verdict.REVIEW, Verdict.PASS)
    thumb = _thumb(line, 1)
    thumb.setFocus()
    qtbot.keyClick(thumb, key)
    assert line.view.is_looking
    assert line.window.focusWidget() is line.view.look.back
    qtbot.keyClick(line.view.look.back, Qt.Key.Key_Escape)
    assert not line.view.is_looking
    assert line.window.focusWidget() is thumb


def test_a_touched_thumbnail_shows_the_part_large_with_all_that_was_decided(
    line: Line, qtbot: QtBot
):
    event = part_event(6, Verdict.FAIL, reason="a scratch")
    line.sessions[-1].finish_part(event)
    line.pull()
    line.finish(Verdict.PASS)
    qtbot.mouseClick(_thumb(line, 7), Qt.MouseButton.LeftButton)
    look = line.view.look
    assert look.isVisible()
    assert look.picture.shown is event.shown
    time = event.part.finished_at.astimezone().strftime("%H:%M:%S")
    for word in ("Part 7", "FAIL", "0.25", "a scratch", time):
        assert word in look.words
    qtbot.mouseClick(look.back, Qt.MouseButton.LeftButton)
    assert line.view.part_picture.isVisible()


def test_the_line_goes_on_behind_a_look(line: Line):
    line.finish(Verdict.FAIL)
    _thumb(line, 1).click()
    shown = line.view.look.picture.shown
    line.finish(Verdict.FAIL, Verdict.PASS)
    assert line.view.banner.verdict is Verdict.PASS
    assert line.view.look.picture.shown is shown
    assert line.view.counters.figure("parts") == "3"
    assert line.view.part_picture.shown is not shown


def test_a_look_ends_by_itself(line: Line):
    line.finish(Verdict.FAIL)
    _thumb(line, 1).click()
    timer = line.page.controller.looks.timer
    assert timer.isActive()
    assert timer.interval() == 1000 * LOOK_S
    timer.timeout.emit()
    assert not line.view.is_looking


def test_a_new_alarm_ends_a_look_and_one_that_held_already_does_not(line: Line):
    line.finish(Verdict.FAIL, Verdict.FAIL, Verdict.FAIL)
    assert line.notice_titles
    _thumb(line, 2).click()
    line.window.context.notices.acknowledge_all()
    line.finish(Verdict.FAIL)
    assert line.view.is_looking
    line.sessions[-1].tell("source_lost", "camera 0: no frame")
    line.pull()
    assert not line.view.is_looking


def test_another_product_ends_a_look(line: Line):
    line.finish(Verdict.FAIL)
    _thumb(line, 1).click()
    line.page.controller.looks.clear()
    assert not line.view.is_looking
    assert line.view.fails.part_numbers == []


def test_pictures_beyond_the_budget_go_the_oldest_first():
    events = [part_event(index, Verdict.FAIL) for index in range(KEPT + 2)]
    first = events[0].shown
    assert first is not None
    rejected = RejectedParts(budget=3 * first.frame.image.nbytes)
    for event in events:
        rejected.add(event)
    found = [rejected.find(event.part.part_id) for event in events]
    assert found[:2] == [None, None]
    assert [bool(e and e.shown) for e in found[-4:]] == [False, True, True, True]


def test_the_newest_part_keeps_its_picture_however_large():
    rejected = RejectedParts(budget=1)
    event = part_event(0, Verdict.FAIL)
    rejected.add(event)
    kept = rejected.find(event.part.part_id)
    assert kept is not None
    assert kept.shown is event.shown


def test_a_part_without_a_picture_says_so_where_there_is_room(theme: Theme, qtbot: QtBot):
    """Painted over their place, the words would be cut off on both sides."""
    thumb = PartThumb(replace(part_event(0, Verdict.INVALID), shown=None), theme)
    qtbot.addWidget(thumb)
    needed = thumb.fontMetrics().horizontalAdvance("no picture")
    assert thumb.words_for(needed) == "no picture"
    assert thumb.words_for(needed - 1) == "–"
    thumb.resize(44, 100)
    assert not thumb.grab().isNull()
