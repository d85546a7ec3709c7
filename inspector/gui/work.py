"""Work off the GUI thread: progress, cancel, and answers that come back as values."""

from __future__ import annotations

import itertools
import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from PySide6.QtCore import QObject, Qt, Signal, Slot

from inspector.errors import InspectorError

T = TypeVar("T")

_log = logging.getLogger(__name__)

WORKERS = 3


@dataclass(frozen=True, slots=True)
class Done(Generic[T]):
    """The work's answer."""

    value: T


@dataclass(frozen=True, slots=True)
class Failed:
    """What the work raised; shown in words by `inspector.gui.words.explain`."""

    error: Exception


@dataclass(frozen=True, slots=True)
class Cancelled:
    """It was cancelled before it had an answer."""


Outcome: TypeAlias = Done[T] | Failed | Cancelled


class WorkCancelled(Exception):
    """Raised inside the work by ``Job.check``; needs no handling there."""


class Job:
    """The work's own end: report progress, ask whether to go on. Any thread."""

    def __init__(self, report: Callable[[float, str], None]) -> None:
        self._cancelled = threading.Event()
        self._report = report

    def progress(self, share: float, text: str = "") -> None:
        """``share`` 0..1 of the work is done; raises WorkCancelled once cancelled."""
        self.check()
        self._report(share, text)

    def check(self) -> None:
        """Raises WorkCancelled once cancelled; call it wherever stopping is safe."""
        if self._cancelled.is_set():
            raise WorkCancelled

    def cancel(self) -> None:
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        return self._cancelled.is_set()


@dataclass(slots=True, eq=False)
class _Entry:
    job: Job
    key: str | None
    on_outcome: Callable[[Outcome[object]], None]
    on_progress: Callable[[float, str], None]


class WorkRunner(QObject):
    """Runs functions on a few threads and answers on the GUI thread.

    Every piece of work has a number; of those that share a ``key`` only the newest
    answers: the older are cancelled and what they still say is dropped.
    """

    _ended = Signal(int, object)
    _moved = Signal(int, float, str)
    busy_changed = Signal(bool)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(WORKERS, thread_name_prefix="work")
        self._numbers = itertools.count(1)
        self._entries: dict[int, _Entry] = {}
        self._ended.connect(self._deliver, Qt.ConnectionType.QueuedConnection)
        self._moved.connect(self._tell_progress, Qt.ConnectionType.QueuedConnection)

    def submit(
        self,
        work: Callable[[Job], T],
        on_outcome: Callable[[Outcome[T]], None],
        *,
        key: str | None = None,
        on_progress: Callable[[float, str], None] = lambda share, text: None,
    ) -> Job:
        """Runs ``work(job)`` soon; ``on_outcome`` is called on the GUI thread, once.

        ``work`` must not touch widgets. Of the same ``key`` only the newest answers.
        """
        if key is not None:
            self.forget(key)
        number = next(self._numbers)
        job = Job(lambda share, text: self._moved.emit(number, share, text))
        self._entries[number] = _Entry(job, key, on_outcome, on_progress)  # type: ignore[arg-type]
        self._pool.submit(self._run, number, job, work)
        if len(self._entries) == 1:
            self.busy_changed.emit(True)
        return job

    def forget(self, key: str) -> None:
        """Cancels the work of that key; it will not answer."""
        for number in [n for n, e in self._entries.items() if e.key == key]:
            self._entries.pop(number).job.cancel()

    @property
    def pending(self) -> int:
        """How many will still answer."""
        return len(self._entries)

    def close(self) -> None:
        """Cancels everything and waits for the threads; nothing answers afterwards."""
        for entry in self._entries.values():
            entry.job.cancel()
        self._entries.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _run(self, number: int, job: Job, work: Callable[[Job], object]) -> None:
        outcome: Outcome[object]
        try:
            job.check()
            outcome = Done(work(job))
        except WorkCancelled:
            outcome = Cancelled()
        except InspectorError as error:
            outcome = Failed(error)
        except Exception as error:  # noqa: BLE001 - the one guard of this thread
            _log.exception("work in the window ended by an error of the program")
            outcome = Failed(error)
        self._ended.emit(number, outcome)

    @Slot(int, object)
    def _deliver(self, number: int, outcome: Outcome[object]) -> None:
        entry = self._entries.pop(number, None)
        if entry is None:
            return
        if not self._entries:
            self.busy_changed.emit(False)
        entry.on_outcome(Cancelled() if entry.job.cancelled else outcome)

    @Slot(int, float, str)
    def _tell_progress(self, number: int, share: float, text: str) -> None:
        entry = self._entries.get(number)
        if entry is not None and not entry.job.cancelled:
            entry.on_progress(share, text)
