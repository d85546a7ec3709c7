"""Whose the frames are that the inspection thread has in hand."""

from __future__ import annotations

import time

import pytest

from inspector.core.parts import PartSpan
from inspector.core.presence import Presence
from inspector.engine.channel import ChannelClosed
from inspector.engine.ticket import Ticket
from inspector.engine.watchdog import Hand
from tests.support.fakes import START, frame


def ticket(index: int) -> Ticket:
    return Ticket(frame(index), Presence.SETTLED, index, True, 0.0, 0.0, 0)


def span(index: int) -> PartSpan:
    return PartSpan(index, index, index, 1, START, START)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    return now


def test_what_was_taken_first_is_released_first(clock: list[float]):
    hand, behind = Hand(), ([span(0)], ticket(1))
    hand.take(ticket(0))
    assert hand.take_next(lambda: None) is None
    assert hand.take_next(lambda: behind) is behind
    hand.release()
    assert hand.drop() == [*behind[0], behind[1]]
    assert hand.drop() == []
    assert not hand.abandoned


def test_whoever_gets_on_with_it_is_waited_for_anew(clock: list[float]):
    hand = Hand()
    assert hand.waiting_s() == 0.0
    hand.take(ticket(0))
    clock[0] += 20
    hand.take_next(lambda: ([span(0)], ticket(1)))
    clock[0] += 20
    assert hand.waiting_s() == 20
    hand.release()
    # the record may take its time: nobody waits for the network meanwhile
    clock[0] += 40
    assert hand.waiting_s() == 0.0
    assert hand.abandon(30) == []
    hand.release()
    hand.go_on()
    clock[0] += 29
    assert hand.abandon(30) == []
    assert not hand.abandoned
    clock[0] += 1
    assert hand.waiting_s() == 30
    (left,) = hand.abandon(30)
    assert isinstance(left, Ticket)
    assert left.frame.index == 1
    assert hand.waiting_s() == 0.0


def test_a_thread_whose_frames_were_taken_away_releases_and_takes_nothing(clock: list[float]):
    hand = Hand()
    assert hand.abandon(0) == []
    hand.take(ticket(0))
    assert len(hand.abandon(0)) == 1
    assert hand.abandoned
    assert hand.drop() is None
    with pytest.raises(ChannelClosed):
        hand.release()
    with pytest.raises(ChannelClosed):
        hand.take_next(lambda: pytest.fail("what it takes now would be nobody's"))
