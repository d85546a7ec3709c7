"""Keeps the footage around failed parts: the seconds before are in memory already."""

from __future__ import annotations

import queue
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import cv2

from inspector.core.frame import Frame
from inspector.store.avi import MjpegAvi

_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 95)
_MEMORY_BYTES = 256 << 20
# a verdict comes after its last frame: history must reach back farther than what is kept
_VERDICT_DELAY_S = 3.0
_WAITING_FRAMES = 16
_CLIP_BYTES = 900 << 20


@dataclass(frozen=True, slots=True)
class KeptClips:
    """What an AroundFailKeeper did.

    Attributes:
        clips: the files, in order.
        frames_lost: not kept, because the encoder was too slow.
        problem: why a clip could not be written (the first time), else None.
    """

    clips: tuple[Path, ...]
    frames_lost: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class _Picture:
    index: int
    captured_ns: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class _Failed:
    part_index: int
    first_frame: int
    last_frame: int


_Item: TypeAlias = Frame | _Failed | None


class AroundFailKeeper:
    """Writes ``PREFIX-part-N[-M].avi`` (Motion JPEG) for parts that failed.

    Clips that would overlap are one. Compression and writing happen on a thread of its
    own; the memory is bounded by seconds and by bytes. It never stops a line: what it
    cannot keep is counted.
    """

    def __init__(
        self,
        folder: Path,
        *,
        fps: float,
        size: tuple[int, int],
        keep_s: float,
        prefix: str = "run",
    ) -> None:
        """Args:

        folder: made where it is missing.
        fps: of the clips.
        size: (width, height) of every frame, pixels.
        keep_s: seconds before a failed part's first and after its last frame.
        prefix: of the file names, e.g. the run id.
        """
        self._folder = folder
        self._fps = fps
        self._size = size
        self._keep_ns = round(keep_s * 1e9)
        self._history_ns = self._keep_ns + round(_VERDICT_DELAY_S * 1e9)
        self._prefix = prefix
        self._history: deque[_Picture] = deque()
        self._history_bytes = 0
        self._clip: _Clip | None = None
        self._clips: list[Path] = []
        self._lost = 0
        self._problem: str | None = None
        self._queue: queue.Queue[_Item] = queue.Queue()
        self._thread = threading.Thread(target=self._run, name="around-fail")
        self._thread.start()

    def add(self, frame: Frame) -> None:
        """Every captured frame, in order; never waits. Faulted frames are left out."""
        if frame.fault is not None:
            return
        if self._queue.qsize() >= _WAITING_FRAMES:
            self._lost += 1
            return
        self._queue.put(frame)

    def part_failed(self, part_index: int, first_frame: int, last_frame: int) -> None:
        """Asks for the footage around frames ``first_frame`` to ``last_frame`` (inclusive)."""
        self._queue.put(_Failed(part_index, first_frame, last_frame))

    def close(self) -> KeptClips:
        """Writes what is under way to its end; idempotent."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()
        return KeptClips(tuple(self._clips), self._lost, self._problem)

    def _run(self) -> None:
        while (item := self._queue.get()) is not None:
            try:
                self._handle(item)
            except OSError as error:
                self._give_up(error)
        self._end_clip()

    def _handle(self, item: Frame | _Failed) -> None:
        if isinstance(item, _Failed):
            self._failed(item)
            return
        ok, data = cv2.imencode(".jpg", item.image, _JPEG)
        if not ok:
            self._lost += 1
            return
        picture = _Picture(item.index, item.captured_ns, data.tobytes())
        self._remember(picture)
        if self._clip is not None:
            self._continue(self._clip, picture)

    def _remember(self, picture: _Picture) -> None:
        self._history.append(picture)
        self._history_bytes += len(picture.jpeg)
        oldest_ns = picture.captured_ns - self._history_ns
        while self._history_bytes > _MEMORY_BYTES or self._history[0].captured_ns < oldest_ns:
            self._history_bytes -= len(self._history.popleft().jpeg)

    def _continue(self, clip: _Clip, picture: _Picture) -> None:
        """Closed only when no overlapping part can be reported any more."""
        if picture.captured_ns <= clip.end_ns and clip.file.size_bytes <= _CLIP_BYTES:
            clip.write(picture)
        elif picture.captured_ns > clip.end_ns + self._history_ns:
            self._end_clip()

    def _failed(self, part: _Failed) -> None:
        if not self._history:
            return
        start_ns = self._time_of(part.first_frame) - self._keep_ns
        end_ns = self._time_of(part.last_frame) + self._keep_ns
        if self._clip is not None and (
            start_ns > self._clip.end_ns or self._clip.file.size_bytes > _CLIP_BYTES
        ):
            self._end_clip()
        clip = self._clip = self._clip or self._begin(part)
        clip.end_ns = max(clip.end_ns, end_ns)
        clip.last_part = part.part_index
        for picture in self._history:
            if start_ns <= picture.captured_ns <= clip.end_ns:
                clip.write(picture)

    def _time_of(self, frame_index: int) -> int:
        """When that frame was taken; of its neighbour where it is not in the history."""
        for picture in self._history:
            if picture.index >= frame_index:
                return picture.captured_ns
        return self._history[-1].captured_ns

    def _begin(self, part: _Failed) -> _Clip:
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{self._prefix}-part-{part.part_index}.avi"
        return _Clip(MjpegAvi(path, fps=self._fps, size=self._size), part.part_index)

    def _end_clip(self) -> None:
        clip, self._clip = self._clip, None
        if clip is None:
            return
        span = f"{clip.first_part}" + (
            f"-{clip.last_part}" if clip.last_part != clip.first_part else ""
        )
        try:
            self._clips.append(clip.file.close(self._folder / f"{self._prefix}-part-{span}.avi"))
        except OSError as error:
            clip.file.abandon()
            self._note(error)

    def _give_up(self, error: OSError) -> None:
        clip, self._clip = self._clip, None
        if clip is not None:
            clip.file.abandon()
        self._note(error)

    def _note(self, error: OSError) -> None:
        self._problem = self._problem or f"{self._folder}: {error.strerror or error}"


@dataclass(slots=True)
class _Clip:
    """A file being written; ``end_ns`` moves while parts go on failing."""

    file: MjpegAvi
    first_part: int
    last_part: int = 0
    end_ns: int = 0
    written_ns: int = -1

    def write(self, picture: _Picture) -> None:
        """Once each: history and live pictures overlap."""
        if picture.captured_ns > self.written_ns:
            self.file.write(picture.jpeg)
            self.written_ns = picture.captured_ns
