"""Plays recorded frames at the speed at which they were taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from inspector.errors import SourceInterrupted


class Pacer:
    """Holds each frame back until it is due, by absolute deadlines (no drift).

    The first frame is due at once. ``interrupt`` ends a wait from any thread.
    """

    def __init__(
        self,
        *,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        wait: Callable[[threading.Event, float], bool] = threading.Event.wait,
    ) -> None:
        self._monotonic_ns = monotonic_ns
        self._wait = wait
        self._interrupted = threading.Event()
        self._origin_ns: int | None = None

    def reset(self) -> None:
        """Forgets the first frame and any interrupt."""
        self._origin_ns = None
        self._interrupted.clear()

    def interrupt(self) -> None:
        """Ends the present and every later wait, until ``reset``."""
        self._interrupted.set()

    def check(self) -> None:
        """Raises SourceInterrupted after ``interrupt``."""
        if self._interrupted.is_set():
            raise SourceInterrupted("the source was interrupted")

    def late_ns(self, media_ns: int) -> int:
        """How long ago the frame of media time ``media_ns`` was due; negative: in time."""
        now = self._monotonic_ns()
        if self._origin_ns is None:
            self._origin_ns = now - media_ns
        return now - (self._origin_ns + media_ns)

    def wait_for(self, media_ns: int) -> None:
        """Returns when the frame is due; raises SourceInterrupted."""
        early_ns = -self.late_ns(media_ns)
        if early_ns > 0:
            self._wait(self._interrupted, early_ns / 1e9)
        self.check()
