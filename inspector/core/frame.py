"""One picture from a source, and what is known of that source."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""uint8 (H, W, 3), BGR: the one colour order of the program (decision 0002)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A grabbed picture with its identity; immutable, its pixels read-only.

    Attributes:
        index: number of the grab, from 0, never reset in a run; a gap is a loss.
        image: uint8 (H, W, 3) BGR, write flag cleared.
        captured_ns: monotonic clock at the grab, for latencies only.
        captured_at: UTC at the grab, for the record.
        pts_ns: the stream's own presentation time, None where it has none.
        station_id: the station that grabbed it.
        source_id: the source it came from, without credentials.
        fault: why the picture cannot be used (then its pixels mean nothing and
            its verdict is INVALID), None for a sound one.
    """

    index: int
    image: Image
    captured_ns: int
    captured_at: dt.datetime
    pts_ns: int | None
    station_id: str
    source_id: str
    fault: str | None = None


Freshness: TypeAlias = Literal["pixels", "timestamps"]
"""How a frozen picture shows: repeated pixels (uncompressed, MJPEG), or only
missing packets and time stamps (an H.264 stream repeats a still scene exactly)."""


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What an open source says of itself.

    Attributes:
        source_id: short stable name, without credentials.
        uri: where it comes from, credentials removed; fit for records and logs.
        is_live: True where the world does not wait (frames may be dropped then).
        width, height: of every frame, pixels.
        fps: nominal frame rate, None where unknown.
        frame_count: number of frames, None where unknown or endless.
        freshness: how a frozen picture is told from a still scene.
        refused: camera settings the device did not accept, in words.
        is_recorded: a file or folder, even where it is played as if live: one that
            breaks is not opened again, for that would play it from the start.
    """

    source_id: str
    uri: str
    is_live: bool
    width: int
    height: int
    fps: float | None
    frame_count: int | None
    freshness: Freshness = "timestamps"
    refused: tuple[str, ...] = field(default=())
    is_recorded: bool = False
