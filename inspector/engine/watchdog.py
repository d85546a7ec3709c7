"""Watches that the network answers and the record gets on: a call that never returns must not
look like a quiet line.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from inspector.engine.channel import ChannelClosed
from inspector.engine.ticket import Ticket

LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Patience:
    """How long the network may take for one frame, in seconds: then it is declared
    stalled, and then the run ends. A GPU that is built anew answers within ``end_s``.

    The record, and whoever is told of parts, may take ``record_s`` for one step; a stall
    there is declared and ends nothing: a terminal that was held goes on, and nothing is lost.
    """

    declare_s: float = 0.75
    record_s: float = 0.75
    end_s: float = 30.0


class Hand:
    """The frame that the inspection thread has in hand, and whose it is.

    Native code cannot be interrupted. So a frame may be taken away from a thread that
    hangs: whoever takes it ends the run in that thread's stead, and the thread, should it
    ever come back, finds that its answer is of no use.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ticket: Ticket | None = None
        self._since = 0.0
        self._abandoned = False

    def take(self, ticket: Ticket) -> None:
        with self._lock:
            self._ticket, self._since = ticket, time.monotonic()

    def release(self) -> None:
        """It is decided on; raises ChannelClosed where it was taken away meanwhile."""
        with self._lock:
            if self._abandoned:
                raise ChannelClosed
            self._ticket = None

    def abandon(self) -> Ticket | None:
        """Takes the frame away; None where it has just been decided on."""
        with self._lock:
            ticket, self._ticket = self._ticket, None
            self._abandoned = ticket is not None
            return ticket

    def drop(self) -> Ticket | None:
        """What an inspection thread that ends still has in hand."""
        with self._lock:
            ticket, self._ticket = self._ticket, None
            return ticket

    @property
    def abandoned(self) -> bool:
        with self._lock:
            return self._abandoned

    def waiting_s(self) -> float:
        """How long the present frame has been in hand; 0 where there is none."""
        with self._lock:
            return 0.0 if self._ticket is None else time.monotonic() - self._since


class Progress:
    """When a thread that has work last got on with it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._since: float | None = None

    def step(self) -> None:
        """There is work, and some of it has just been done, or begun."""
        with self._lock:
            self._since = time.monotonic()

    def rest(self) -> None:
        """All is done."""
        with self._lock:
            self._since = None

    def waiting_s(self) -> float:
        """How long the present step has taken; 0 where there is nothing to do."""
        with self._lock:
            return 0.0 if self._since is None else time.monotonic() - self._since


@dataclass(slots=True)
class StallWatch:
    """Tells once when a wait gets too long, and once when it is over."""

    waiting_s: Callable[[], float]
    declare_s: float
    on_stall: Callable[[float], None]
    on_over: Callable[[], None]
    _stalled: bool = False

    def look(self) -> float:
        """Seconds waited."""
        waited = self.waiting_s()
        stalls = waited >= self.declare_s
        if stalls and not self._stalled:
            self.on_stall(waited)
        elif self._stalled and not stalls:
            self.on_over()
        self._stalled = stalls
        return waited


class Watchdog:
    """Looks a few times a second (one thread), until ``ended`` or until it ends the run."""

    def __init__(
        self,
        hand: Hand,
        end_s: float,
        ended: threading.Event,
        *,
        network: StallWatch,
        record: StallWatch,
        on_dead: Callable[[Ticket, float], None],
    ) -> None:
        self._hand = hand
        self._end_s = end_s
        self._ended = ended
        self._network = network
        self._record = record
        self._on_dead = on_dead
        self._look_s = min(LOOK_S, network.declare_s, record.declare_s)

    def run(self) -> None:
        while not self._ended.wait(self._look_s):
            self._record.look()
            if self._look_at_network():
                return

    def _look_at_network(self) -> bool:
        """Whether the run was ended."""
        # always told before the end, however late this look comes
        waited = self._network.look()
        if waited < self._end_s:
            return False
        ticket = self._hand.abandon()
        if ticket is None:
            return False
        self._on_dead(ticket, waited)
        return True
