"""Where the engine's threads leave what the screen will pull."""

from __future__ import annotations

import datetime as dt
import threading
from collections import deque
from dataclasses import dataclass, field

from inspector.core.frame import Frame
from inspector.core.inspection import Part
from inspector.engine.judging import Decision
from inspector.gui.runs.events import PartEvent, RunEvent, Shown

PICTURES = 24
"""Parts that may wait with their pictures: at 1080p, 150 MB."""


@dataclass(slots=True, eq=False)
class Pulled:
    """Everything new since the last pull; ``live`` only the newest."""

    live: Shown | None = None
    parts: list[PartEvent] = field(default_factory=list)
    events: list[RunEvent] = field(default_factory=list)


class RunInbox:
    """A `FrameObserver`, a part listener and an event listener; pulled by one reader.

    Frames are a state: only the newest is kept. Parts and outages are events: every one
    is kept until pulled, however slow the screen is; beyond ``PICTURES`` waiting parts
    the oldest give up their pictures, for a part is a kilobyte and a picture six
    megabytes. Nothing here ever makes the engine wait.
    """

    def __init__(self, *, pictures: int = PICTURES) -> None:
        self._lock = threading.Lock()
        self._pictures = pictures
        self._live: Shown | None = None
        self._deciding: dict[int, Shown] = {}
        self._parts: deque[PartEvent] = deque()
        self._events: list[RunEvent] = []

    def on_decision(self, decision: Decision) -> None:
        """On the inspection thread."""
        shown = Shown(
            decision.ticket.frame,
            decision.verdict,
            decision.inspections,
            decision.predictions,
            decision.recipe,
        )
        with self._lock:
            self._live = shown
            if decision.leads and decision.ticket.part_index is not None:
                self._deciding[decision.ticket.part_index] = shown

    def on_part(self, part: Part, frame: Frame | None) -> None:
        """On the recorder thread, once the part is durable."""
        with self._lock:
            self._parts.append(PartEvent(part, self._deciding.pop(part.part_index, None)))
            if len(self._parts) > self._pictures:
                late = self._parts[-1 - self._pictures]
                self._parts[-1 - self._pictures] = PartEvent(late.part, None)

    def on_event(self, kind: str, detail: str) -> None:
        """On the capture thread."""
        with self._lock:
            self._events.append(RunEvent(kind, detail, dt.datetime.now(dt.UTC)))

    def pull(self) -> Pulled:
        """Takes everything out; ``live`` is None where no frame came since."""
        with self._lock:
            pulled = Pulled(self._live, list(self._parts), self._events)
            self._live = None
            self._parts = deque()
            self._events = []
            return pulled
