"""Video files: every frame at full speed, paced, or played as if live."""

from __future__ import annotations

from pathlib import Path

import cv2

from inspector.core.frame import Frame, Image, SourceInfo
from inspector.errors import (
    SourceChangedError,
    SourceCutOffError,
    SourceError,
    SourceOpenError,
    StateError,
)
from inspector.sources.capture import (
    Capture,
    CaptureFactory,
    MediaClock,
    SizeWatch,
    nominal_fps,
    opencv_capture,
    retrieve_image,
)
from inspector.sources.decoder_log import Said, is_unconverted
from inspector.sources.options import SourceOptions
from inspector.sources.pacing import Pacer
from inspector.sources.stamp import FrameStamper

# a decoder chosen by the machine's hardware would make replays differ between machines
DECODER_PARAMS = (cv2.CAP_PROP_HW_ACCELERATION, cv2.VIDEO_ACCELERATION_NONE)
_LATE_PERIODS = 3
_DEFAULT_FPS = 25.0


class VideoSource:
    """Frames of a file, in order, each once.

    With ``options.as_live`` the file stands for a camera: who reads too slowly loses
    frames, seen as gaps in their indices.
    """

    def __init__(
        self,
        path: Path,
        options: SourceOptions,
        *,
        pacer: Pacer | None = None,
        capture_factory: CaptureFactory = opencv_capture,
        said: Said | None = None,
        suspects: bool = True,
    ) -> None:
        """``said``: what the decoder says, where that can be read. ``suspects``: whether to read
        what may be interlaced where it cannot.
        """
        self._suspects, self._was_suspect = suspects, False
        self._path = path
        self._said = said
        self._options = options
        self._capture_factory = capture_factory
        self._pacer = pacer or Pacer()
        self._stamper = FrameStamper(station_id=options.station_id, source_id=path.name)
        self._capture: Capture | None = None
        self._info: SourceInfo | None = None
        self._first: Image | None = None
        self._sizes: SizeWatch | None = None
        self._clock = MediaClock(None)
        self._decoded = 0
        self._last_pts_ns = 0

    def open(self) -> SourceInfo:
        """Raises SourceOpenError: missing, empty, cut off, or not a video (interlaced, where the
        decoder can be heard).
        """
        self.close()
        _refuse_obvious(self._path)
        capture = self._capture_factory(str(self._path.resolve()), cv2.CAP_FFMPEG, DECODER_PARAMS)
        self._capture = capture
        first = retrieve_image(capture) if capture.isOpened() and capture.grab() else None
        if first is None:
            self.close()
            raise SourceOpenError(f"video {self._path}: {_what_it_holds(self._path)}")
        if self._is_garbage():
            self.close()
            raise SourceOpenError(self._interlaced())
        self._first = first
        self._sizes = SizeWatch(str(self._path.resolve()), self._capture_factory)
        self._was_suspect = self._sizes.may_be_interlaced
        if self._was_suspect and not self._said and not self._suspects:
            self.close()
            raise SourceOpenError(
                f"video {self._path}: it may be interlaced, and without a standard output that"
                " cannot be told: give the program one"
            )
        self._decoded = 0
        self._pacer.reset()
        self._info = self._describe(capture, first)
        self._clock = MediaClock(self._info.fps)
        return self._info

    @property
    def may_be_interlaced(self) -> bool:
        """Once open: then its pictures may be whatever lay in memory, see ``stored_video``."""
        return self._sizes is not None and self._sizes.may_be_interlaced

    def _is_garbage(self) -> bool:
        """The picture just retrieved, as far as the decoder is heard."""
        return self._said is not None and is_unconverted(self._said())

    def _interlaced(self) -> str:
        return (
            f"video {self._path}: interlaced video cannot be read; make it progressive"
            " (ffmpeg -i FILE -vf yadif OUT)"
        )

    def _describe(self, capture: Capture, first: Image) -> SourceInfo:
        count = round(capture.get(cv2.CAP_PROP_FRAME_COUNT))
        return SourceInfo(
            source_id=self._path.name,
            uri=str(self._path),
            is_live=self._options.as_live,
            width=first.shape[1],
            height=first.shape[0],
            fps=nominal_fps(capture),
            frame_count=count if count > 0 else None,
            is_recorded=True,
        )

    def read(self) -> Frame | None:
        """Raises SourceChangedError for another size, SourceCutOffError where it breaks off."""
        capture, info = self._opened()
        self._pacer.check()
        image = self._next_image(capture)
        if image is None:
            self._check_complete(info)
            return None
        pts_ns = self._advance(capture, image)
        if self._options.as_live:
            image, pts_ns = self._catch_up(capture, image, pts_ns)
        if self._options.as_live or self._options.realtime:
            self._pacer.wait_for(pts_ns)
        return self._stamper.stamp(image, pts_ns=pts_ns)

    def interrupt(self) -> None:
        """See FrameSource."""
        self._pacer.interrupt()

    def close(self) -> None:
        """See FrameSource."""
        if self._capture is not None:
            self._capture.release()
        if self._sizes is not None:
            self._sizes.close()
        self._capture = self._sizes = self._info = self._first = None

    def _opened(self) -> tuple[Capture, SourceInfo]:
        if self._capture is None or self._info is None:
            raise StateError(f"video {self._path}: read before open")
        return self._capture, self._info

    def _next_image(self, capture: Capture) -> Image | None:
        if self._first is not None:
            image, self._first = self._first, None
            return image
        following = retrieve_image(capture) if capture.grab() else None
        if self._is_garbage():
            raise SourceError(self._interlaced())
        return following

    def _advance(self, capture: Capture, image: Image) -> int:
        """Counts the frame just decoded and says its media time."""
        self._check_size(image)
        self._decoded += 1
        pts_ns = self._clock.next(capture.get(cv2.CAP_PROP_POS_MSEC))
        self._last_pts_ns = self._last_pts_ns + self._period_ns() if pts_ns is None else pts_ns
        return self._last_pts_ns

    def _check_size(self, image: Image) -> None:
        changed = self._sizes.changed() if self._sizes else None
        if self.may_be_interlaced and not self._was_suspect and not self._said:
            raise SourceError(self._interlaced())
        size = image.shape[1], image.shape[0]
        if self._info and size != (self._info.width, self._info.height):
            changed = size
        if changed:
            raise SourceChangedError(
                f"video {self._path}: at frame {self._decoded} the size of the pictures changes "
                f"to {changed[0]}x{changed[1]}; expected one size throughout, cut the file there"
            )

    def _period_ns(self) -> int:
        fps = self._info.fps if self._info else None
        return round(1e9 / (fps or _DEFAULT_FPS))

    def _catch_up(self, capture: Capture, image: Image, pts_ns: int) -> tuple[Image, int]:
        """Passes over the frames that a camera would have lost by now."""
        limit_ns = _LATE_PERIODS * self._period_ns()
        while self._pacer.late_ns(pts_ns) > limit_ns:
            following = self._next_image(capture)
            if following is None:
                break
            self._stamper.skip(1)
            image, pts_ns = following, self._advance(capture, following)
        return image, pts_ns

    def _check_complete(self, info: SourceInfo) -> None:
        """A file cut off in its payload plays as a shorter one; say so.

        Containers miscount a little, and some only estimate the count from the
        duration: both the number and the time must fall short.
        """
        if info.frame_count is None:
            return
        missing = info.frame_count - self._decoded
        end_ns = info.frame_count * self._period_ns()
        missing_ns = end_ns - self._last_pts_ns - self._period_ns()
        if missing > 2 and missing_ns > 2 * self._period_ns():
            raise SourceCutOffError(
                f"video {self._path}: only {self._decoded} of {info.frame_count} frames could "
                "be decoded; the file is cut off or damaged"
            )


def _refuse_obvious(path: Path) -> None:
    if not path.exists():
        raise SourceOpenError(f"video {path}: no such file or folder")
    if not path.is_file():
        raise SourceOpenError(f"video {path}: not a regular file")
    if path.stat().st_size == 0:
        raise SourceOpenError(f"video {path}: the file is empty (0 bytes)")


def _what_it_holds(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(512)
    if head[4:8] == b"ftyp":
        return "no frame can be decoded: the MP4 is cut off (its index is missing) or damaged"
    if head[:4] in (b"RIFF", b"\x1aE\xdf\xa3"):
        return "no frame can be decoded: the file is cut off or damaged"
    if b"\0" not in head and _is_text(head):
        return "this is a text file, not a video"
    return "not a video that FFmpeg can read"


def _is_text(head: bytes) -> bool:
    return all(byte >= 32 or byte in b"\t\r\n" for byte in head)
