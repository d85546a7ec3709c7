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
    hand, items = Hand(), [ticket(0), span(0), ticket(1)]
    hand.take(items[0])
    hand.take(*items[1:])
    hand.release()
    assert hand.drop() == items[1:]
    assert hand.drop() == []
    assert not hand.abandoned


def test_whoever_gets_on_with_it_is_waited_for_anew(clock: list[float]):
    hand = Hand()
    assert hand.waiting_s() == 0.0
    hand.take(ticket(0))
    clock[0] += 20
    hand.take(span(0), ticket(1))
    clock[0] += 20
    assert hand.waiting_s() == 20
    hand.release()
    assert hand.waiting_s() == 0.0
    clock[0] += 29
    assert hand.abandon(30) == []
    assert not hand.abandoned
    hand.release()
    clock[0] += 30
    (left,) = hand.abandon(30)
    assert isinstance(left, Ticket)
    assert left.frame.index == 1
    assert hand.waiting_s() == 0.0


def test_what_was_taken_away_cannot_be_released(clock: list[float]):
    hand = Hand()
    assert hand.abandon(0) == []
    hand.take(ticket(0))
    assert len(hand.abandon(0)) == 1
    assert hand.abandoned
    with pytest.raises(ChannelClosed):
        hand.release()
