"""The player: what is due when, and which command wins."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from inspector.core.frame import Frame, SourceInfo
from inspector.core.geometry import Affine
from inspector.core.inspection import Prediction
from inspector.engine.playback import PlayClock, Player, Recorded
from inspector.errors import SourceOpenError
from tests.support.fakes import SIDE, frame


@pytest.mark.parametrize(
    ("clock", "now", "due"),
    [
        (PlayClock(frame=7), 100.0, 7),
        (PlayClock(frame=7, fps=30, runs=True), 0.0, 7),
        (PlayClock(frame=0, fps=30, runs=True), 1 / 30, 1),
        (PlayClock(frame=0, fps=30, runs=True), 1.99 / 30, 1),
        (PlayClock(frame=0, fps=30, speed=16, runs=True), 1.0, 480),
        (PlayClock(frame=10, fps=8, speed=0.25, runs=True), 1.0, 12),
        (PlayClock(frame=50, fps=30, speed=-1, runs=True), 1.0, 20),
        (PlayClock(frame=50, fps=30, speed=-1, runs=True), 9.0, 0),
        (PlayClock(frame=50, fps=30, last=59, runs=True), 9.0, 59),
    ],
)
def test_which_frame_is_due(clock, now, due):
    assert clock.at(now) == due


def test_a_change_of_speed_goes_on_from_where_it_is():
    clock = PlayClock(fps=10, runs=True).running(1.0, 4.0, runs=True)
    assert clock.at(1.0) == 10
    assert clock.at(2.0) == 50
    assert clock.running(2.0, 4.0, runs=False).at(99.0) == 50


def test_the_next_frame_is_waited_for_exactly():
    clock = PlayClock(fps=10, runs=True)
    assert clock.until_next_s(0.0) == pytest.approx(0.1)
    assert clock.until_next_s(0.07) == pytest.approx(0.03)
    assert clock.running(0.0, -2.0, runs=True).until_next_s(0.01) == pytest.approx(0.04)


class FakeReader:
    """``count`` frames; ``gate`` is waited for in each read where it is given."""

    def __init__(self, count: int = 100, *, says: int | None = None, fps: float = 30.0) -> None:
        self._count = count
        self.info = SourceInfo("f", "f", False, SIDE, SIDE, fps, says or count)
        self.reads: list[int] = []
        self.gate: threading.Semaphore | None = None
        self.entered = threading.Semaphore(0)
        self.closed = threading.Event()

    def open(self) -> SourceInfo:
        return self.info

    def read_at(self, index: int) -> Frame | None:
        self.reads.append(index)
        self.entered.release()
        if self.gate is not None:
            assert self.gate.acquire(timeout=10)
        return frame(index) if 0 <= index < self._count else None

    def close(self) -> None:
        self.closed.set()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def make() -> Iterator[Callable[..., Player]]:
    players: list[Player] = []

    def made(reader: FakeReader, **options: object) -> Player:
        player = Player(reader, **options)
        players.append(player)
        player.start()
        return player

    yield made
    for player in players:
        assert player.close()


def shows(player: Player, index: int) -> None:
    """Waits for the picture; the player tells of each under its condition."""
    with player._changed:
        seen = player._changed.wait_for(
            lambda: player._shown is not None and player._shown.frame.index == index, timeout=10
        )
    assert seen, f"frame {index} was never shown"


def test_opens_on_the_first_frame_and_seeks_and_steps(make):
    player = make(FakeReader())
    shows(player, 0)
    player.seek(40)
    shows(player, 40)
    player.step(1)
    shows(player, 41)
    player.step(-2)
    shows(player, 39)
    player.seek(1000)
    shows(player, 99)
    player.step(-1000)
    shows(player, 0)
    status = player.status()
    assert (status.is_playing, status.frame_count, status.position) == (False, 100, 0)


def test_of_many_seeks_only_the_newest_is_read(make):
    reader = FakeReader()
    player = make(reader)
    shows(player, 0)
    reader.gate = threading.Semaphore(0)
    player.seek(10)
    assert reader.entered.acquire(timeout=10)
    assert reader.entered.acquire(timeout=10)
    for index in range(20, 60):
        player.seek(index)
    reader.gate.release(100)
    shows(player, 59)
    assert reader.reads == [0, 10, 59]


def test_plays_by_the_clock_and_stops_at_the_end(make):
    clock = Clock()
    player = make(FakeReader(100), monotonic=clock)
    shows(player, 0)
    player.set_speed(2.0)
    player.play()
    clock.now = 0.5
    shows(player, 30)
    clock.now = 60.0
    shows(player, 99)
    with player._changed:
        assert player._changed.wait_for(lambda: not player._clock.runs, timeout=10)
    player.play()
    clock.now = 60.1
    shows(player, 6)


def test_backwards_to_the_first_frame(make):
    clock = Clock()
    player = make(FakeReader(100), monotonic=clock)
    player.seek(50)
    shows(player, 50)
    player.set_speed(-1.0)
    player.play()
    clock.now = 1.0
    shows(player, 20)
    clock.now = 10.0
    shows(player, 0)


def test_pause_stands_on_the_picture_that_is_seen(make):
    clock = Clock()
    player = make(FakeReader(100), monotonic=clock)
    shows(player, 0)
    player.play()
    clock.now = 1.0
    shows(player, 30)
    # the clock has got to frame 36, but nobody has seen that one
    with player._changed:
        clock.now = 1.2
        player.pause()
    assert player.status().position == 30
    assert not player.status().is_playing


def test_footage_shorter_than_its_container_says(make):
    player = make(FakeReader(60, says=64))
    player.seek(63)
    shows(player, 59)
    assert player.status().frame_count == 60


def test_a_run_may_count_more_frames_than_the_container(make):
    player = make(FakeReader(100, says=80))
    player.seek(95)
    shows(player, 79)
    player.set_frame_count(100)
    player.seek(95)
    shows(player, 95)


def test_a_picture_comes_with_what_was_decided_on_it_and_never_another(make):
    done = {3: Recorded((), None)}
    player = make(FakeReader(), recorded=done.get)
    for index in (3, 4):
        player.seek(index)
        shows(player, index)
        shown = player.shown()
        assert shown is not None
        assert shown.recorded is done.get(index)
    done[4] = Recorded((), ())
    player.refresh()
    with player._changed:
        assert player._changed.wait_for(lambda: player._shown.recorded is done[4], timeout=10)


def test_maps_are_made_for_a_picture_that_stands(make):
    prediction = Prediction(0.5, None, None, Affine.identity(), "m")
    asked = []

    def explain(shown: Frame, recorded: Recorded) -> Recorded:
        asked.append(shown.index)
        return Recorded(recorded.inspections, (prediction,))

    player = make(FakeReader(), recorded=lambda index: Recorded(()), explain=explain)
    player.seek(8)
    with player._changed:
        assert player._changed.wait_for(
            lambda: (
                player._shown is not None
                and player._shown.frame.index == 8
                and player._shown.recorded.predictions == (prediction,)
            ),
            timeout=10,
        )
    assert asked[-1] == 8


def test_a_broken_reader_ends_the_player_and_is_told(make):
    class Broken(FakeReader):
        def open(self) -> SourceInfo:
            raise SourceOpenError("gone")

    reader = Broken()
    player = make(reader)
    assert reader.closed.wait(10)
    assert isinstance(player.status().error, SourceOpenError)


def test_footage_without_a_single_frame_is_an_error(make):
    reader = FakeReader(0, says=5)
    player = make(reader)
    assert reader.closed.wait(10)
    assert "no frame" in str(player.status().error)


@pytest.mark.parametrize("speed", [0.0, float("nan"), float("inf")])
def test_impossible_speeds(make, speed):
    with pytest.raises(ValueError, match="speed"):
        make(FakeReader()).set_speed(speed)


def test_close_before_start_and_twice():
    player = Player(FakeReader())
    assert player.close()
    assert player.close()
