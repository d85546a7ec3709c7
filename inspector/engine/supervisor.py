"""Keeps a live source alive: stall, freeze, reconnect with growing delays, giving up."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from inspector.core.frame import Frame, Image, SourceInfo
from inspector.core.protocols import FrameSource
from inspector.engine.alike import SAMPLE_STEP, look_alike
from inspector.errors import SourceError, SourceInterrupted, SourceOpenError

"""Every 8th row and column: 32,000 pixels at 1080p, compared in 0.02 ms."""
MOSTLY_CLIPPED = 0.95


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """Delays double from ``first_delay_s`` to ``eager_delay_s``, and after ``eager_s`` of an
    outage on to ``max_delay_s``; more than ``max_restarts`` within ``window_s`` ends the
    run. ``frozen_frames`` repetitions of a picture in a row are faults, ``frozen_s`` of them
    a broken source.

    A camera that comes back must be seen within two seconds, so the waits stay short; one
    that is away for some two minutes ends the run. The very first repetition is a fault: a
    picture that is not fresh may pass nothing.
    """

    first_delay_s: float = 0.1
    eager_delay_s: float = 0.25
    eager_s: float = 10.0
    max_delay_s: float = 1.0
    max_restarts: int = 150
    window_s: float = 300.0
    frozen_frames: int = 1
    frozen_s: float = 0.75

    def next_delay(self, delay_s: float, lasted_s: float) -> float:
        """After a wait of ``delay_s``, ``lasted_s`` into the outage."""
        most = self.eager_delay_s if lasted_s < self.eager_s else self.max_delay_s
        return min(2 * delay_s, most)


class FreezeWatch:
    """Tells a frozen picture from a still scene, where pixels can tell it.

    A picture that is nearly all black or all white repeats itself without being frozen
    (a clipped sensor has no noise): it is left to the quality gate. The last picture is
    held, not copied.
    """

    def __init__(self, policy: RestartPolicy) -> None:
        self._policy = policy
        self._last: Image | None = None
        self._since_ns = 0
        self._repeats = 0

    def check(self, frame: Frame) -> Frame:
        """The frame, marked as faulty once frozen; raises SourceError after ``frozen_s``."""
        now, before = frame.image, self._last
        same = before is not None and look_alike(now, before) and not _clipped(now)
        self._last = now
        if not same:
            self._since_ns, self._repeats = frame.captured_ns, 0
            return frame
        self._repeats += 1
        frozen_s = (frame.captured_ns - self._since_ns) / 1e9
        if frozen_s >= self._policy.frozen_s:
            raise SourceError(
                f"{frame.source_id}: the picture has been frozen for {frozen_s:.1f} s"
            )
        if self._repeats >= self._policy.frozen_frames:
            return replace(frame, fault="frozen picture")
        return frame


def _clipped(image: Image) -> bool:
    sample = image[::SAMPLE_STEP, ::SAMPLE_STEP]
    ends = np.count_nonzero(sample == 0) + np.count_nonzero(sample == 255)
    return bool(ends > MOSTLY_CLIPPED * sample.size)


class SupervisedSource:
    """Reads a source; a live one that breaks is opened again.

    ``on_outage(what)`` and ``on_return()`` are called on the reading thread. ``outages``
    counts how often the source was lost: between two frames with different counts
    nobody watched the belt.
    """

    def __init__(
        self,
        source: FrameSource,
        info: SourceInfo,
        *,
        stopping: threading.Event,
        on_outage: Callable[[str], None],
        on_return: Callable[[], None],
        policy: RestartPolicy | None = None,
    ) -> None:
        self._source = source
        self._info = info
        self._stopping = stopping
        self._on_outage = on_outage
        self._on_return = on_return
        self._policy = policy or RestartPolicy()
        self._restarts: deque[float] = deque()
        self._freeze = FreezeWatch(self._policy)
        self._faulty_since_ns: int | None = None
        self.outages = 0

    def read(self) -> Frame | None:
        """The next frame; None at the end of the stream or once stopping.

        Raises SourceError for a source that is not live, and for a live one that
        cannot be brought back.
        """
        while not self._stopping.is_set():
            try:
                return self._read_fresh()
            except SourceInterrupted:
                return None
            except SourceError as error:
                if not self._info.is_live or self._info.is_recorded:
                    raise
                self.outages += 1
                self._on_outage(str(error))
                self._bring_back(error)
        return None

    def _read_fresh(self) -> Frame | None:
        frame = self._source.read()
        if frame is None or not self._info.is_live:
            return frame
        if frame.fault is not None:
            self._check_faults(frame, frame.fault)
            return frame
        self._faulty_since_ns = None
        return self._freeze.check(frame) if self._info.freshness == "pixels" else frame

    def _check_faults(self, frame: Frame, fault: str) -> None:
        """Faulty pictures and no others are a broken source, too."""
        if self._faulty_since_ns is None:
            self._faulty_since_ns = frame.captured_ns
        lasted_s = (frame.captured_ns - self._faulty_since_ns) / 1e9
        if lasted_s >= self._policy.frozen_s:
            raise SourceError(f"{frame.source_id}: {fault}, for {lasted_s:.1f} s")

    def _bring_back(self, cause: SourceError) -> None:
        began, delay = time.monotonic(), self._policy.first_delay_s
        while not self._stopping.is_set():
            self._note_restart(cause)
            if self._stopping.wait(delay):
                return
            delay = self._policy.next_delay(delay, time.monotonic() - began)
            try:
                info = self._source.open()
            except SourceInterrupted:
                return
            except (SourceOpenError, SourceError) as error:
                cause = SourceError(str(error))
                continue
            self._check_same(info)
            self._freeze = FreezeWatch(self._policy)
            self._faulty_since_ns = None
            self._on_return()
            return

    def _note_restart(self, cause: SourceError) -> None:
        now = time.monotonic()
        self._restarts.append(now)
        while now - self._restarts[0] > self._policy.window_s:
            self._restarts.popleft()
        if len(self._restarts) > self._policy.max_restarts:
            raise SourceError(
                f"{self._info.source_id}: gave up after {self._policy.max_restarts} restarts "
                f"in {self._policy.window_s:.0f} s; last: {cause}"
            )

    def _check_same(self, info: SourceInfo) -> None:
        before, after = (self._info.width, self._info.height), (info.width, info.height)
        if before != after:
            raise SourceError(
                f"{info.source_id}: came back with {after[0]}×{after[1]} instead of "
                f"{before[0]}×{before[1]} pixels: regions would not fit"
            )
