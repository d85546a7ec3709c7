"""The capture thread's work: grab, watch presence on every frame, hand over."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Iterable, Sequence
from typing import Protocol

from inspector.core.frame import Frame
from inspector.core.parts import PartSpan, PartSplitter
from inspector.core.presence import Presence, PresenceRule, PresenceWatcher
from inspector.core.recipe import Recipe
from inspector.engine.channel import Channel, ChannelClosed
from inspector.engine.status import DropCause, Scoreboard
from inspector.engine.supervisor import SupervisedSource
from inspector.engine.ticket import Item, Ticket
from inspector.vision.presence import thumbnail


class GrabObserver(Protocol):
    """Sees every captured frame, on the capture thread; must not block."""

    def on_frame(self, frame: Frame) -> None: ...


class TriggerCount:
    """Triggers that came and were not answered by a frame yet; any thread may add."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._count = 0

    def add(self) -> None:
        with self._lock:
            self._count += 1

    def take(self) -> int:
        """All that came since the last call."""
        with self._lock:
            count, self._count = self._count, 0
            return count


class CaptureLoop:
    """Reads the source to its end or until stopped (one thread)."""

    def __init__(
        self,
        source: SupervisedSource,
        recipe: Recipe,
        out: Channel[Item],
        board: Scoreboard,
        *,
        stopping: threading.Event,
        triggers: TriggerCount,
        trigger_frames: frozenset[int] = frozenset(),
        observers: Sequence[GrabObserver] = (),
    ) -> None:
        self._source = source
        self._out = out
        self._board = board
        self._stopping = stopping
        self._triggers = triggers
        self._trigger_frames = trigger_frames
        self._observers = observers
        self._splitter = PartSplitter(recipe.parts)
        self._watcher = PresenceWatcher(recipe.parts.presence or PresenceRule())
        self._watches = recipe.parts.mode == "presence"
        self._roi = recipe.presence_roi()
        self._last_index = -1
        self._last_at = dt.datetime.now(dt.UTC)

    def run(self) -> None:
        try:
            while self._step():
                pass
        finally:
            self._finish()

    def _step(self) -> bool:
        started = time.perf_counter_ns()
        frame = self._source.read()
        if frame is None:
            return False
        read_ms = (time.perf_counter_ns() - started) / 1e6
        self._note_grab(frame)
        self._hand_over(frame, read_ms)
        return True

    def _note_grab(self, frame: Frame) -> None:
        lost = frame.index - self._last_index - 1
        self._board.count_captured(lost=lost, captured_ns=frame.captured_ns)
        if lost:
            self._put_spans(self._splitter.lost(frame.index, frame.captured_at, lost))
        self._last_index, self._last_at = frame.index, frame.captured_at

    def _hand_over(self, frame: Frame, read_ms: float) -> None:
        started = time.perf_counter_ns()
        presence = self._presence(frame)
        sighting = self._splitter.update(
            frame.index, frame.captured_at, presence, triggers=self._new_triggers(frame.index)
        )
        presence_ms = (time.perf_counter_ns() - started) / 1e6
        ticket = Ticket(
            frame,
            presence,
            sighting.part_index,
            sighting.settled,
            read_ms,
            presence_ms,
            time.monotonic_ns(),
        )
        mine = [s for s in sighting.ended if s.part_index == sighting.part_index]
        self._put_spans(s for s in sighting.ended if s not in mine)
        self._put_ticket(ticket)
        self._put_spans(mine)
        for observer in self._observers:
            observer.on_frame(frame)

    def _put_ticket(self, ticket: Ticket) -> None:
        try:
            dropped = self._out.put(ticket)
        except ChannelClosed:
            self._board.count_dropped(DropCause.STOP)
            raise
        if dropped is not None:
            self._board.count_dropped(DropCause.OVERRUN)

    def _presence(self, frame: Frame) -> Presence:
        if not self._watches:
            return Presence.SETTLED
        usable = frame.fault is None
        return self._watcher.update(thumbnail(frame.image, self._roi) if usable else None)

    def _new_triggers(self, frame_index: int) -> int:
        return self._triggers.take() + (frame_index in self._trigger_frames)

    def _put_spans(self, spans: Iterable[PartSpan]) -> None:
        for span in spans:
            self._out.put(span, urgent=True)

    def _finish(self) -> None:
        if self._stopping.is_set():
            self._board.count_dropped(DropCause.STOP, len(self._out.discard()))
        self._put_spans(
            self._splitter.finish(self._last_index, self._last_at, triggers=self._triggers.take())
        )
