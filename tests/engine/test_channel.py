from __future__ import annotations

import threading

import pytest

from inspector.core.frame import Frame
from inspector.core.parts import PartSpan
from inspector.core.presence import Presence
from inspector.engine.channel import Channel, ChannelClosed
from inspector.engine.ticket import MAX_PROTECTED, NewestWins, Ticket
from tests.support.fakes import START, frame


def ticket(index: int, part: int | None = None, *, settled: bool = False) -> Ticket:
    shown: Frame = frame(index)
    return Ticket(shown, Presence.SETTLED, part, settled, 0.0, 0.0, 0)


def live(protect: bool = True) -> tuple[Channel, NewestWins]:
    policy = NewestWins(protect=protect)
    return Channel(1, policy), policy


def test_full_and_live_drops_exactly_the_oldest():
    # anomalib Studio discards the oldest and the new one
    channel, _ = live()
    first, second = ticket(0), ticket(1)
    assert channel.put(first) is None
    assert channel.put(second) is first
    assert channel.get() is second


def test_a_parts_only_settled_frame_is_never_overwritten():
    channel, _ = live()
    only, after = ticket(0, 7, settled=True), ticket(1)
    channel.put(only)
    assert channel.put(after) is after
    assert channel.get() is only


def test_among_frames_of_one_part_the_newest_wins():
    channel, _ = live()
    old, new = ticket(0, 7, settled=True), ticket(1, 7, settled=True)
    channel.put(old)
    assert channel.put(new) is old
    assert channel.get() is new


def test_a_part_already_served_has_no_claim():
    channel, policy = live()
    channel.put(ticket(0, 7, settled=True))
    policy.served(channel.get())
    second, empty = ticket(1, 7, settled=True), ticket(2)
    channel.put(second)
    assert channel.put(empty) is second


def test_two_parts_both_wait_and_the_queue_stays_bounded():
    channel, _ = live()
    tickets = [ticket(i, i, settled=True) for i in range(MAX_PROTECTED + 3)]
    dropped = [channel.put(t) for t in tickets]
    assert dropped == [None] * MAX_PROTECTED + tickets[MAX_PROTECTED:]


def test_where_every_frame_is_a_part_the_newest_simply_wins():
    channel, _ = live(protect=False)
    first, second = ticket(0, 0, settled=True), ticket(1, 1, settled=True)
    channel.put(first)
    assert channel.put(second) is first


def test_control_events_are_never_dropped_and_keep_their_place():
    channel, _ = live()
    span = PartSpan(0, 0, 1, 0, START, START)
    channel.put(ticket(0))
    channel.put(span, urgent=True)
    last = ticket(2)
    channel.put(last)
    assert [channel.get(), channel.get()] == [span, last]


def test_discard_leaves_events():
    channel, _ = live()
    span = PartSpan(0, 0, 1, 0, START, START)
    waiting = ticket(0)
    channel.put(waiting)
    channel.put(span, urgent=True)
    assert channel.discard() == [waiting]
    assert channel.get() is span


@pytest.mark.parametrize("capacity", [1, 2, 3, 4, 7])
def test_no_wake_up_is_lost_and_nothing_overtakes(capacity):
    channel: Channel[int] = Channel(capacity)

    def produce() -> None:
        for number in range(500):
            channel.put(number, urgent=number % 50 == 49)
        channel.close()

    thread = threading.Thread(target=produce)
    thread.start()
    assert [channel.get(5) for _ in range(250)] == list(range(250))
    rest: list[int] = []
    while len(rest) < 250:
        rest += channel.get_all(3, 5)
    thread.join()
    assert rest == list(range(250, 500))


def test_blocking_producer_is_woken_by_room_and_by_close():
    channel: Channel[int] = Channel(1)
    channel.put(1)
    done = threading.Event()
    outcome = []

    def produce() -> None:
        try:
            channel.put(2)
            channel.put(3)
        except ChannelClosed:
            outcome.append("closed")
        done.set()

    thread = threading.Thread(target=produce)
    thread.start()
    assert channel.get() == 1
    assert channel.get() == 2
    channel.close()
    assert done.wait(5)
    thread.join()
    assert outcome in (["closed"], [])
    if outcome == []:
        assert channel.get() == 3
    with pytest.raises(ChannelClosed):
        channel.get()


def test_waiting_consumer_is_woken_by_close_and_time_out():
    channel: Channel[int] = Channel(1)
    with pytest.raises(TimeoutError):
        channel.get(timeout=0.01)
    thread = threading.Timer(0.0, channel.close)
    thread.start()
    with pytest.raises(ChannelClosed):
        channel.get(timeout=5)
    thread.join()


def test_get_all_takes_what_waits_up_to_the_limit():
    channel: Channel[int] = Channel(10)
    for n in range(5):
        channel.put(n)
    assert channel.get_all(3) == [0, 1, 2]
    assert channel.get_all(3) == [3, 4]


def test_a_wanted_item_is_taken_with_what_stands_before_it():
    channel: Channel[object] = Channel(10)
    for item in (1, 2, "a", "b", 3, 4.0, "c"):
        channel.put(item)
    assert channel.take_through(int, str) == ([1, 2], "a")
    assert channel.take_through(int, str) == ([], "b")
    assert channel.take_through(int, str) is None  # something else comes first
    assert channel.waiting() == [3, 4.0, "c"]
    assert channel.take_through(object, float) == ([3], 4.0)
    assert channel.take_through(int, float) is None
    assert channel.get() == "c"
    assert channel.take_through(int, str) is None  # nothing has come yet


def test_taking_several_makes_room_for_as_many():
    channel: Channel[object] = Channel(2)
    channel.put(1)
    channel.put("a")
    waits, came = threading.Event(), threading.Event()
    room = channel._went.wait_for
    channel._went.wait_for = lambda *given: (waits.set(), room(*given))[1]  # type: ignore[assignment]

    def produce() -> None:
        for item in (2, "b"):
            channel.put(item)
        came.set()

    producer = threading.Thread(target=produce, daemon=True)
    producer.start()
    assert waits.wait(5)
    assert channel.take_through(int, str) == ([1], "a")
    assert came.wait(5)
    producer.join()
    assert channel.take_through(int, str) == ([2], "b")
