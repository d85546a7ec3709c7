"""A belt that is not recognised any more is told from a part that lies still."""

from __future__ import annotations

import pytest

from inspector.core.presence import Presence
from inspector.engine.view_watch import LEARNT_PARTS, NEVER_EMPTY_S, ViewWatch
from tests.support.fakes import frame

SIGNS = {".": Presence.EMPTY, "m": Presence.MOVING, "s": Presence.SETTLED, "?": Presence.UNKNOWN}
FPS = 10.0


class Belt:
    """Frames at 10 fps, each a sign and the share that differs from the empty belt."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.watch = ViewWatch(FPS, self.told.append, lambda: self.told.append("back"))
        self._index = 0

    def show(self, signs: str, share: float = 0.2) -> str | None:
        """What is wrong after the last of them."""
        what = None
        for sign in signs:
            seen = 0.0 if sign == "." else share
            what = self.watch.check(frame(self._index), SIGNS[sign], seen)
            self._index += 1
        return what


@pytest.fixture
def belt() -> Belt:
    return Belt()


PART = "mmssssmm.."
LONG = "s" * round(3 * NEVER_EMPTY_S * FPS)


def test_parts_that_come_and_go_are_no_fault(belt: Belt):
    assert belt.show(PART * 50) is None
    assert belt.told == []


def test_a_known_part_may_lie_still_for_good(belt: Belt):
    belt.show(PART * LEARNT_PARTS)
    assert belt.show("mm" + LONG) is None


def test_a_view_that_differs_more_than_with_any_part_is_told_within_a_second(belt: Belt):
    belt.show(PART * LEARNT_PARTS)
    assert belt.show("m" + "s" * 7, share=0.5) is None
    what = belt.show("ss", share=0.5)
    assert what is not None
    assert "more from the taught empty belt" in what
    assert belt.show("mms?", share=0.2) == what, "until the belt is recognised"
    assert belt.show(".") is None
    assert len(belt.told) == 2
    assert belt.told[1] == "back"


def test_a_short_hand_in_the_picture_is_no_alarm(belt: Belt):
    belt.show(PART * LEARNT_PARTS)
    assert belt.show("ssss", share=0.9) is None
    assert belt.show(PART * 3) is None


def test_parts_without_a_belt_between_them_are_told(belt: Belt):
    what = belt.show("mmmssssss" * 7)
    assert what is not None
    assert "no empty belt between" in what


def test_before_anything_is_known_half_a_minute_without_a_belt_is_told(belt: Belt):
    assert belt.show("s" * round(NEVER_EMPTY_S * FPS - 2)) is None
    assert "no empty belt for 30 s" in str(belt.show("sss"))


def test_slow_parts_may_take_three_times_as_long_as_the_longest(belt: Belt):
    belt.show(".." + "s" * 250 + "..")
    assert belt.show("s" * 700) is None
    assert belt.show("s" * 60) is not None


def test_another_recipe_begins_anew(belt: Belt):
    belt.show("s" * 400)
    belt.watch.begin_anew()
    assert belt.told[1:] == ["back"]
    assert belt.show("ss") is None


def test_missing_frames_are_no_evidence(belt: Belt):
    belt.show("s" * 250)
    belt.watch.forget()
    assert belt.show("s" * 100) is None
