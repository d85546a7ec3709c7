"""A source in a process of its own: a hanging driver or a crash there ends only there."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from typing import Any

from inspector import errors
from inspector.core.frame import Frame, SourceInfo
from inspector.core.protocols import FrameMemory
from inspector.errors import (
    InspectorError,
    SourceError,
    SourceInterrupted,
    SourceOpenError,
    StateError,
)
from inspector.sources.address import Address, source_id_of
from inspector.sources.capture_process import CaptureProcess
from inspector.sources.isolated_child import READ, open_command, ring_command
from inspector.sources.options import SourceOptions
from inspector.sources.ring import FrameRing, RingLayout

_SLOTS = 8
# a busy machine may take this long to start an interpreter and import OpenCV
_START_S = 20.0
_MARGIN_S = 0.25
_FILE_PATIENCE_S = 20.0
# a file owes no frame at any time: a decoder that takes so long for one hangs
FRAMES_MISSED = 3
"""So many frames must stay away before a camera slower than the time-out counts as silent."""
SPARE_AFTER_S = 1.0
"""Of frames, or of waiting for an opening: then there is time to start a spare process."""
_SPARE_REFUSED_S = 60.0


class IsolatedSource:
    """Any device or stream, read by a child process that always drains it; or a file,
    where the child waits for its reader and so loses nothing.

    ``read`` never waits longer than ``options.read_timeout_s``, or three frames' time of a
    slower camera. It does not wait for a silent child's end either: the loss is told first,
    ``open`` or ``close`` (at most a second) kills afterwards.

    With ``options.spare`` a second child stands by, its libraries loaded and nothing opened,
    and takes over when the first is lost. One that merely could not open is asked again.
    """

    def __init__(
        self,
        address: Address,
        options: SourceOptions,
        *,
        opener: str = "inspector.sources.factory:open_direct",
        memory: FrameMemory | None = None,
    ) -> None:
        self._address = address
        self._options = options
        self._opener = opener
        self._memory = memory
        self._source_id = source_id_of(address)
        self._next_index = 0
        self._first_index = 0
        self._limit_s = options.read_timeout_s
        self._lossless = address.kind == "path"
        self._known: SourceInfo | None = None
        self._quick = False
        self._refused = False
        self._ring: FrameRing | None = None
        self._child: CaptureProcess | None = None
        self._spare: CaptureProcess | None = None
        self._spare_at = 0.0
        self._ending: tuple[Any, ...] | None = None
        self._lock = threading.Lock()

    def open(self) -> SourceInfo:
        """Raises SourceOpenError, within ``open_timeout_s`` of the child's start.

        Where it was open before, a failure leaves a child to be asked again: ``close`` ends it.
        """
        child = self._child_to_ask()
        try:
            info = self._ask(child)
            layout = RingLayout(_SLOTS, info.width, info.height)
            self._ring = FrameRing.create(layout)
            child.send(ring_command(self._ring, layout))
        except InspectorError:
            self._after_failure()
            raise
        self._first_index = self._next_index
        self._spare_at = time.monotonic() + SPARE_AFTER_S
        self._limit_s = self._limit(info)
        return info

    def _limit(self, info: SourceInfo) -> float:
        slow_s = FRAMES_MISSED / info.fps if info.fps else 0.0
        if self._lossless:
            slow_s = max(slow_s, _FILE_PATIENCE_S)
        return max(self._options.read_timeout_s, slow_s)

    def _child_to_ask(self) -> CaptureProcess:
        refused, self._refused = self._refused, False
        if refused and self._child is not None:
            return self._child
        self._let_go()
        child = self._take_spare() or self._start()
        with self._lock:
            self._child = child
        return child

    def _ask(self, child: CaptureProcess) -> SourceInfo:
        if not child.started:
            self._expect(child, "started", _START_S)
            child.started = True
        # what the stream is was found out before; if that does not do, thoroughly again
        quick, self._quick = self._quick, self._known is not None and not self._quick
        child.send(open_command(quick=quick))
        (info,) = self._expect(child, "opened", self._options.open_timeout_s + _MARGIN_S)
        if quick and self._known is not None:
            info = replace(info, fps=self._known.fps)
        self._known, self._quick = info, True
        return info  # type: ignore[no-any-return]

    def _after_failure(self) -> None:
        if self._known is None:
            self.close()
        elif not self._refused:
            self._let_go()

    def _start(self) -> CaptureProcess:
        return CaptureProcess(self._address, self._options, self._opener, lossless=self._lossless)

    def _start_spare(self) -> None:
        if self._spare is not None or not self._options.spare or self._lossless:
            return
        try:
            self._spare = self._start()
        except OSError:
            # no room for one more process: a run can do without
            self._spare_at = time.monotonic() + _SPARE_REFUSED_S

    def _take_spare(self) -> CaptureProcess | None:
        spare, self._spare = self._spare, None
        if spare is not None and not spare.is_alive:
            spare.kill()
            return None
        return spare

    def _expect(self, child: CaptureProcess, kind: str, timeout_s: float) -> tuple[Any, ...]:
        message = self._answer(child, timeout_s)
        if message is None:
            raise SourceOpenError(
                f"{self._address.shown}: no picture within {timeout_s:g} s; "
                "check that it is switched on and reachable"
            )
        if message[0] == "crashed":
            raise SourceOpenError(f"{self._address.shown}: {message[1]}")
        if message[0] != kind:
            self._refused = message[0] == "failed"
            raise self._failure(message)
        return message[1:]

    def _answer(self, child: CaptureProcess, timeout_s: float) -> tuple[Any, ...] | None:
        """To an opening; one that takes long may well end with the child's death."""
        now = time.monotonic()
        if self._known is not None and timeout_s > SPARE_AFTER_S:
            message = child.receive(now + SPARE_AFTER_S)
            if message is not None:
                return message
            self._start_spare()
        return child.receive(now + timeout_s)

    def _failure(self, message: tuple[Any, ...]) -> InspectorError:
        if message[0] == "interrupted":
            return SourceInterrupted(f"{self._address.shown}: interrupted")
        if message[0] == "crashed":
            return SourceError(f"{self._address.shown}: {message[1]}")
        raised: InspectorError = getattr(errors, message[1])(message[2])
        return raised

    def read(self) -> Frame | None:
        """See FrameSource; after an error only ``close`` and ``open`` help."""
        child, ring = self._child, self._ring
        if child is None or ring is None:
            raise StateError(f"{self._address.shown}: read before open")
        deadline = time.monotonic() + self._limit_s
        while True:
            if child.interrupted:
                raise self._failure(("interrupted",))
            frame = ring.read(
                first_index=self._first_index,
                station_id=self._options.station_id,
                source_id=self._source_id,
                memory=self._memory,
            )
            if frame is not None:
                self._after_frame(child, frame)
                return frame
            if self._ending is not None:
                self._check_end(self._ending)
                return None
            self._wait_for_news(child, deadline)

    def _after_frame(self, child: CaptureProcess, frame: Frame) -> None:
        self._next_index = frame.index + 1
        if self._lossless:
            child.send(READ)
        elif self._spare is None and time.monotonic() >= self._spare_at:
            self._start_spare()

    def _wait_for_news(self, child: CaptureProcess, deadline: float) -> None:
        message = child.receive(deadline)
        if message is None:
            child.silent = True
            raise SourceError(f"{self._address.shown}: no frame for {self._limit_s:.2g} s")
        if message[0] not in ("frame", "interrupted"):
            self._ending = message

    def _check_end(self, message: tuple[Any, ...]) -> None:
        if message[0] != "ended":
            raise self._failure(message)

    def interrupt(self) -> None:
        """See FrameSource; wakes a waiting ``open`` too."""
        with self._lock:
            if self._child is not None:
                self._child.interrupt()

    def _let_go(self) -> None:
        """Of the child that reads, or read; the spare stays."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end()
        if self._ring is not None:
            self._ring.close()
        self._ring = self._ending = None
        self._refused = False

    @property
    def has_spare(self) -> bool:
        """Whether a child stands by, its libraries loaded."""
        return self._spare is not None and self._spare.is_ready

    def close(self) -> None:
        """Ends the children within a second, by force where it must be."""
        self._let_go()
        spare, self._spare = self._spare, None
        if spare is not None:
            spare.kill()
