"""Keeping footage: from a source of its own, or from a line that is being inspected."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from inspector.core.frame import Frame, SourceInfo
from inspector.core.protocols import FrameSource
from inspector.engine.threads import GuardedThread
from inspector.errors import InputError, SourceInterrupted, StateError, StoreError
from inspector.store.footage import Codec, FootageSummary, FootageWriter, choose_codec

ASSUMED_FPS = 25.0


@dataclass(frozen=True, slots=True)
class Limits:
    """When a recording stops by itself: after so long, or after so many frames."""

    duration_s: float | None = None
    frames: int | None = None


@dataclass(slots=True)
class RecordingTally:
    """What came from the source (one thread writes)."""

    taken: int = 0
    last_index: int = -1
    lost: int = 0
    faulted: int = 0
    first_ns: int | None = None
    last_ns: int = 0

    def count(self, frame: Frame, time_ns: int) -> None:
        self.taken += 1
        self.lost += frame.index - self.last_index - 1
        self.last_index = frame.index
        self.faulted += frame.fault is not None
        self.first_ns = time_ns if self.first_ns is None else self.first_ns
        self.last_ns = time_ns

    def seconds_at(self, time_ns: int) -> float:
        return (time_ns - (time_ns if self.first_ns is None else self.first_ns)) / 1e9


def open_footage(
    info: SourceInfo, out: Path, codec: str = "auto", *, force: bool = False
) -> FootageWriter:
    """A file for a source; a live one is never waited on. Raises InputError, StoreError."""
    fps = info.fps or ASSUMED_FPS
    pixels_per_s = info.width * info.height * fps if info.is_live else None
    return FootageWriter(
        out,
        fps=fps,
        size=(info.width, info.height),
        codec=_codec(codec, out, pixels_per_s),
        wait=not info.is_live,
        force=force,
    )


def _codec(name: str, out: Path, pixels_per_s: float | None) -> Codec:
    match name:
        case "auto":
            return choose_codec(out, pixels_per_s=pixels_per_s)
        case "ffv1" | "huffyuv" | "mjpeg" | "mpeg4":
            return name
    raise InputError(f"--codec {name}: expected auto, ffv1, huffyuv, mjpeg or mpeg4")


def record_frames(
    source: FrameSource,
    info: SourceInfo,
    writer: FootageWriter,
    tally: RecordingTally,
    limits: Limits,
    ending: threading.Event,
) -> None:
    """Writes what an open source gives until a limit, its end, or ``ending`` is set.

    Raises SourceError where the source broke, StoreError where it cannot be written.
    """
    for frame in _until(source, info, tally, limits, ending):
        if frame.fault is None:
            writer.write(frame)


def _until(
    source: FrameSource,
    info: SourceInfo,
    tally: RecordingTally,
    limits: Limits,
    ending: threading.Event,
) -> Iterator[Frame]:
    while limits.frames is None or tally.taken < limits.frames:
        frame = None if ending.is_set() else _next(source)
        if frame is None:
            return
        time_ns = _time_of(frame, info)
        if limits.duration_s is not None and tally.seconds_at(time_ns) >= limits.duration_s:
            return
        tally.count(frame, time_ns)
        yield frame


def _next(source: FrameSource) -> Frame | None:
    try:
        return source.read()
    except SourceInterrupted:
        return None


def _time_of(frame: Frame, info: SourceInfo) -> int:
    """A camera's time is ours; a file's is its own, however fast it is read."""
    if info.is_live:
        return frame.captured_ns
    if frame.pts_ns is not None:
        return frame.pts_ns
    return round(frame.index * 1e9 / (info.fps or ASSUMED_FPS))


@dataclass(frozen=True, slots=True)
class RecordingStatus:
    """One moment of a recording. ``kept`` stands once it has ended, ``error`` if it broke."""

    path: Path
    is_recording: bool = True
    frames: int = 0
    lost: int = 0
    seconds: float = 0.0
    kept: FootageSummary | None = None
    error: BaseException | None = None


class SourceRecording:
    """Records a source in the background. ``start`` once; ``stop`` any number of times."""

    def __init__(
        self,
        open_it: Callable[[], FrameSource],
        out: Path,
        *,
        codec: str = "auto",
        force: bool = False,
        limits: Limits | None = None,
    ) -> None:
        """``open_it`` makes the source, not opened; called on the recording's thread."""
        self._open_it = open_it
        self._out, self._codec_name, self._force = out, codec, force
        self._limits = limits or Limits()
        self._ending = threading.Event()
        self._lock = threading.Lock()
        self._source: FrameSource | None = None
        self._tally = RecordingTally()
        self._kept: FootageSummary | None = None
        self._error: BaseException | None = None
        self._thread = GuardedThread(
            "recording", self._work, on_error=self._fail, on_exit=lambda: None
        )

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Asks for an end; the file appears when ``join`` says so."""
        self._ending.set()
        with self._lock:
            if self._source is not None:
                self._source.interrupt()

    def join(self, timeout: float | None = None) -> bool:
        """Whether it has ended in time."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def status(self) -> RecordingStatus:
        with self._lock:
            return RecordingStatus(
                self._out,
                is_recording=self._kept is None and self._error is None,
                frames=self._tally.taken,
                lost=self._tally.lost,
                seconds=self._tally.seconds_at(self._tally.last_ns),
                kept=self._kept,
                error=self._error,
            )

    def _work(self) -> None:
        source = self._open_it()
        with contextlib.closing(source):
            info = source.open()
            with self._lock:
                self._source = source
            writer = open_footage(info, self._out, self._codec_name, force=self._force)
            try:
                record_frames(source, info, writer, self._tally, self._limits, self._ending)
            finally:
                # what was recorded before an error is kept, too
                kept = writer.close()
                with self._lock:
                    self._source, self._kept = None, kept

    def _fail(self, error: BaseException) -> None:
        with self._lock:
            self._source, self._error = None, error


