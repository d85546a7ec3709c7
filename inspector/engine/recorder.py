"""The recorder thread's work: commit in groups, then count, announce and archive."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.core.frame import Frame
from inspector.core.inspection import Inspection, Part
from inspector.core.protocols import RecordSink
from inspector.engine.changeover import Takeover
from inspector.engine.channel import Channel, ChannelClosed
from inspector.engine.status import Scoreboard
from inspector.engine.watchdog import Progress

GROUP = 256
"""Decisions at most that share a commit."""


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """What was decided: a frame's inspections, or a part with the frame that shows it, or
    that another model judges from here on.
    """

    inspections: tuple[Inspection, ...] = ()
    part: Part | None = None
    key_frame: Frame | None = None
    takeover: Takeover | None = None


PartListener = Callable[[Part, Frame | None], None]
"""Called on the recorder thread, once the part is durable."""

TakeoverListener = Callable[[Takeover], None]
"""Called on the recorder thread, in its place among the decisions; may raise StoreError."""


class RecorderLoop:
    """Writes to every sink, in order; printed and counted means committed (one thread)."""

    def __init__(
        self,
        inbox: Channel[Decided],
        sinks: Sequence[RecordSink],
        listeners: Sequence[PartListener],
        on_takeover: TakeoverListener,
        board: Scoreboard,
    ) -> None:
        self._inbox = inbox
        self._sinks = sinks
        self._listeners = listeners
        self._on_takeover = on_takeover
        self._board = board
        self.progress = Progress()

    def run(self) -> None:
        while True:
            try:
                group = self._inbox.get_all(GROUP)
            except ChannelClosed:
                return
            self._commit(group)
            self.progress.rest()

    def _commit(self, group: list[Decided]) -> None:
        started = time.perf_counter_ns()
        self.progress.step()
        inspections = [i for decided in group for i in decided.inspections]
        parts = [decided.part for decided in group if decided.part is not None]
        for sink in self._sinks:
            sink.write(inspections, parts)
            self.progress.step()
        frames = sum(1 for decided in group if decided.inspections)
        self._board.count_recorded(frames, [part.verdict for part in parts])
        self._board.time_record((time.perf_counter_ns() - started) / 1e6 / max(1, frames))
        for decided in group:
            self._announce(decided)

    def _announce(self, decided: Decided) -> None:
        if decided.takeover is not None:
            self._on_takeover(decided.takeover)
        if decided.part is not None:
            for listener in self._listeners:
                listener(decided.part, decided.key_frame)
                self.progress.step()
