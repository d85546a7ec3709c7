"""Troubles that a run declares: an alarm each, taken back when it is over, and the strip."""

from __future__ import annotations

from dataclasses import replace

import pytest

from inspector.core.inspection import Verdict
from inspector.engine.status import PipelineStatus, State, Trouble
from inspector.gui.notices import Severity
from inspector.gui.shell import health_rules
from inspector.gui.widgets.health import Health
from tests.support.staged_line import Line


@pytest.mark.parametrize(
    ("lost", "back", "words"),
    [
        ("focus_lost", "focus_back", "out of focus"),
        ("view_lost", "view_back", "was moved"),
        ("record_stalled", "record_back", "no verdict is announced"),
    ],
)
def test_a_trouble_is_an_alarm_until_it_is_over(line: Line, lost: str, back: str, words: str):
    session = line.start()
    session.tell(lost, "why")
    line.pull()
    (notice,) = line.window.context.notices.notices
    assert words in notice.title
    assert (notice.severity, notice.details) == (Severity.ALARM, "why")
    session.tell(back, "")
    line.pull()
    assert not any(n.holds for n in line.window.context.notices.notices)


def test_why_nothing_is_inspected_stands_before_that_nothing_is(line: Line):
    session = line.start()
    session.tell("focus_lost", "why")
    line.finish(Verdict.INVALID, Verdict.INVALID, Verdict.INVALID)
    board = line.window.context.notices
    assert ["focus" in n.title for n in board.notices] == [True, False]
    session.tell("focus_back", "")
    line.pull()
    assert "could not be inspected" in board.notices[0].title


@pytest.mark.parametrize(
    ("trouble", "text", "health"),
    [
        (Trouble.SOURCE, "lost", Health.BAD),
        (Trouble.FOCUS, "out of focus", Health.BAD),
        (Trouble.VIEW, "moved", Health.BAD),
        (Trouble.RECORD, "connected", Health.GOOD),
    ],
)
def test_the_strip_says_of_the_camera_what_is_the_cameras(
    line: Line, trouble: Trouble, text: str, health: Health
):
    status = PipelineStatus(state=State.DEGRADED, trouble=trouble)
    snapshot = replace(line.start().snapshot(), status=status)
    reading = health_rules.camera(snapshot)
    assert (reading.text, reading.health) == (text, health)


def test_the_strip_says_what_else_does_not_answer(line: Line):
    snapshot = line.start().snapshot()
    degraded = PipelineStatus(state=State.DEGRADED)
    model = replace(snapshot, status=replace(degraded, trouble=Trouble.NETWORK))
    record = replace(degraded, trouble=Trouble.RECORD)
    assert health_rules.provider(model).health is Health.BAD
    assert health_rules.disk(10**12, record).health is Health.BAD
    # each of the other's trouble: nothing is wrong with it
    assert health_rules.provider(replace(snapshot, status=record)).health is Health.GOOD
    assert health_rules.disk(10**12, model.status).health is Health.GOOD