class FootageTap:
    """A `GrabObserver` that keeps what a line sees while it is switched on.

    Never makes the line wait: where encoder or disk are too slow frames are left out,
    and counted. A disk that is full ends the recording, not the line.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._writer: FootageWriter | None = None
        self._path: Path | None = None
        self._tally = RecordingTally()
        self._error: StoreError | None = None
        self._ended = False

    def on_frame(self, frame: Frame) -> None:
        """See GrabObserver; costs a comparison while nothing is recorded."""
        with self._lock:
            if self._writer is None or self._error is not None or frame.fault is not None:
                return
            if not self._tally.taken:
                self._tally.last_index = frame.index - 1
            self._tally.count(frame, frame.captured_ns)
            try:
                self._writer.write(frame)
            except StoreError as error:
                self._error = error

    def start(
        self, info: SourceInfo, path: Path, *, codec: str = "auto", force: bool = False
    ) -> None:
        """``info`` is the line's source.

        Raises StateError while recording and once the line has ended, InputError and
        StoreError for the place.
        """
        with self._lock:
            self._check_free()
        writer = open_footage(info, path, codec, force=force)
        try:
            with self._lock:
                # opening takes a moment, in which the line may have ended
                self._check_free()
                self._tally, self._error = RecordingTally(), None
                self._writer, self._path = writer, path
        except StateError:
            writer.close()
            raise

    def _check_free(self) -> None:
        if self._ended:
            raise StateError("the line has ended: there is nothing to record")
        if self._writer is not None:
            raise StateError("footage is being recorded already")

    def stop(self) -> FootageSummary | None:
        """Finishes the file (this may take a second); None where nothing was recorded.

        Raises StoreError where the disk was full; what could be kept is kept.
        """
        with self._lock:
            writer, self._writer = self._writer, None
        return writer.close() if writer is not None else None

    def end(self) -> FootageSummary | None:
        """As ``stop``, and for good: with the line there is nobody left to finish a file."""
        with self._lock:
            self._ended = True
        return self.stop()

    def status(self) -> RecordingStatus | None:
        """None while nothing is recorded."""
        with self._lock:
            if self._writer is None or self._path is None:
                return None
            return RecordingStatus(
                self._path,
                frames=self._tally.taken,
                lost=self._tally.lost,
                seconds=self._tally.seconds_at(self._tally.last_ns),
                error=self._error,
            )
