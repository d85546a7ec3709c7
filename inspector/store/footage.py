"""Footage on disk: what a source showed, kept so that a replay finds it unchanged."""

from __future__ import annotations

import os
import queue
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import cv2
import numpy as np

from inspector.core.frame import Frame, Image
from inspector.errors import InputError, StoreError

Codec: TypeAlias = Literal["ffv1", "huffyuv", "mjpeg", "mpeg4"]
"""ffv1 and huffyuv keep every pixel value; mjpeg and mpeg4 do not."""

_FOURCC: dict[Codec, str] = {"ffv1": "FFV1", "huffyuv": "HFYU", "mjpeg": "MJPG", "mpeg4": "mp4v"}
_SUFFIXES = {".mkv": ("ffv1", "huffyuv", "mjpeg"), ".avi": ("ffv1", "huffyuv", "mjpeg"),
             ".mp4": ("mpeg4",)}  # fmt: skip
# one core compresses about 45 million pixels a second with FFV1, 300 million with HuffYUV
_FFV1_PIXELS_PER_S = 20e6
_QUEUE_BYTES = 256 << 20
_QUEUE_FRAMES = 120
_RESERVE_BYTES = 64 << 20
_CHECK_EVERY = 15


def choose_codec(path: Path, *, pixels_per_s: float | None) -> Codec:
    """Lossless wherever the container allows it, and fast enough.

    Args:
        path: its suffix chooses the container.
        pixels_per_s: what a live source delivers, None where the source can wait.

    Raises:
        InputError: the suffix is none of .mkv, .avi, .mp4.
    """
    allowed = _SUFFIXES.get(path.suffix.lower())
    if allowed is None:
        raise InputError(f"{path}: unknown kind of footage; expected .mkv, .avi (lossless) or .mp4")
    if "ffv1" not in allowed:
        return "mpeg4"
    return "ffv1" if pixels_per_s is None or pixels_per_s <= _FFV1_PIXELS_PER_S else "huffyuv"


@dataclass(frozen=True, slots=True)
class FootageSummary:
    """What was kept.

    Attributes:
        frames: written, and counted again in the finished file.
        dropped: not written because the disk or the encoder was too slow.
        size_bytes: of the file.
        codec: how.
        padded: True where an odd width or height was widened by one pixel.
    """

    path: Path
    frames: int
    dropped: int
    size_bytes: int
    codec: Codec
    padded: bool


