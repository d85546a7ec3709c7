"""A camera at this machine, through OpenCV."""

from __future__ import annotations

import sys

import cv2
import numpy as np

from inspector.core.camera import CameraSettings
from inspector.core.frame import Frame, Image, SourceInfo
from inspector.errors import SourceError, SourceInterrupted, SourceOpenError, StateError
from inspector.sources.address import Address, source_id_of
from inspector.sources.camera_settings import apply_settings
from inspector.sources.capture import (
    Capture,
    CaptureFactory,
    check_size,
    nominal_fps,
    opencv_capture,
    retrieve_image,
)
from inspector.sources.options import SourceOptions
from inspector.sources.stamp import FrameStamper

_BACKENDS = {"v4l2": cv2.CAP_V4L2, "dshow": cv2.CAP_DSHOW, "msmf": cv2.CAP_MSMF}
_NATIVE = {"linux": cv2.CAP_V4L2, "win32": cv2.CAP_MSMF, "darwin": cv2.CAP_AVFOUNDATION}
_FIRST_ATTEMPTS = 5
_BAD_IN_A_ROW = 5


class CameraSource:
    """Frames as they come. Run it in a process of its own: a driver may hang in ``read``.

    A picture that cannot be decoded comes as a frame with ``fault``; several in a row,
    no picture at all, or pictures of another size end the source with SourceError.
    """

    def __init__(
        self,
        address: Address,
        options: SourceOptions,
        *,
        capture_factory: CaptureFactory = opencv_capture,
    ) -> None:
        self._address = address
        self._settings = options.camera or CameraSettings()
        self._capture_factory = capture_factory
        self._stamper = FrameStamper(station_id=options.station_id, source_id=source_id_of(address))
        self._capture: Capture | None = None
        self._info: SourceInfo | None = None
        self._interrupted = False
        self._bad = 0

    def open(self) -> SourceInfo:
        """Raises SourceOpenError: no such camera, in use, or it gives no picture."""
        self.close()
        self._interrupted = False
        backend = _BACKENDS.get(self._settings.backend, _NATIVE.get(sys.platform, cv2.CAP_ANY))
        target = self._address.target
        capture = self._capture_factory(int(target) if target.isdecimal() else target, backend, ())
        self._capture = capture
        if not capture.isOpened():
            self.close()
            raise SourceOpenError(
                f"{self._address.shown}: cannot be opened; is it connected, not in use by "
                "another program, and are you allowed to use it?"
            )
        refused = apply_settings(capture, self._settings, backend)
        self._info = self._describe(capture, self._first_picture(capture), refused)
        self._bad = 0
        return self._info

    def _first_picture(self, capture: Capture) -> Image:
        """Many cameras spoil their first pictures; one sound one tells the true size."""
        for _ in range(_FIRST_ATTEMPTS):
            image = retrieve_image(capture) if capture.grab() else None
            if image is not None:
                return image
        self.close()
        raise SourceOpenError(f"{self._address.shown}: opened, but it gives no picture")

    def _describe(self, capture: Capture, image: Image, refused: tuple[str, ...]) -> SourceInfo:
        return SourceInfo(
            source_id=source_id_of(self._address),
            uri=self._address.shown,
            is_live=True,
            width=image.shape[1],
            height=image.shape[0],
            fps=nominal_fps(capture),
            frame_count=None,
            freshness="pixels",
            refused=refused,
        )

    def read(self) -> Frame | None:
        """Never None: a camera has no end. Raises SourceError, SourceInterrupted."""
        capture, info = self._opened()
        if self._interrupted:
            raise SourceInterrupted(f"{info.uri}: interrupted")
        if not capture.grab():
            raise SourceError(f"{info.uri}: the camera gives no pictures any more; unplugged?")
        self._stamper.mark()
        image = retrieve_image(capture)
        if image is None:
            return self._spoilt(info)
        self._bad = 0
        check_size(image, info)
        return self._stamper.stamp(image, pts_ns=None)

    def _spoilt(self, info: SourceInfo) -> Frame:
        self._bad += 1
        if self._bad >= _BAD_IN_A_ROW:
            raise SourceError(f"{info.uri}: {self._bad} pictures in a row could not be decoded")
        blank = np.zeros((info.height, info.width, 3), np.uint8)
        return self._stamper.stamp(blank, pts_ns=None, fault="the picture could not be decoded")

    def _opened(self) -> tuple[Capture, SourceInfo]:
        if self._capture is None or self._info is None:
            raise StateError(f"{self._address.shown}: read before open")
        return self._capture, self._info

    def interrupt(self) -> None:
        """Ends the next ``read``; one that waits in the driver ends with its frame."""
        self._interrupted = True

    def close(self) -> None:
        """See FrameSource."""
        if self._capture is not None:
            self._capture.release()
        self._capture = self._info = None
