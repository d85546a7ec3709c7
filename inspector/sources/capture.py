"""The little of OpenCV's capture object that the sources use, and what to make of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, cast

import cv2
import numpy as np

from inspector.core.frame import Image, SourceInfo
from inspector.errors import SourceError
from inspector.sources.packet_size import announced, codec_of, may_be_interlaced


class Capture(Protocol):
    """As ``cv2.VideoCapture``; a test may put a scripted one in its place."""

    def isOpened(self) -> bool: ...  # noqa: N802

    def grab(self) -> bool: ...

    def retrieve(self) -> tuple[bool, Any]: ...

    def get(self, prop: int, /) -> float: ...

    def set(self, prop: int, value: float, /) -> bool: ...

    def release(self) -> None: ...


class CaptureFactory(Protocol):
    """As the constructor of ``cv2.VideoCapture`` with a backend and parameters."""

    def __call__(self, target: int | str, backend: int, params: Sequence[int], /) -> Capture: ...


def opencv_capture(target: int | str, backend: int, params: Sequence[int], /) -> Capture:
    """The real one."""
    return cast("Capture", cv2.VideoCapture(target, backend, list(params)))


def retrieve_image(capture: Capture) -> Image | None:
    """The picture just grabbed as uint8 (H, W, 3) BGR, None where there is no usable one."""
    ok, image = capture.retrieve()
    if not ok or image is None or image.size == 0 or image.dtype != np.uint8:
        return None
    if image.ndim == 2:
        return cast("Image", cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
    if image.ndim != 3 or image.shape[2] != 3:
        return None
    return cast("Image", image)


def check_size(image: Image, info: SourceInfo) -> None:
    """Raises SourceError for a picture of another size than the source began with."""
    height, width = image.shape[:2]
    if (width, height) != (info.width, info.height):
        raise SourceError(
            f"{info.uri}: the picture is {width}x{height} now, expected {info.width}x{info.height}"
        )


def nominal_fps(capture: Capture) -> float | None:
    """What the container or driver says, None where that is no sensible rate."""
    fps = capture.get(cv2.CAP_PROP_FPS)
    return fps if 0.01 < fps < 2000 else None


class SizeWatch:
    """Reads a file's packets beside its decoder and says when they announce another size.

    Attributes:
        may_be_interlaced: by the first of them, or by one since that says so.
    """

    def __init__(self, target: str, capture_factory: CaptureFactory) -> None:
        self._capture = capture_factory(target, cv2.CAP_FFMPEG, (cv2.CAP_PROP_FORMAT, -1))
        opened = self._capture.isOpened()
        fourcc = int(self._capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF if opened else 0
        self._codec = codec_of(fourcc) if opened else None
        self._size: tuple[int, int] | None = None
        self._first = self._packet() if opened else None
        self.may_be_interlaced = opened and may_be_interlaced(fourcc, self._first or b"")

    def changed(self) -> tuple[int, int] | None:
        """Looks at one more packet; the new (width, height) where it differs from before.

        Packets come in decoding order, so the change is seen no later than the frame.
        """
        if self._codec is None:
            return None
        packet, self._first = self._first or self._packet(), None
        if packet is None:
            return None
        size, fields = announced(self._codec, packet)
        self.may_be_interlaced |= bool(fields)
        if size is None:
            return None
        self._size = self._size or size
        return size if size != self._size else None

    def _packet(self) -> bytes | None:
        if not self._capture.grab():
            return None
        ok, packet = self._capture.retrieve()
        return packet.tobytes() if ok else None

    def close(self) -> None:
        self._capture.release()


class MediaClock:
    """The stream's time of each frame: the container's, forced to rise, else by counting.

    ``repeats``: the last frame claimed the time of the one before it, or an earlier one,
    in a stream whose time did advance before: the picture is not a new one.
    """

    def __init__(self, fps: float | None) -> None:
        self._period_ns = round(1e9 / fps) if fps else None
        self._last_ns: int | None = None
        self._claimed_ns: int | None = None
        self._advances = False
        self.repeats = False

    def next(self, position_ms: float) -> int | None:
        """Media time in ns; ``position_ms`` is CAP_PROP_POS_MSEC read after the grab."""
        claimed = round(position_ms * 1e6) if np.isfinite(position_ms) else -1
        self._look(claimed)
        if self._last_ns is None:
            self._last_ns = max(claimed, 0)
        elif claimed > self._last_ns:
            self._last_ns = claimed
        elif self._period_ns is None:
            return None
        else:
            self._last_ns += self._period_ns
        return self._last_ns

    def _look(self, claimed_ns: int) -> None:
        rises = self._claimed_ns is not None and claimed_ns > self._claimed_ns
        self.repeats = self._advances and not rises
        self._advances = self._advances or rises
        # against the frame before, not the latest: a clock that was set back is stale once
        self._claimed_ns = claimed_ns
