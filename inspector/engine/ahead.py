"""Frames that wait are looked at before their turn, side by side, where none is ever dropped."""

from __future__ import annotations

import itertools
import queue
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass

from inspector.engine.judging import Look
from inspector.engine.ticket import Item, Ticket

LookAt = Callable[[Ticket], Look]
"""What is seen of a frame, whatever was seen of others; for several threads at a time."""


@dataclass(frozen=True, slots=True, eq=False)
class _Job:
    ticket: Ticket
    look_at: LookAt
    seen: Future[Look]

    def run(self) -> None:
        if not self.seen.set_running_or_notify_cancel():
            return
        try:
            found = self.look_at(self.ticket)
        except BaseException as error:  # noqa: BLE001 - raised where this frame has its turn
            self.seen.set_exception(error)
        else:
            self.seen.set_result(found)


class Ahead:
    """A memory of looks: frames have their turn one by one all the same, in their order.

    A look depends on nothing but its frame, so that looking early changes no record. What
    waits goes on waiting where it did, and is dropped, counted and ended as without this;
    a look at a frame that has no turn any more is forgotten, and its error with it.
    ``look`` and ``forget`` are for one thread, ``work`` is for ``threads`` of their own. The
    former looks at frames itself while it has nothing to judge: one thread more than there are
    cores would be one that the others wait for, just when a frame is judged.
    """

    def __init__(self, width: int) -> None:
        """``width``: frames looked at side by side; with 1 there is no early look."""
        self.threads = width - 1
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._begun: dict[Ticket, _Job] = {}

    def look(
        self,
        ticket: Ticket,
        waiting: Callable[[], Sequence[Item]],
        look_at: LookAt,
        *,
        got_on: Callable[[], None],
    ) -> Look:
        """At the ticket whose turn it is; raises what looking at it raised.

        ``waiting`` tells what comes behind it; ``got_on`` is called when another frame has been
        looked at meanwhile: whoever waits for this one has not waited for a network that hangs.
        """
        if not self.threads:
            return look_at(ticket)
        self._begin(ticket, look_at)
        # one more than there are threads: none is idle while this frame is being judged
        following = (item for item in waiting() if isinstance(item, Ticket))
        for early in itertools.islice(following, self.threads + 1):
            self._begin(early, look_at)
        seen = self._begun.pop(ticket).seen
        while not seen.done() and (job := self._next()) is not None:
            job.run()
            got_on()
        return seen.result()

    def forget(self) -> None:
        """Another model or recipe looks from here on, or nobody does."""
        for job in self._begun.values():
            job.seen.cancel()
        self._begun.clear()

    def close(self) -> None:
        """The threads end once what they have in hand is done. From any thread, idempotent."""
        for _ in range(self.threads):
            self._jobs.put(None)

    def work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()

    def _next(self) -> _Job | None:
        try:
            job = self._jobs.get_nowait()
        except queue.Empty:
            return None
        if job is None:  # said to the threads
            self._jobs.put(None)
        return job

    def _begin(self, ticket: Ticket, look_at: LookAt) -> None:
        if ticket not in self._begun:
            job = self._begun[ticket] = _Job(ticket, look_at, Future())
            self._jobs.put(job)
