"""LoopedSource: frames held in memory, shown again and again; decoding costs nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from inspector.core.frame import Frame, Image, SourceInfo
from inspector.core.protocols import FrameMemory, FrameSource
from inspector.errors import SourceOpenError
from inspector.sources.options import SourceOptions
from inspector.sources.pacing import Pacer
from inspector.sources.stamp import FrameStamper

_LATE_PERIODS = 4
"""A live reader later than this many frame periods has lost the frames in between."""
_FALLBACK_FPS = 30.0


def preload(
    source: FrameSource, count: int, memory: FrameMemory | None = None
) -> tuple[SourceInfo, list[Image]]:
    """The first ``count`` pictures of a source (fewer where it ends), which is closed then.

    ``memory``: where they are to lie; None: where the source left them.

    Raises SourceOpenError where there are none, SourceError where it breaks.
    """
    info = source.open()
    try:
        images: list[Image] = []
        while len(images) < count and (frame := source.read()) is not None:
            images.append(frame.image if memory is None else _kept(memory, frame.image))
    finally:
        source.close()
    if not images:
        raise SourceOpenError(f"source {info.uri} holds no frame to keep in memory")
    return info, images


def _kept(memory: FrameMemory, image: Image) -> Image:
    copy = memory.kept(image)
    copy.flags.writeable = False
    return copy


class LoopedSource:
    """A FrameSource over pictures in memory; several may share the same ones.

    Paced with ``realtime`` or ``as_live``, else as fast as it is read. As a live source it
    skips what a late reader missed, as a camera would.

    Args:
        info: of the source that the pictures came from.
        images: uint8 (H, W, 3) BGR, read-only.
        first: index of the picture that is shown first.
    """

    def __init__(
        self,
        info: SourceInfo,
        images: Sequence[Image],
        options: SourceOptions,
        *,
        first: int = 0,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._images, self._first, self._options = images, first, options
        fps = info.fps or _FALLBACK_FPS
        self._period_ns = 1e9 / fps
        self._info = SourceInfo(
            source_id=info.source_id,
            uri=f"{info.uri} ({len(images)} frames in memory)",
            is_live=options.as_live,
            width=info.width,
            height=info.height,
            fps=fps,
            frame_count=None,
        )
        self._stamper = FrameStamper(
            station_id=options.station_id, source_id=info.source_id, monotonic_ns=monotonic_ns
        )
        self._pacer = Pacer(monotonic_ns=monotonic_ns)
        self._next = 0

    def open(self) -> SourceInfo:
        self._pacer.reset()
        return self._info

    def read(self) -> Frame:
        """The next frame; there is no last one. Raises SourceInterrupted."""
        self._pacer.check()
        if self._options.as_live:
            self._skip_lost()
        number, self._next = self._next, self._next + 1
        if self._options.as_live or self._options.realtime:
            self._pacer.wait_for(self._due(number))
        image = self._images[(self._first + number) % len(self._images)]
        return self._stamper.stamp(image, pts_ns=self._due(number))

    def interrupt(self) -> None:
        self._pacer.interrupt()

    def close(self) -> None:
        """The pictures stay with whoever holds them."""

    def _due(self, number: int) -> int:
        return round(number * self._period_ns)

    def _skip_lost(self) -> None:
        late = int(self._pacer.late_ns(self._due(self._next)) / self._period_ns)
        if late > _LATE_PERIODS:
            self._stamper.skip(late)
            self._next += late
