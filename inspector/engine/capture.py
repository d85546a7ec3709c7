"""The capture thread's work: grab, watch presence on every frame, hand over."""

from __future__ import annotations

import datetime as dt
import math
import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

from inspector.core.frame import Frame
from inspector.core.parts import BLIND_FRAMES, PartSpan, PartSplitter, Sighting
from inspector.core.presence import Presence, PresenceRule, PresenceWatcher
from inspector.core.recipe import Recipe
from inspector.engine.changeover import Changeover, ChangeoverMark, ChangeoverSlot
from inspector.engine.channel import Channel, ChannelClosed
from inspector.engine.picture_watch import PictureWatch
from inspector.engine.status import DropCause, Scoreboard
from inspector.engine.supervisor import SupervisedSource
from inspector.engine.ticket import Item, NewestWins, Ticket
from inspector.engine.view_watch import ViewWatch
from inspector.vision.presence import thumbnail

LEAST_GAP_S = 0.25
"""A busy machine may hand a frame over late by less than this."""


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


class GapWatch:
    """Tells by the clock that frames are missing although their indices follow each other."""

    def __init__(self, fps: float | None) -> None:
        """``fps`` None: never (recorded footage has no clock but its indices)."""
        period = 1.0 / fps if fps else math.inf
        self._limit_ns = max(BLIND_FRAMES * period, LEAST_GAP_S) * 1e9
        self._last: Frame | None = None

    def is_gap(self, frame: Frame) -> bool:
        """Whether a part could have passed since the frame before.

        By the stream's own clock where both frames have one: packets that come late, in
        a burst, are not lost.
        """
        before, self._last = self._last, frame
        if before is None:
            return False
        if before.pts_ns is not None and frame.pts_ns is not None:
            return frame.pts_ns - before.pts_ns > self._limit_ns
        return frame.captured_ns - before.captured_ns > self._limit_ns


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
        changeovers: ChangeoverSlot,
        policy: NewestWins,
        is_live: bool,
        fps: float | None,
        picture: PictureWatch,
        view: ViewWatch,
        trigger_frames: frozenset[int] = frozenset(),
        observers: Sequence[GrabObserver] = (),
    ) -> None:
        self._source = source
        self._out = out
        self._board = board
        self._stopping = stopping
        self._triggers = triggers
        self._changeovers = changeovers
        self._policy = policy
        self._trigger_frames = deque(sorted(trigger_frames))
        self._picture = picture
        self._view = view
        self._gap = GapWatch(fps if is_live else None)
        self._observers = observers
        self._outages = 0
        self._splitter = PartSplitter(recipe.parts)
        self._watch_by(recipe)
        self._last_index = -1
        self._last_at = dt.datetime.now(dt.UTC)

    def _watch_by(self, recipe: Recipe) -> None:
        self._watcher = PresenceWatcher(recipe.parts.presence or PresenceRule())
        self._watches = recipe.parts.mode == "presence"
        self._roi = recipe.presence_roi()

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
        self._hand_over(self._picture.check(frame), read_ms)
        return True

    def _hand_over(self, frame: Frame, read_ms: float) -> None:
        lost = frame.index - self._last_index - 1
        self._board.count_captured(lost=lost, captured_ns=frame.captured_ns)
        try:
            self._note_gaps(frame, lost)
            self._change_over(frame)
            self._queue(frame, read_ms)
        except ChannelClosed:
            # the other threads have ended: this frame is captured and goes nowhere
            self._board.count_dropped(DropCause.STOP)
            raise
        for observer in self._observers:
            observer.on_frame(frame)

    def _note_gaps(self, frame: Frame, lost: int) -> None:
        outage, self._outages = self._source.outages != self._outages, self._source.outages
        gap = self._gap.is_gap(frame)
        if lost:
            self._put_spans(self._splitter.lost(frame.index, frame.captured_at, lost))
        if outage or gap:
            triggers = self._triggers.take() if outage else 0
            self._put_spans(self._splitter.blind(frame.index, frame.captured_at, triggers))
        if lost or outage or gap:
            self._watcher.forget()
            self._view.forget()
        self._last_index, self._last_at = frame.index, frame.captured_at

    def _change_over(self, frame: Frame) -> None:
        """Before the frame is looked at: it is the first that the new recipe may claim."""
        if self._splitter.has_open_part:
            return
        changeover = self._changeovers.take()
        if changeover is not None:
            self._take_over(changeover, frame)

    def _take_over(self, changeover: Changeover, frame: Frame) -> None:
        recipe = changeover.recipe
        if self._splitter.rule.mode == "trigger" and recipe.parts.mode != "trigger":
            # the new rule does not ask for triggers: those that came were for the old one
            waiting = self._new_triggers(frame.index)
            self._put_spans(
                self._splitter.missed(max(0, frame.index - 1), frame.captured_at, waiting)
            )
        self._splitter.change_rule(recipe.parts)
        self._watch_by(recipe)
        self._picture.watch_by(recipe)
        self._view.begin_anew()
        self._policy.protect(protect=recipe.parts.mode != "frame")
        mark = ChangeoverMark(changeover, frame.index, frame.captured_at)
        self._out.put(mark, urgent=True)

    def _queue(self, frame: Frame, read_ms: float) -> None:
        started = time.perf_counter_ns()
        frame, presence, sighting = self._look(frame)
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
        self._put_ticket(ticket, mine)

    def _look(self, frame: Frame) -> tuple[Frame, Presence, Sighting]:
        presence = self._presence(frame)
        if self._watches:
            doubt = self._view.check(frame, presence, self._watcher.changed_share)
            if doubt is not None:
                seen = self._splitter.doubt(frame.index, frame.captured_at, doubt)
                return replace(frame, fault=frame.fault or doubt), Presence.UNKNOWN, seen
        triggers = self._new_triggers(frame.index)
        seen = self._splitter.update(frame.index, frame.captured_at, presence, triggers=triggers)
        return frame, presence, seen

    def _put_ticket(self, ticket: Ticket, ended: Sequence[PartSpan]) -> None:
        if self._out.put(ticket) is not None:
            self._board.count_dropped(DropCause.OVERRUN)
        with suppress(ChannelClosed):
            # the ticket is accounted for; its part's end is of no use to ended threads
            self._put_spans(ended)

    def _presence(self, frame: Frame) -> Presence:
        if not self._watches:
            return Presence.SETTLED
        usable = frame.fault is None
        return self._watcher.update(thumbnail(frame.image, self._roi) if usable else None)

    def _new_triggers(self, frame_index: int) -> int:
        due = 0
        while self._trigger_frames and self._trigger_frames[0] <= frame_index:
            self._trigger_frames.popleft()
            due += 1
        return self._triggers.take() + due

    def _put_spans(self, spans: Iterable[PartSpan]) -> None:
        for span in spans:
            self._out.put(span, urgent=True)

    def _finish(self) -> None:
        if self._stopping.is_set():
            self._board.count_dropped(DropCause.STOP, len(self._out.discard()))
        self._put_spans(
            self._splitter.finish(self._last_index, self._last_at, triggers=self._unanswered())
        )

    def _unanswered(self) -> int:
        planned = 0 if self._stopping.is_set() else len(self._trigger_frames)
        return self._triggers.take() + planned
