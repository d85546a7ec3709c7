"""When each frame of a video file is shown, learnt from its packets without decoding."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.sources.capture import CaptureFactory


@dataclass(frozen=True, slots=True, eq=False)
class FrameTable:
    """In the order of showing.

    Attributes:
        pts: int64 (n,), rising, in periods of the nominal frame rate (as OpenCV gives them).
        ms: float64 (n,), the same in milliseconds as OpenCV counts them.
    """

    pts: NDArray[np.int64]
    ms: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.pts)

    def index_of(self, pts: float) -> int | None:
        """The frame that is shown at that time, None for none."""
        at = int(np.searchsorted(self.pts, pts))
        return at if at < len(self.pts) and self.pts[at] == pts else None


def read_table(target: str, capture_factory: CaptureFactory) -> FrameTable | None:
    """Reads all packets of a file (about 100,000 a second where the disk is quick).

    None where packets carry no times, or two the same: then only counting finds a frame.
    """
    capture = capture_factory(target, cv2.CAP_FFMPEG, (cv2.CAP_PROP_FORMAT, -1))
    times: list[tuple[float, float]] = []
    while capture.isOpened() and capture.grab():
        times.append((capture.get(cv2.CAP_PROP_PTS), capture.get(cv2.CAP_PROP_POS_MSEC)))
    capture.release()
    if not times:
        return None
    pts, ms = np.array(sorted(times), np.float64).T
    if not np.isfinite(pts).all() or np.any(np.diff(pts) < 1) or np.any(np.diff(ms) <= 0):
        return None
    return FrameTable(pts.astype(np.int64), ms)
