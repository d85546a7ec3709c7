"""Looking through footage: play at any speed, pause, step and seek, on a thread of its own.

What is shown here decides nothing: verdicts come from the lossless run alone.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from inspector.core.frame import Frame, SourceInfo
from inspector.core.inspection import Inspection, Prediction
from inspector.core.protocols import FrameReader
from inspector.engine.threads import GuardedThread
from inspector.errors import SourceError

SPEEDS = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)
MOST_SHOWN_PER_S = 60.0
FALLBACK_FPS = 10.0
"""For footage without a rate of its own (folders of images)."""


@dataclass(frozen=True, slots=True, eq=False)
class Recorded:
    """What a run decided on a frame, with the maps it decided by (None: not at hand)."""

    inspections: tuple[Inspection, ...]
    predictions: tuple[Prediction | None, ...] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A frame on screen and what was decided on it: one pair, never mixed."""

    frame: Frame
    recorded: Recorded | None


@dataclass(frozen=True, slots=True)
class PlayerStatus:
    """One moment of a player.

    Attributes:
        info: of the footage, None until it is open.
        frame_count: frames to seek in; None until known.
        position: the frame asked for (``shown`` follows it).
        speed: times the footage's own, below 0 for backwards.
        error: what ended the player, None while it works.
    """

    info: SourceInfo | None = None
    frame_count: int | None = None
    position: int = 0
    is_playing: bool = False
    speed: float = 1.0
    error: BaseException | None = None


@dataclass(frozen=True, slots=True)
class PlayClock:
    """Which frame is due when. Runs from ``frame`` at ``since_s``, or stands there."""

    frame: float = 0.0
    since_s: float = 0.0
    speed: float = 1.0
    fps: float = FALLBACK_FPS
    last: int | None = None
    runs: bool = False

    def at(self, now_s: float) -> int:
        """The frame due at ``now_s``, within the footage."""
        passed = (now_s - self.since_s) * self.fps * self.speed if self.runs else 0.0
        upper = math.inf if self.last is None else self.last
        # the smallest slack: after exactly one period the next frame is due, not almost
        return math.floor(min(max(self.frame + passed, 0.0), upper) + 1e-6)

    def moved(self, frame: int, now_s: float) -> PlayClock:
        """Goes on from another frame."""
        upper = frame if self.last is None else min(frame, self.last)
        return replace(self, frame=float(max(upper, 0)), since_s=now_s)

    def running(self, now_s: float, speed: float, *, runs: bool) -> PlayClock:
        """Goes on from where it is, at another speed, or stands."""
        return replace(self.moved(self.at(now_s), now_s), speed=speed, runs=runs)

    def is_at_end(self, now_s: float) -> bool:
        """Whether running on would show nothing new."""
        return self.at(now_s) == (0 if self.speed < 0 else self.last)

    def until_next_s(self, now_s: float) -> float:
        """How long a running clock takes to its next frame."""
        passed = (now_s - self.since_s) * self.fps * abs(self.speed)
        return (math.floor(passed + 1e-6) + 1 - passed) / (self.fps * abs(self.speed))


