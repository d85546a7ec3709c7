"""The operator's page: driven by a staged run, with nothing, little and much to show."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pytestqt.qtbot import QtBot

from inspector.config import RunConfig
from inspector.core.inspection import Verdict
from inspector.engine.status import PipelineStatus, State, Trouble
from inspector.errors import StoreFullError
from inspector.gui.live.last_part import LastPart, ago
from inspector.gui.notices import Severity
from inspector.gui.widgets.fail_strip import KEPT
from inspector.gui.widgets.verdict import Past
from tests.gui.conftest import MakeWindow
from tests.support.staged import STATUS, StagedSession, facts_of, part_event, shown_of
from tests.support.staged_line import Line


def test_before_the_first_run_only_start_can_be_pressed(line: Line):
    assert line.view._start.isEnabled()
    assert not line.view._stop.isEnabled()
    assert line.view.banner.verdict is None
    assert line.view.counters.figure("yield") == "–"


def test_the_word_is_the_last_finished_parts_and_stays_until_the_next(line: Line):
    session = line.start()
    line.finish(Verdict.PASS, Verdict.FAIL)
    failed = line.view.part_picture.shown
    assert line.view.banner.verdict is Verdict.FAIL
    assert failed is not None
    session.show(shown_of(Verdict.NO_PART, 77))
    line.pull()
    assert line.view.banner.verdict is Verdict.FAIL
    assert line.view.part_picture.shown is failed
    assert line.view.live_picture.shown is not None
    assert line.view.live_picture.shown.frame.index == 77


def test_no_part_is_skipped_however_many_came_between_two_pulls(line: Line):
    line.start()
    line.finish(*[Verdict.PASS] * 900, *[Verdict.INVALID] * 50, *[Verdict.FAIL] * 50)
    counters = line.view.counters
    assert counters.figure("parts") == "1,000"
    assert counters.figure("yield") == "90.0 %"
    assert (counters.figure("FAIL"), counters.figure("INVALID")) == ("50", "50")
    assert len(line.view.fails.part_numbers) == KEPT


def test_a_part_nobody_saw_says_why_and_shows_no_older_picture(line: Line):
    session = line.start()
    line.finish(Verdict.PASS)
    session.finish_part(part_event(1, Verdict.INVALID, reason="never came to rest", seen=False))
    line.pull()
    assert line.view.banner.verdict is Verdict.INVALID
    assert line.view.part_picture.shown is None
    assert "never came to rest" in line.view.part_picture.accessibleDescription()


def test_three_fails_in_a_row_are_an_alarm_until_acknowledged(line: Line):
    line.start()
    line.finish(Verdict.FAIL, Verdict.FAIL)
    assert line.notice_titles == []
    line.finish(Verdict.FAIL)
    (notice,) = line.window.context.notices.notices
    assert notice.severity is Severity.ALARM
    assert "3 part" in notice.title
    assert line.window.notice_bar.isVisible()
    line.finish(Verdict.PASS)
    assert not line.window.context.notices.notices[0].holds
    line.window.actions_by_id["acknowledge"].trigger()
    assert line.notice_titles == []
    line.finish(Verdict.FAIL, Verdict.FAIL)
    assert line.notice_titles == []


def test_a_lost_camera_is_an_alarm_a_state_and_a_stale_picture(line: Line):
    session = line.start()
    session.show(shown_of())
    session.tell("source_lost", "camera 0: no frame")
    session.run(replace(STATUS, state=State.DEGRADED, trouble=Trouble.SOURCE, last_frame_age_s=4.0))
    line.pull()
    assert "camera is lost" in line.notice_titles[0]
    assert "No verdicts" in line.view._state.words
    assert "4" in line.view.live_picture._note
    line.window.status.refresh()
    assert line.window.status.badge("camera").text == "lost"
    assert "STALE" in line.window.status.badge("age").text
    session.tell("source_back", "camera 0")
    session.run(STATUS)
    line.pull()
    assert not line.window.context.notices.notices[0].holds
    assert "Inspecting" in line.view._state.words
    assert line.view.live_picture._note == ""


LOST = replace(STATUS, state=State.DEGRADED, trouble=Trouble.SOURCE, last_frame_age_s=4.0)


def _banner_colour(line: Line) -> str:
    """Of the band itself, left of the shape in it."""
    picture = line.view.banner.grab().toImage()
    return str(picture.pixelColor(12, picture.height() // 2).name())


@pytest.mark.parametrize(
    "status", [LOST, replace(STATUS, last_frame_age_s=3.0)], ids=["lost", "stale"]
)
def test_a_verdict_is_plainly_past_while_nothing_is_inspected(line: Line, status: PipelineStatus):
    session = line.start()
    line.finish(Verdict.PASS)
    green = line.window.context.theme.verdict(Verdict.PASS).fill
    assert _banner_colour(line) == green
    session.run(status)
    line.pull()
    assert line.view.banner.past is not None
    assert line.view.banner.past.headline == "NOT INSPECTING"
    assert "PASS" in line.view.banner.past.line
    assert _banner_colour(line) == line.window.context.theme.palette.surface
    session.run(STATUS)
    line.pull()
    assert line.view.banner.past is not None, "a camera that is back has said nothing yet"
    assert "WAITING" in line.view.banner.past.headline
    assert "WAITING" in line.view.banner.accessibleName()
    line.finish(Verdict.PASS)
    assert line.view.banner.past is None
    assert _banner_colour(line) == green


@pytest.mark.parametrize("error", [None, StoreFullError("x: full")], ids=["stopped", "failed"])
def test_a_verdict_is_past_after_the_run_and_until_a_part_of_the_next(
    line: Line, error: StoreFullError | None
):
    session = line.start()
    line.finish(Verdict.PASS)
    session.end(error)
    line.pull()
    assert line.view.banner.past is not None
    assert line.view.banner.verdict is Verdict.PASS
    line.start()
    assert line.view.banner.past is not None
    line.finish(Verdict.FAIL)
    assert line.view.banner.past is None


def test_a_part_that_is_late_out_of_the_queue_does_not_light_the_banner(line: Line):
    session = line.start()
    session.run(LOST)
    line.pull()
    line.finish(Verdict.PASS)
    assert line.view.banner.past is not None


def test_before_the_first_part_nothing_is_past(line: Line):
    line.start().run(LOST)
    line.pull()
    assert line.view.banner.past is None


def test_the_age_of_what_is_past_goes_on():
    now = 100.0
    last = LastPart(lambda: now)
    last.set_inspecting(inspecting=True)
    last.finished(Verdict.PASS)
    assert last.past() is None
    last.set_inspecting(inspecting=False)
    now = 112.4
    assert last.past() == Past("NOT INSPECTING", "Last part, 12 s ago: PASS")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-1, "0 s ago"),
        (59.9, "59 s ago"),
        (60, "1 min ago"),
        (3599, "59 min ago"),
        (7300, "2 h ago"),
    ],
)
def test_ages_are_as_coarse_as_a_person_says_them(seconds: float, words: str):
    assert ago(seconds) == words


def test_a_full_disk_ends_the_run_in_words_with_details(line: Line):
    session = line.start()
    session.end(StoreFullError("record /data/x.db: the disk is full"))
    line.pull()
    (notice,) = line.window.context.notices.notices
    assert notice.severity is Severity.ALARM
    assert "disk is full" in notice.title
    assert "/data/x.db" not in notice.title
    assert "/data/x.db" in notice.details
    assert line.view._start.isEnabled()


def test_a_run_started_over_a_running_one_follows_it(line: Line, config: RunConfig):
    first = line.start()
    line.window.context.runs.start(config)
    assert first.stops == 1
    first.end()
    line.pull()
    assert len(line.sessions) == 2


def test_what_the_engineer_should_know_is_a_warning(open_window: MakeWindow, config: RunConfig):
    facts = facts_of(["the recipe's thresholds are the package's own"])
    window = open_window(given=config, start_session=lambda c: StagedSession(c, facts))
    window.context.launcher.start()
    session = window.context.runs._session
    assert isinstance(session, StagedSession)
    session.run()
    window.context.runs.pull()
    assert window.context.notices.notices[0].severity is Severity.WARNING
    session.end()
    window.context.runs.pull()
    assert window.context.notices.notices == ()


@pytest.mark.parametrize("size", [(640, 360), (960, 540), (1280, 720), (1920, 1080), (3840, 2160)])
def test_the_layout_holds_at_every_size(line: Line, qtbot: QtBot, size: tuple[int, int]):
    line.start()
    line.finish(Verdict.FAIL, Verdict.REVIEW, Verdict.PASS)
    line.window.resize(*size)
    qtbot.wait(1)
    assert (line.window.width(), line.window.height()) == size
    for widget in (line.view.banner, line.view.part_picture, line.view._start, line.view._stop):
        corner = widget.mapTo(line.window, widget.rect().bottomRight())
        assert line.window.rect().contains(corner), widget
    assert line.view._stop.height() >= 48
    assert line.view.live_picture.height() >= 60


def test_the_keyboard_reaches_every_button(line: Line, qtbot: QtBot):
    line.view._start.setFocus()
    seen = set()
    for _ in range(40):
        focused = line.window.focusWidget()
        seen.add(focused)
        line.window.focusNextChild()
    assert line.view._start in seen
    assert line.view._jobs in seen
    assert set(line.window.rail._buttons.values()) & seen
    assert all(w.accessibleName() or w.text() for w in seen if hasattr(w, "text"))
