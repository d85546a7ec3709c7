"""What travels from capture to inspection, and which of it may be dropped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from inspector.core.frame import Frame
from inspector.core.parts import PartSpan
from inspector.core.presence import Presence
from inspector.engine.changeover import ChangeoverMark

MAX_PROTECTED = 16
"""Parts that may wait with their only settled frame; 16 frames of 1080p are 100 MB."""


@dataclass(frozen=True, slots=True, eq=False)
class Ticket:
    """A captured frame with what presence said of it."""

    frame: Frame
    presence: Presence
    part_index: int | None
    settled: bool
    read_ms: float
    presence_ms: float
    queued_ns: int


Item: TypeAlias = Ticket | PartSpan | ChangeoverMark


class NewestWins:
    """For live sources: the newest frame wins, but no part loses its only settled one.

    anomalib Studio, with a full queue, discards the oldest *and* the new frame; here
    exactly one goes, and none where every one of them is some part's last chance.
    Where every frame is a part (``protect=False``) that would be a queue of old frames:
    there the newest simply wins, and a part whose frame was dropped is INVALID.
    """

    def __init__(self, *, protect: bool) -> None:
        self._protect = protect
        self._served_up_to = -1

    def protect(self, *, protect: bool) -> None:
        """A changeover may bring another way of telling parts (on the producer's thread)."""
        self._protect = protect

    def served(self, ticket: Ticket) -> None:
        """The consumer took this frame; parts come in order, so one number suffices."""
        if ticket.settled and ticket.part_index is not None:
            self._served_up_to = max(self._served_up_to, ticket.part_index)

    def __call__(self, pending: Sequence[Item], new: Item) -> Item | None:
        """The frame to drop: the oldest that is nobody's only one, else the new one."""
        tickets = [t for t in (*pending, new) if isinstance(t, Ticket)]
        for ticket in tickets:
            if not self._is_only_one(ticket, tickets):
                return ticket
        return new if len(tickets) > MAX_PROTECTED else None

    def _is_only_one(self, ticket: Ticket, tickets: Sequence[Ticket]) -> bool:
        if not self._protect or not ticket.settled or ticket.part_index is None:
            return False
        if ticket.part_index <= self._served_up_to:
            return False
        return not any(
            t is not ticket and t.settled and t.part_index == ticket.part_index for t in tickets
        )
