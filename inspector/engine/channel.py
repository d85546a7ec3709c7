"""Bounded hand-over between two threads; every wait can be woken by ``close``."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
A = TypeVar("A")
B = TypeVar("B")

Victim = Callable[[Sequence[T], T], T | None]
"""Given what waits and what comes, the item to drop; None to keep them all."""


class ChannelClosed(Exception):
    """Nothing more comes out of (or goes into) the channel."""


class Channel(Generic[T]):
    """First in, first out, for one producer and one consumer.

    With ``victim`` the producer never waits: where the channel is full, the item that
    ``victim`` names is dropped and handed back. Without it the producer waits, until half
    of the room is free again: two threads that wake each other for every single item spend
    more time on the interpreter's lock than on the items.
    Items put as ``urgent`` (control events) are never dropped and never wait.
    """

    def __init__(self, capacity: int, victim: Victim[T] | None = None) -> None:
        self._capacity = capacity
        self._victim = victim
        self._items: deque[tuple[T, bool]] = deque()
        self._waiting = 0  # items that count against the capacity
        self._lock = threading.Lock()
        self._came = threading.Condition(self._lock)
        self._went = threading.Condition(self._lock)
        self._closed = False

    def put(self, item: T, *, urgent: bool = False) -> T | None:
        """The item that was dropped for it (maybe itself); raises ChannelClosed."""
        with self._lock:
            dropped = None if urgent else self._make_room(item)
            if self._closed:
                raise ChannelClosed
            if dropped is not item:
                self._items.append((item, not urgent))
                self._waiting += not urgent
            self._came.notify()
            return dropped

    def _make_room(self, item: T) -> T | None:
        if self._waiting < self._capacity:
            return None
        if self._victim is None:
            self._went.wait_for(lambda: self._closed or self._has_room)
            return None
        pending = [i for i, counts in self._items if counts]
        victim = self._victim(pending, item)
        if victim is not None and victim is not item:
            self._items = deque(entry for entry in self._items if entry[0] is not victim)
            self._waiting -= 1
        return victim

    @property
    def _has_room(self) -> bool:
        return self._waiting <= self._capacity // 2

    def _take(self) -> T:
        item, counts = self._items.popleft()
        self._waiting -= counts
        return item

    def _tell_producer(self) -> None:
        if self._has_room:
            self._went.notify()

    def get(self, timeout: float | None = None) -> T:
        """The next item; raises ChannelClosed once closed and empty, TimeoutError."""
        with self._lock:
            if not self._came.wait_for(lambda: self._items or self._closed, timeout):
                raise TimeoutError
            if not self._items:
                raise ChannelClosed
            item = self._take()
            self._tell_producer()
            return item

    def get_all(self, limit: int, timeout: float | None = None) -> list[T]:
        """At least one item and at most ``limit``, without a further wait."""
        items = [self.get(timeout)]
        with self._lock:
            while self._items and len(items) < limit:
                items.append(self._take())
            self._tell_producer()
        return items

    def take_through(self, between: type[A], wanted: type[B]) -> tuple[list[A], B] | None:
        """The ``wanted`` item that comes out next but for some ``between``, and those; None where
        something else comes before it or it has not come yet. Never waits.
        """
        with self._lock:
            passed: list[A] = []
            for item, _ in self._items:
                if isinstance(item, wanted):
                    for _ in range(len(passed) + 1):
                        self._take()
                    self._tell_producer()
                    return passed, item
                if not isinstance(item, between):
                    break
                passed.append(item)
            return None

    def waiting(self) -> list[T]:
        """What would come out next, in its order; all of it stays where it is."""
        with self._lock:
            return [item for item, _ in self._items]

    def close(self) -> None:
        """No more items; those waiting can still be taken. Idempotent."""
        with self._lock:
            self._closed = True
            self._came.notify_all()
            self._went.notify_all()

    def discard(self) -> list[T]:
        """Takes out and returns all but the urgent items."""
        with self._lock:
            taken = [item for item, counts in self._items if counts]
            self._items = deque(entry for entry in self._items if not entry[1])
            self._waiting = 0
            self._went.notify_all()
            return taken
