"""The annotated video: what was decided, drawn on what was seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from inspector.core.frame import Image
from inspector.engine.judging import Decision
from inspector.vision.draw import annotate

WIDTH = 960
HEAT_FROM = 0.85
"""Share of T1 from which on heat is drawn: below it lies the texture of good parts."""


class VideoSink(Protocol):
    """Where drawn frames go: uint8 (h, w, 3) BGR, all of one size."""

    def write(self, image: Image) -> None: ...

    def close(self) -> None: ...


class AnnotatedVideo:
    """A `FrameObserver` that draws every decided frame and hands it to a video file.

    ``open_sink(width, height)`` is called with the first frame.
    """

    def __init__(self, open_sink: Callable[[int, int], VideoSink], *, title: str) -> None:
        self._open_sink = open_sink
        self._title = title
        self._sink: VideoSink | None = None

    def on_decision(self, decision: Decision) -> None:
        frame = decision.ticket.frame
        part = decision.ticket.part_index
        caption = f"{self._title}   frame {frame.index}" + (
            f"   part {part}" if part is not None else ""
        )
        image = annotate(
            frame.image,
            decision.inspections,
            decision.predictions,
            [r.region for r in decision.recipe.regions],
            width=min(WIDTH, frame.image.shape[1]) // 2 * 2,
            caption=caption,
            heat_from=decision.recipe.thresholds.t1 * HEAT_FROM,
        )
        # video codecs want even sides
        image = image[: image.shape[0] // 2 * 2]
        if self._sink is None:
            self._sink = self._open_sink(image.shape[1], image.shape[0])
        self._sink.write(image)

    def close(self) -> None:
        """Idempotent, also where the sink cannot be closed."""
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()
