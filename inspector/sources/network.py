"""Network streams: RTSP over TCP, and MJPEG or HLS over HTTP, through FFmpeg."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import cv2

from inspector.core.frame import Frame, Image, SourceInfo
from inspector.errors import SourceError, SourceInterrupted, SourceOpenError, StateError
from inspector.sources.address import Address, source_id_of, with_credentials
from inspector.sources.capture import (
    Capture,
    CaptureFactory,
    MediaClock,
    check_size,
    nominal_fps,
    opencv_capture,
    retrieve_image,
)
from inspector.sources.damage import DamageWatch
from inspector.sources.decoder_log import Said
from inspector.sources.options import SourceOptions
from inspector.sources.packet_size import codec_of
from inspector.sources.stamp import FrameStamper

_PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
_DIAGNOSIS_S = 1.0
_SOUND_WITHIN = 0.7
"""Of the time to open: what is left is for telling it."""


class NetworkSource:
    """Run it in a process of its own: there a stalled stream can be ended in time.

    FFmpeg's own read time-out is ``open_timeout_s``, as it also spans the wait for the
    first key frame; ``read_timeout_s`` is kept by whoever reads from that process.
    ``said`` is what its decoder says there: pictures that it patched up have a fault.
    """

    def __init__(
        self,
        address: Address,
        options: SourceOptions,
        *,
        capture_factory: CaptureFactory = opencv_capture,
        said: Said | None = None,
    ) -> None:
        self._address = address
        self._options = options
        self._capture_factory = capture_factory
        self._said = said
        self._damage: DamageWatch | None = None
        self._fault: str | None = None
        self._stamper = FrameStamper(station_id=options.station_id, source_id=source_id_of(address))
        self._capture: Capture | None = None
        self._info: SourceInfo | None = None
        self._first: Image | None = None
        self._clock = MediaClock(None)
        self._decoded = 0
        self._interrupted = False

    def open(self) -> SourceInfo:
        """Raises SourceOpenError: unreachable, refused, wrong credentials, no video."""
        self.close()
        self._interrupted = False
        until = time.monotonic() + _SOUND_WITHIN * self._options.open_timeout_s
        capture = self._capture = self._connect()
        self._damage = DamageWatch(self._said) if self._said else None
        try:
            first = self._first_image(capture, until) if capture.isOpened() else None
        except SourceError as error:
            self.close()
            raise SourceOpenError(str(error)) from None
        if first is None:
            self.close()
            raise SourceOpenError(f"{self._address.shown}: {self._why()}")
        self._stamper.mark()
        self._first = first
        self._decoded = 0
        self._info = self._describe(capture, first)
        self._clock = MediaClock(self._info.fps)
        return self._info

    def _first_image(self, capture: Capture, until: float) -> Image | None:
        """A sound one where one comes in time: a stream is entered at any moment."""
        grabbed = self._grab(capture)
        while grabbed and self._fault and time.monotonic() < until and not self._interrupted:
            grabbed = self._grab(capture)
        return self._retrieved(capture) if grabbed else None

    def _retrieved(self, capture: Capture) -> Image | None:
        image = retrieve_image(capture)
        if self._damage and self._damage.is_unconverted():
            raise SourceError(
                f"{self._address.shown}: interlaced video cannot be read; set the camera to"
                " progressive"
            )
        return image

    def _connect(self) -> Capture:
        timeout_ms = max(1, round(self._options.open_timeout_s * 1000))
        params = (
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            timeout_ms,
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            timeout_ms,
            # every decoding thread more holds back one more frame
            cv2.CAP_PROP_N_THREADS,
            1,
        )
        username = self._options.username
        password = self._options.password
        if username is None and password is None:
            username, password = self._address.username, self._address.password
        target = with_credentials(self._address.target, username, password)
        return self._capture_factory(target, cv2.CAP_FFMPEG, params)

    def _describe(self, capture: Capture, first: Image) -> SourceInfo:
        codec = codec_of(int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF)
        count = capture.get(cv2.CAP_PROP_FRAME_COUNT)
        return SourceInfo(
            source_id=source_id_of(self._address),
            uri=self._address.shown,
            is_live=True,
            width=first.shape[1],
            height=first.shape[0],
            fps=nominal_fps(capture),
            frame_count=round(count) if 0 < count < 1e9 else None,
            freshness="pixels" if codec == "mjpeg" else "timestamps",
        )

    def _why(self) -> str:
        """OpenCV gives no reason; a look at the server's port narrows it down."""
        parts = urlsplit(self._address.target)
        try:
            address = parts.hostname or "", parts.port or _PORTS[parts.scheme]
            socket.create_connection(address, timeout=_DIAGNOSIS_S).close()
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "the host does not answer"
            return f"unreachable ({reason}); check address, network and camera"
        return "the server answers but gives no video; check path, user name and password"

    def read(self) -> Frame | None:
        """None at the end of a finite stream; raises SourceError, SourceInterrupted."""
        capture, info = self._opened()
        if self._interrupted:
            raise SourceInterrupted(f"{info.uri}: interrupted")
        image = self._next_image(capture)
        if image is None:
            self._check_end(info)
            return None
        self._decoded += 1
        check_size(image, info)
        pts_ns = self._clock.next(capture.get(cv2.CAP_PROP_POS_MSEC))
        return self._stamper.stamp(image, pts_ns=pts_ns, fault=self._fault or self._stale())

    def _stale(self) -> str | None:
        """Identical pixels prove nothing here: the stream's own time does."""
        return "the stream's time stands still" if self._clock.repeats else None

    def _grab(self, capture: Capture) -> bool:
        grabbed = capture.grab()
        self._fault = self._damage.fault(capture) if grabbed and self._damage else None
        return grabbed

    def _next_image(self, capture: Capture) -> Image | None:
        if self._first is not None:
            image, self._first = self._first, None
            return image
        if not self._grab(capture):
            return None
        self._stamper.mark()
        return self._retrieved(capture)

    def _check_end(self, info: SourceInfo) -> None:
        """A recorded stream (HLS, a file on a server) may end; a live one may not."""
        if info.frame_count is None or self._decoded < info.frame_count - 2:
            raise SourceError(f"{info.uri}: the stream broke off")

    def _opened(self) -> tuple[Capture, SourceInfo]:
        if self._capture is None or self._info is None:
            raise StateError(f"{self._address.shown}: read before open")
        return self._capture, self._info

    def interrupt(self) -> None:
        """Ends the next ``read``; one that waits for the network ends with its time-out."""
        self._interrupted = True

    def close(self) -> None:
        """See FrameSource."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._info = self._first = None
