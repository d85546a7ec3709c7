"""Bounded hand-over between two threads; every wait can be woken by ``close``."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")

Victim = Callable[[Sequence[T], T], T | None]
"""Given what waits and what comes, the item to drop; None to keep them all."""


class ChannelClosed(Exception):
    """Nothing more comes out of (or goes into) the channel."""


class Channel(Generic[T]):
    """First in, first out, for one producer and one consumer.

    With ``victim`` the producer never waits: where the channel is full, the item that
    ``victim`` names is dropped and handed back. Without it the producer waits.
    Items put as ``urgent`` (control events) are never dropped and never wait.
    """

    def __init__(self, capacity: int, victim: Victim[T] | None = None) -> None:
        self._capacity = capacity
        self._victim = victim
        self._items: deque[tuple[T, bool]] = deque()
        self._changed = threading.Condition()
        self._closed = False

    def put(self, item: T, *, urgent: bool = False) -> T | None:
        """The item that was dropped for it (maybe itself); raises ChannelClosed."""
        with self._changed:
            dropped = None if urgent else self._make_room(item)
            if self._closed:
                raise ChannelClosed
            if dropped is not item:
                self._items.append((item, not urgent))
            self._changed.notify_all()
            return dropped

    def _make_room(self, item: T) -> T | None:
        if self._victim is None:
            self._changed.wait_for(lambda: self._closed or self._waiting < self._capacity)
            return None
        if self._waiting < self._capacity:
            return None
        pending = [i for i, counts in self._items if counts]
        victim = self._victim(pending, item)
        if victim is not None and victim is not item:
            self._items = deque(entry for entry in self._items if entry[0] is not victim)
        return victim

    @property
    def _waiting(self) -> int:
        return sum(counts for _, counts in self._items)

    def get(self, timeout: float | None = None) -> T:
        """The next item; raises ChannelClosed once closed and empty, TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._items or self._closed, timeout):
                raise TimeoutError
            if not self._items:
                raise ChannelClosed
            item, _ = self._items.popleft()
            self._changed.notify_all()
            return item

    def get_all(self, limit: int, timeout: float | None = None) -> list[T]:
        """At least one item and at most ``limit``, without a further wait."""
        items = [self.get(timeout)]
        with self._changed:
            while self._items and len(items) < limit:
                items.append(self._items.popleft()[0])
            self._changed.notify_all()
        return items

    def close(self) -> None:
        """No more items; those waiting can still be taken. Idempotent."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def discard(self) -> list[T]:
        """Takes out and returns all but the urgent items."""
        with self._changed:
            taken = [item for item, counts in self._items if counts]
            self._items = deque(entry for entry in self._items if not entry[1])
            self._changed.notify_all()
            return taken
