"""Watches that the network answers and the record gets on: a call that never returns must not
look like a quiet line.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from inspector.core.parts import PartSpan
from inspector.engine.channel import ChannelClosed
from inspector.engine.ticket import Ticket

LOOK_S = 0.2

Held: TypeAlias = Ticket | PartSpan
Between: TypeAlias = tuple[list[PartSpan], Ticket]
"""A frame, and the parts that end before it."""


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
    """What the inspection thread has in hand, and whose it is: a frame, or two and the ends of
    parts between them, while one is concluded on and the next is computed.

    Native code cannot be interrupted. So all of it may be taken away from a thread that
    hangs: whoever takes it ends the run in that thread's stead, and the thread, should it
    ever come back, finds that its answer is of no use.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._items: list[Held] = []
        self._since: float | None = None
        self._abandoned = False

    def take(self, ticket: Ticket) -> None:
        with self._lock:
            self._items.append(ticket)
            self._since = time.monotonic()

    def take_next(self, found: Callable[[], Between | None]) -> Between | None:
        """What ``found`` says (it must not wait); raises ChannelClosed where all was taken away
        from this thread: what it found then would be nobody's.
        """
        with self._lock:
            if self._abandoned:
                raise ChannelClosed
            between = found()
            if between is not None:
                spans, ticket = between
                self._items += [*spans, ticket]
                self._since = time.monotonic()
            return between

    def release(self) -> None:
        """The first is decided on; raises ChannelClosed where it was taken away meanwhile.

        What follows waits for the record and not for the network, until ``go_on``.
        """
        with self._lock:
            if self._abandoned:
                raise ChannelClosed
            del self._items[0]
            self._since = None

    def go_on(self) -> None:
        """What was released is recorded, or some other frame was looked at: from now on what is
        in hand waits for the network.
        """
        with self._lock:
            self._since = time.monotonic()

    def abandon(self, after_s: float) -> list[Held]:
        """Takes it away, in its order; nothing where the thread has just got on with it."""
        with self._lock:
            if not self._items or self._since is None or self._waited() < after_s:
                return []
            items, self._items = self._items, []
            self._abandoned = True
            return items

    def drop(self) -> list[Held] | None:
        """What an inspection thread that ends still has in hand; None where it was taken away."""
        with self._lock:
            items, self._items = self._items, []
            return None if self._abandoned else items

    @property
    def abandoned(self) -> bool:
        with self._lock:
            return self._abandoned

    def waiting_s(self) -> float:
        """For the network, since something was last taken in hand or decided on; 0 where nothing
        does.
        """
        with self._lock:
            return self._waited()

    def _waited(self) -> float:
        if not self._items or self._since is None:
            return 0.0
        return time.monotonic() - self._since


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
        on_dead: Callable[[Sequence[Held], float], None],
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
        items = self._hand.abandon(self._end_s)
        if not items:
            return False
        self._on_dead(items, waited)
        return True
