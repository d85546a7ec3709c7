"""A video file by frame number: whatever is asked for is the very frame a run saw."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import cv2

from inspector.core.frame import Frame, SourceInfo
from inspector.errors import StateError
from inspector.sources.address import parse_address
from inspector.sources.capture import Capture, CaptureFactory, opencv_capture, retrieve_image
from inspector.sources.frame_table import FrameTable, read_table
from inspector.sources.options import SourceOptions
from inspector.sources.stamp import looked_at
from inspector.sources.stored_video import StoredVideo
from inspector.sources.video import DECODER_PARAMS, VideoSource

LEAD = 16
"""Frames before the wanted one at which a seek aims: a picture needs its references."""
ROLL = 48
"""Frames ahead that are decoded through rather than sought."""
KEPT_BYTES = 96 << 20
_TOLERANCE_NS = 500_000


class VideoReader:
    """A `FrameReader` over OpenCV's decoder, which seeks by guessing.

    A seek aims before the frame, looks at the time stamp of where it landed, and decodes
    on to the wanted one. Where the file's time stamps don't tell its frames apart, or
    don't agree with the run's (``known_pts(index)``, ns), frames are counted from the
    first: slower, and always right. Some frames before the last shown one are kept, so
    that stepping back does not decode all again.
    """

    def __init__(
        self,
        path: Path,
        *,
        known_pts: Callable[[int], int | None] = lambda index: None,
        capture_factory: CaptureFactory = opencv_capture,
    ) -> None:
        self._path = path
        self._known_pts = known_pts
        self._capture_factory = capture_factory
        self._info: SourceInfo | None = None
        self._capture: Capture | None = None
        self._table: FrameTable | None = None
        self._asked_table = False
        self._kept: OrderedDict[int, Frame] = OrderedDict()
        self._at = -1
        self._end: int | None = None
        self.counted = 0
        """Seeks that had to count from the first frame."""

    def open(self) -> SourceInfo:
        """As VideoSource opens it. Raises SourceOpenError."""
        self.close()
        source = VideoSource(self._path, SourceOptions(), capture_factory=self._capture_factory)
        self._info = source.open()
        suspect = source.may_be_interlaced
        source.close()
        if suspect:
            self._check_converted()
        self._rewind()
        return self._info

    def _check_converted(self) -> None:
        """Where the decoder is heard; raises SourceOpenError."""
        heard = StoredVideo(parse_address(str(self._path)), SourceOptions())
        try:
            heard.open()
        finally:
            heard.close()

    def read_at(self, index: int) -> Frame | None:
        """See FrameReader."""
        if self._info is None:
            raise StateError(f"video {self._path}: read before open")
        if index < 0 or (self._end is not None and index >= self._end):
            return None
        kept = self._kept.get(index)
        return kept if kept is not None else self._decoded(index)

    def close(self) -> None:
        """See FrameReader."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._info = self._table = self._end = None
        self._asked_table = False
        self._kept.clear()

    def _decoded(self, index: int) -> Frame | None:
        keep_from = index - self._room() + 1 if index < self._at else index
        if not self._at < index <= self._at + ROLL:
            self._approach(index)
        frame = self._roll_to(index, keep_from)
        if frame is not None and not self._agrees(frame):
            self._distrust()
            frame = self._roll_to(index, keep_from)
        return frame

    def _approach(self, index: int) -> None:
        """Goes to some frame before ``index`` (or stays in front of the first)."""
        table = self._asked()
        if table is None:
            self._count_from_first(index)
            return
        back = LEAD
        while index - back > 0:
            if self._land(table, index, min(index - back, len(table) - 1)):
                return
            back *= 4
        self._rewind()

    def _count_from_first(self, index: int) -> None:
        if index <= self._at:
            self.counted += 1
            self._rewind()

    def _asked(self) -> FrameTable | None:
        if not self._asked_table:
            self._asked_table = True
            self._table = read_table(str(self._path.resolve()), self._capture_factory)
        return self._table

    def _land(self, table: FrameTable, index: int, aim: int) -> bool:
        """Whether a seek towards ``aim`` came out at a known frame before ``index``."""
        fps = self._info.fps if self._info else None
        if fps is None or self._capture is None:
            return False
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, round(table.ms[aim] * fps / 1000))
        if not self._capture.grab():
            return False
        at = table.index_of(self._capture.get(cv2.CAP_PROP_PTS))
        if at is None or at >= index:
            return False
        self._at = at
        return True

    def _roll_to(self, index: int, keep_from: int) -> Frame | None:
        """Decodes on to ``index``; None where the video ends before it."""
        frame: Frame | None = None
        while self._at < index:
            if not self._grab():
                self._end = self._at + 1
                return None
            if self._at >= keep_from or self._at == index:
                frame = self._keep()
                if frame is None:
                    self._end = self._at
                    return None
        return frame

    def _grab(self) -> bool:
        capture = self._capture
        if capture is None or not capture.grab():
            return False
        self._at += 1
        table = self._table
        if table is not None and table.index_of(capture.get(cv2.CAP_PROP_PTS)) != self._at:
            self._recount()
        return True

    def _recount(self) -> None:
        """A packet gave no frame: from here on the table's numbers are not the run's."""
        behind = self._at
        self._distrust()
        while self._at < behind and self._capture is not None and self._capture.grab():
            self._at += 1

    def _distrust(self) -> None:
        self._table = None
        self._kept.clear()
        self.counted += 1
        self._rewind()

    def _agrees(self, frame: Frame) -> bool:
        """With what the run saw under this number, where that is known."""
        known = self._known_pts(frame.index)
        if self._table is None or known is None or frame.pts_ns is None:
            return True
        return abs(known - frame.pts_ns) <= _TOLERANCE_NS

    def _keep(self) -> Frame | None:
        capture, info = self._capture, self._info
        image = retrieve_image(capture) if capture is not None else None
        if image is None or capture is None or info is None:
            return None
        pts_ns = round(capture.get(cv2.CAP_PROP_POS_MSEC) * 1e6)
        frame = looked_at(info, self._at, image, pts_ns=pts_ns)
        self._kept[self._at] = frame
        self._kept.move_to_end(self._at)
        while len(self._kept) > self._room():
            self._kept.popitem(last=False)
        return frame

    def _room(self) -> int:
        info = self._info
        if info is None:
            return 1
        return max(2, min(LEAD, KEPT_BYTES // (info.width * info.height * 3)))

    def _rewind(self) -> None:
        if self._capture is not None:
            self._capture.release()
        target = str(self._path.resolve())
        self._capture = self._capture_factory(target, cv2.CAP_FFMPEG, DECODER_PARAMS)
        self._at = -1
