"""The last rejected parts with their pictures, as many as memory is meant for."""

from __future__ import annotations

from collections import deque

from inspector.gui.runs.events import PartEvent
from inspector.gui.widgets.fail_strip import KEPT

BUDGET_BYTES = 80_000_000
"""Of pictures: twelve at 1920×1080, three at 3840×2160; a strip has room for about six."""


class RejectedParts:
    """The newest ``KEPT`` parts; beyond the budget the oldest give up their pictures."""

    def __init__(self, *, budget: int = BUDGET_BYTES) -> None:
        """``budget`` in bytes; the newest part keeps its picture whatever it takes."""
        self._budget = budget
        self._events: deque[PartEvent] = deque(maxlen=KEPT)

    def add(self, event: PartEvent) -> None:
        self._events.appendleft(event)
        held = 0
        for index, kept in enumerate(self._events):
            held += kept.shown.frame.image.nbytes if kept.shown else 0
            if index and kept.shown and held > self._budget:
                self._events[index] = PartEvent(kept.part, None)

    def find(self, part_id: str) -> PartEvent | None:
        """None for a part that is no longer among them."""
        return next((e for e in self._events if e.part.part_id == part_id), None)

    def clear(self) -> None:
        self._events.clear()
