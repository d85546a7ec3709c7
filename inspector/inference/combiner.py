"""Several cameras on one model: their pictures run together, within a bound on waiting.

No thread of its own: whoever asks first runs the batch for those who ask meanwhile
(leader and followers). A camera has one question open at a time, and they are answered in
the order in which they came, so that none is starved and each keeps its own order.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.core.frame import Image
from inspector.core.owed import Owed
from inspector.errors import InferenceError
from inspector.inference.network import Outputs

Run = Callable[[Sequence[Image], Callable[[], None] | None], Outputs]
"""n uint8 (H, W, 3) BGR → float32 (n, …) by role; raises InferenceError. Called by as many
threads at a time as there are lanes, with what they have to do meanwhile."""


@dataclass(slots=True, eq=False)
class _Question:
    """``told`` wakes its thread and no other: a crowd that is woken to look and to go back
    to sleep costs more than the runs it waits for.
    """

    images: Sequence[Image]
    asked: float
    told: threading.Condition
    answer: Outputs | None = None
    problem: BaseException | None = None

    @property
    def is_answered(self) -> bool:
        return self.answer is not None or self.problem is not None


class Combiner:
    """Call it like the ``run`` that it wraps, from any number of threads.

    Args:
        most: pictures of one batch (a question with more of them is run by itself).
        patience_s: how long the first may wait for others; nobody waits once every
            member has asked. 0 still joins those who asked while the last batch ran.
        lanes: batches under way at once: one is copied while the other is computed.
    """

    def __init__(
        self,
        run: Run,
        *,
        most: int,
        patience_s: float = 0.0,
        lanes: int = 1,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._run, self._most, self._patience, self._clock = run, most, patience_s, clock
        self._lock = threading.Lock()
        self._waiting: deque[_Question] = deque()
        self._lanes, self._running = lanes, 0
        self._members, self._under_way = 0, 0

    def join(self) -> None:
        """One more camera will ask."""
        with self._lock:
            self._members += 1

    def leave(self) -> None:
        """It will not ask any more: nobody waits for it."""
        with self._lock:
            self._members -= 1
            self._wake_first()

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> Outputs:
        """float32 (n, …) by role for n uint8 (H, W, 3); raises what ``run`` raised.

        ``meanwhile`` is called once: while these pictures wait for others, or for those who take
        them along, else while they are computed.
        """
        mine = _Question(images, self._clock(), threading.Condition(self._lock))
        own = Owed(meanwhile)
        with self._lock:
            self._waiting.append(mine)
            if self._is_full():
                self._wake_first()
            at_once = self._is_my_turn(mine) and (self._is_full() or not self._patience)
        try:
            if not at_once:
                own()
            batch = self._lead(mine)
        except BaseException:
            self._withdraw(mine)
            raise
        if batch is not None:
            self._answer(batch, own)
        own.check()
        if mine.problem is not None:
            raise InferenceError(str(mine.problem)) from mine.problem
        assert mine.answer is not None
        return mine.answer

    def _lead(self, mine: _Question) -> list[_Question] | None:
        """The batch to run, begun by mine; None once somebody has answered it."""
        with self._lock:
            mine.told.wait_for(lambda: mine.is_answered or self._is_my_turn(mine))
            if mine.is_answered:
                return None
            deadline = mine.asked + self._patience
            while not self._is_full() and (left := deadline - self._clock()) > 0:
                mine.told.wait(left)
            self._running += 1
            batch = self._take()
            self._under_way += len(batch)
            self._wake_first()
            return batch

    def _withdraw(self, mine: _Question) -> None:
        """Whoever asked was interrupted: nobody shall wait behind."""
        with self._lock:
            if mine in self._waiting:
                self._waiting.remove(mine)
            self._wake_first()

    def _wake_first(self) -> None:
        """Whoever is first has something to look at: a lane, or a batch that is full."""
        if self._waiting and self._running < self._lanes:
            self._waiting[0].told.notify()

    def _is_my_turn(self, mine: _Question) -> bool:
        free = self._running < self._lanes
        return free and bool(self._waiting) and self._waiting[0] is mine

    def _is_full(self) -> bool:
        asked = sum(len(q.images) for q in self._waiting)
        others = self._members - self._under_way
        return asked >= self._most or len(self._waiting) >= others

    def _take(self) -> list[_Question]:
        """The first question, and those behind it that fit."""
        batch = [self._waiting.popleft()]
        room = self._most - len(batch[0].images)
        while self._waiting and len(self._waiting[0].images) <= room:
            room -= len(self._waiting[0].images)
            batch.append(self._waiting.popleft())
        return batch

    def _answer(self, batch: Sequence[_Question], meanwhile: Callable[[], None]) -> None:
        try:
            outputs = self._run([image for q in batch for image in q.images], meanwhile)
            _deal(batch, outputs)
        except BaseException as error:  # noqa: BLE001 - raised by each of those who asked
            for question in batch:
                question.problem = error
        finally:
            with self._lock:
                self._running -= 1
                self._under_way -= len(batch)
                for question in batch[1:]:  # the first is the one who ran it
                    question.told.notify()
                self._wake_first()


def _deal(batch: Sequence[_Question], outputs: Outputs) -> None:
    start = 0
    for question in batch:
        end = start + len(question.images)
        question.answer = {role: values[start:end] for role, values in outputs.items()}
        start = end