class FootageWriter:
    """Writes frames to a video file on a thread of its own; complete or absent.

    The file appears under its name when ``close`` has made sure that it plays; until
    then it is ``NAME.part.SUFFIX`` beside it.
    """

    def __init__(
        self,
        path: Path,
        *,
        fps: float,
        size: tuple[int, int],
        codec: Codec,
        wait: bool = False,
        force: bool = False,
    ) -> None:
        """Opens the file.

        Args:
            path: .mkv or .avi (ffv1, huffyuv, mjpeg) or .mp4 (mpeg4).
            fps: of the file.
            size: (width, height) of every frame, pixels.
            codec: see Codec.
            wait: ``write`` waits for room instead of dropping (sources that can wait).
            force: replace an existing file.

        Raises:
            InputError: the file exists, or codec and suffix don't go together.
            StoreError: it cannot be written.
        """
        if codec not in _SUFFIXES.get(path.suffix.lower(), ()):
            raise InputError(
                f"{path}: {codec} cannot be kept in a {path.suffix or 'nameless'} file"
            )
        if path.exists() and not force:
            raise InputError(f"{path}: exists already; --force replaces it")
        self._path = path
        self._partial = path.with_name(f"{path.stem}.part{path.suffix}")
        self._size = size
        self._even = size[0] + size[0] % 2, size[1] + size[1] % 2
        self._codec: Codec = codec
        self._wait = wait
        self._error: StoreError | None = None
        self._written = 0
        self._dropped = 0
        self._encoder = self._open_encoder(fps)
        limit = max(4, min(_QUEUE_FRAMES, _QUEUE_BYTES // (size[0] * size[1] * 3)))
        self._queue: queue.Queue[Image | None] = queue.Queue(limit)
        self._thread = threading.Thread(target=self._run, name="footage")
        self._thread.start()

    def _open_encoder(self, fps: float) -> cv2.VideoWriter:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._partial.write_bytes(b"")
            self._check_room()
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written: {error.strerror}") from error
        fourcc = cv2.VideoWriter.fourcc(*_FOURCC[self._codec])
        encoder = cv2.VideoWriter(str(self._partial), cv2.CAP_FFMPEG, fourcc, fps, self._even)
        if not encoder.isOpened():
            self._partial.unlink(missing_ok=True)
            raise StoreError(f"{self._path}: {self._codec} cannot be written on this machine")
        return encoder

    def write(self, frame: Frame) -> bool:
        """Queues ``frame``; False where it was dropped. Raises the writer's StoreError."""
        if self._error is not None:
            raise self._error
        if frame.image.shape != (self._size[1], self._size[0], 3):
            raise StoreError(
                f"{self._path}: frame {frame.index} has shape {frame.image.shape}, expected "
                f"{(self._size[1], self._size[0], 3)}"
            )
        try:
            self._queue.put(frame.image, block=self._wait)
        except queue.Full:
            self._dropped += 1
            return False
        return True

    def close(self) -> FootageSummary:
        """Writes what is queued and finishes the file, also after an error.

        Raises:
            StoreError: the disk is full or the file does not hold what was written; what
                could be kept is kept.
        """
        self._queue.put(None)
        self._thread.join()
        self._encoder.release()
        kept = _count_frames(self._partial)
        if kept:
            _publish(self._partial, self._path)
        else:
            self._partial.unlink(missing_ok=True)
        if self._error is not None:
            raise self._error
        if kept < self._written:
            raise StoreError(
                f"{self._path}: only {kept} of {self._written} frames are in the file; "
                "is the disk full?"
            )
        size = self._path.stat().st_size if kept else 0
        padded = self._even != self._size
        return FootageSummary(self._path, kept, self._dropped, size, self._codec, padded)

    def _run(self) -> None:
        # whatever happens, room is made: who writes or closes must never wait for nobody
        while (image := self._queue.get()) is not None:
            if self._error is None:
                self._error = self._tried(image)

    def _tried(self, image: Image) -> StoreError | None:
        try:
            self._encode(image)
        except StoreError as error:
            return error
        except OSError as error:
            return StoreError(f"{self._path}: cannot be written: {error.strerror}")
        except (cv2.error, MemoryError) as error:
            return StoreError(f"{self._path}: cannot be encoded: {error}")
        return None

    def _encode(self, image: Image) -> None:
        if self._even != self._size:
            # OpenCV would silently cut odd sizes down
            right, bottom = self._even[0] - self._size[0], self._even[1] - self._size[1]
            image = np.pad(image, ((0, bottom), (0, right), (0, 0)), mode="edge")
        if self._written % _CHECK_EVERY == 0:
            self._check_room()
        self._encoder.write(image)
        self._written += 1

    def _check_room(self) -> None:
        """OpenCV's writer does not tell of a full disk; so never let it come to that."""
        free = shutil.disk_usage(self._path.parent).free
        if free < _RESERVE_BYTES:
            raise StoreError(
                f"{self._path}: the disk is full ({free >> 20} MB free); stopped after "
                f"{self._written} frames"
            )


def _count_frames(path: Path) -> int:
    """Packets in the file, without decoding them."""
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    count = 0
    while capture.isOpened() and capture.grab():
        count += 1
    capture.release()
    return count


def _publish(partial: Path, path: Path) -> None:
    try:
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError as error:
        raise StoreError(f"{path}: cannot be kept: {error.strerror}; look for {partial}") from None