class Player:
    """Shows frames of a reader; commands come from any thread, the newest one wins.

    ``recorded(index)`` is what the run decided on a frame, None where it has not been
    there yet. ``explain(frame, recorded)`` makes the maps of a frame again, for the
    picture that is looked at longer: both are called on the player's thread.
    """

    def __init__(
        self,
        reader: FrameReader,
        *,
        recorded: Callable[[int], Recorded | None] = lambda index: None,
        explain: Callable[[Frame, Recorded], Recorded] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._reader = reader
        self._recorded = recorded
        self._explain = explain
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._clock = PlayClock()
        self._status = PlayerStatus()
        self._shown: Shown | None = None
        self._shown_s = -math.inf
        self._stale = False
        self._closing = False
        self._thread = GuardedThread(
            "player", self._work, on_error=self._fail, on_exit=reader.close
        )

    def start(self) -> None:
        """Opens the footage, off this thread, and shows its first frame."""
        self._thread.start()

    def play(self) -> None:
        """Goes on; from the end it starts again at the other one."""
        with self._changed:
            now = self._monotonic()
            clock = self._clock.running(now, self._clock.speed, runs=True)
            if clock.last is not None and clock.is_at_end(now):
                clock = clock.moved(clock.last if clock.speed < 0 else 0, now)
            self._set(clock)

    def pause(self) -> None:
        with self._changed:
            # what is seen is where it stands, not where the clock had got to
            clock = self._clock.running(self._monotonic(), self._clock.speed, runs=False)
            if self._clock.runs and self._shown is not None:
                clock = clock.moved(self._shown.frame.index, self._monotonic())
            self._set(clock)

    def seek(self, index: int) -> None:
        """Shows frame ``index`` (bounded to the footage), playing or not."""
        with self._changed:
            self._set(self._clock.moved(index, self._monotonic()))

    def step(self, frames: int) -> None:
        """Stands, and moves by so many frames from where it stood."""
        self.pause()
        with self._changed:
            now = self._monotonic()
            self._set(self._clock.moved(self._clock.at(now) + frames, now))

    def set_speed(self, speed: float) -> None:
        """Times the footage's own rate; below 0 plays backwards. Raises ValueError for 0."""
        if speed == 0 or not math.isfinite(speed):
            raise ValueError(f"speed {speed}: expected a number other than 0; pause() stands still")
        with self._changed:
            clock = self._clock
            self._set(clock.running(self._monotonic(), speed, runs=clock.runs))

    def set_frame_count(self, count: int) -> None:
        """What the run counted, where the container only guessed."""
        with self._changed:
            self._status = replace(self._status, frame_count=count)
            self._set(replace(self._clock, last=max(0, count - 1)))

    def refresh(self) -> None:
        """Looks the shown frame up again: the run has got further, or is another one."""
        with self._changed:
            self._stale = True
            self._changed.notify_all()

    def status(self) -> PlayerStatus:
        with self._changed:
            clock = self._clock
            now = self._monotonic()
            return replace(
                self._status, position=clock.at(now), is_playing=clock.runs, speed=clock.speed
            )

    def shown(self) -> Shown | None:
        """The newest picture; the same object until there is another."""
        with self._changed:
            return self._shown

    def close(self, timeout: float = 10.0) -> bool:
        """Ends the thread; whether it ended in time. Idempotent."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _set(self, clock: PlayClock) -> None:
        self._clock = clock
        self._changed.notify_all()

    def _work(self) -> None:
        info = self._reader.open()
        with self._changed:
            last = None if info.frame_count is None else info.frame_count - 1
            self._status = replace(self._status, info=info, frame_count=info.frame_count)
            self._clock = replace(self._clock, fps=info.fps or FALLBACK_FPS, last=last)
        while (index := self._next_index()) is not None:
            self._show(index)

    def _next_index(self) -> int | None:
        """Waits until another frame is due (or the same anew); None: closing."""
        with self._changed:
            while not self._closing:
                now = self._monotonic()
                due = self._clock.at(now)
                wait = self._wait_for(due, now)
                if wait is not None and wait <= 0:
                    self._stale = False
                    self._shown_s = now
                    return due
                self._changed.wait(wait)
            return None

    def _wait_for(self, due: int, now: float) -> float | None:
        """Seconds until something is to be shown; None: until the next command."""
        clock = self._clock
        if self._stale or self._shown is None or due != self._shown.frame.index:
            return self._shown_s + 1.0 / MOST_SHOWN_PER_S - now if clock.runs else 0.0
        if clock.runs and clock.is_at_end(now):
            self._clock = clock = clock.running(now, clock.speed, runs=False)
            self._changed.notify_all()
        return clock.until_next_s(now) if clock.runs else None

    def _show(self, index: int) -> None:
        frame = self._reader.read_at(index)
        if frame is None:
            self._shorten(index)
            return
        shown = Shown(frame, self._recorded(index))
        if not self._publish(shown):
            return
        if self._explain is not None and self._wants_maps(shown):
            recorded = self._explain(frame, shown.recorded) if shown.recorded else None
            self._publish(Shown(frame, recorded))

    def _publish(self, shown: Shown) -> bool:
        with self._changed:
            self._shown = shown
            self._changed.notify_all()
            return not self._closing

    def _wants_maps(self, shown: Shown) -> bool:
        recorded = shown.recorded
        if recorded is None or recorded.predictions is not None:
            return False
        with self._changed:
            stands = not self._clock.runs
            return stands and self._clock.at(self._monotonic()) == shown.frame.index

    def _shorten(self, index: int) -> None:
        """The footage ends before its container says: goes back to what can be shown."""
        if index <= 0:
            raise SourceError("no frame of the footage can be read")
        with self._changed:
            last = max(index - 1, 0)
            self._status = replace(self._status, frame_count=last + 1)
            self._clock = replace(self._clock, last=last).moved(last, self._monotonic())

    def _fail(self, error: BaseException) -> None:
        with self._changed:
            self._status = replace(self._status, error=error)
