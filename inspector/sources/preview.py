"""A look at a source before it is used: opened off the caller's thread, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum

from inspector.core.frame import Frame, SourceInfo
from inspector.core.protocols import FrameSource
from inspector.errors import InspectorError, SourceInterrupted, SourceOpenError

DEADLINE_S = 8.0
"""A camera process takes up to two seconds to start, a stream up to five to open."""


class PreviewState(StrEnum):
    OPENING = "opening"
    SHOWING = "showing"
    FAILED = "failed"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, eq=False)
class PreviewView:
    """One moment. ``frame`` is the newest; FAILED has ``error``, ENDED its last frame."""

    state: PreviewState = PreviewState.OPENING
    info: SourceInfo | None = None
    frame: Frame | None = None
    frames: int = 0
    fps: float | None = None
    error: InspectorError | None = None


class Preview:
    """One look. ``start`` once; ``view`` is pulled; ``stop`` any time, any number of times."""

    def __init__(
        self,
        make_source: Callable[[], FrameSource],
        *,
        deadline_s: float = DEADLINE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """``make_source`` is called on the preview's thread; it may raise InspectorError."""
        self._make_source = make_source
        self._deadline_s = deadline_s
        self._clock = clock
        self._lock = threading.Lock()
        self._view = PreviewView()
        self._source: FrameSource | None = None
        self._stopping = threading.Event()
        self._started_at = 0.0
        self._first_at = 0.0
        self._thread = threading.Thread(target=self._run, name="preview", daemon=False)

    def start(self) -> None:
        self._started_at = self._clock()
        self._thread.start()

    @property
    def view(self) -> PreviewView:
        """As it stands; past the deadline without a picture it has failed."""
        with self._lock:
            view = self._view
        if view.state is not PreviewState.OPENING or self._stopping.is_set():
            return view
        if self._started_at and self._clock() - self._started_at > self._deadline_s:
            self._give_up()
            with self._lock:
                return self._view
        return view

    def stop(self) -> None:
        """Asks for the end; ``join`` waits for it."""
        self._stopping.set()
        with self._lock:
            source = self._source
        if source is not None:
            source.interrupt()

    def join(self, timeout: float = 3.0) -> bool:
        """Whether it has ended (a device is closed within a second)."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def _give_up(self) -> None:
        error = SourceOpenError(
            f"no picture within {self._deadline_s:g} s: check that the source is switched on, "
            "reachable and not in use"
        )
        with self._lock:
            if self._view.state is PreviewState.OPENING:
                self._view = replace(self._view, state=PreviewState.FAILED, error=error)
        self.stop()

    def _run(self) -> None:
        try:
            self._show()
        except SourceInterrupted:
            return
        except InspectorError as error:
            with self._lock:
                if not self._stopping.is_set():
                    self._view = replace(self._view, state=PreviewState.FAILED, error=error)

    def _show(self) -> None:
        source = self._make_source()
        with self._lock:
            self._source = source
        try:
            if self._stopping.is_set():
                return
            info = source.open()
            while not self._stopping.is_set():
                frame = source.read()
                if frame is None:
                    self._end()
                    return
                self._keep(info, frame)
        finally:
            with self._lock:
                self._source = None
            with suppress(InspectorError):
                source.close()

    def _keep(self, info: SourceInfo, frame: Frame) -> None:
        now = self._clock()
        with self._lock:
            if self._view.state is PreviewState.FAILED:
                return
            count = self._view.frames + 1
            self._first_at = self._first_at or now
            seconds = now - self._first_at
            self._view = PreviewView(
                PreviewState.SHOWING, info, frame, count, (count - 1) / seconds if seconds else None
            )

    def _end(self) -> None:
        with self._lock:
            if self._view.state is not PreviewState.FAILED:
                self._view = replace(self._view, state=PreviewState.ENDED)
