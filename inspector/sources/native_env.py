"""What OpenCV and FFmpeg read from the environment, set before either looks."""

from __future__ import annotations

import os

from inspector.sources.decoder_log import ERRORS, LEVEL, decoder_says

# -8 is AV_LOG_QUIET: FFmpeg prints whole addresses, credentials included
_QUIET = {"OPENCV_LOG_LEVEL": "SILENT", "OPENCV_FFMPEG_LOGLEVEL": "-8"}
_DEVICES = {
    # an unplugged USB camera otherwise holds read() for 10 s
    "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT": "1",
    # opening through Media Foundation otherwise takes up to a minute
    "OPENCV_VIDEOIO_MSMF_ENABLE_HW_TRANSFORMS": "0",
}
_RTSP_OPTIONS = "rtsp_transport;tcp|protocol_whitelist;rtp,rtsp,tcp,tls|fpsprobesize;4"
# µs of stream that are looked at before the first picture, once its rate is known
_QUICK = "|analyzeduration;100000"
_HTTP_OPTIONS = "protocol_whitelist;http,https,tcp,tls,crypto"


def quiet_native_logs() -> None:
    """Keeps OpenCV and FFmpeg from writing to stderr; what a user set himself stays.

    For a process that has imported cv2 already: FFmpeg's level is read at the first
    opening, OpenCV's own was read at the import and has to be set.
    """
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _QUIET["OPENCV_FFMPEG_LOGLEVEL"])
    if "OPENCV_LOG_LEVEL" not in os.environ:
        from cv2.utils import logging

        logging.setLogLevel(logging.LOG_LEVEL_SILENT)


def prepare_device_process(scheme: str | None, *, quick: bool = False) -> None:
    """For a process of its own, before cv2 is imported there, and before each opening.

    Args:
        scheme: of a network stream (``rtsp``, ``http`` …), None for a camera.
        quick: an RTSP stream that was open before: its rate is not measured again, which
            takes FFmpeg about 0.4 s. Where that is not enough to tell its size, opening fails.
    """
    os.environ.update(_QUIET | _DEVICES)
    if decoder_says() is not None:
        # nobody but the decoder's watch reads it; of a file, errors alone
        os.environ["OPENCV_FFMPEG_LOGLEVEL"] = ERRORS if scheme is None else LEVEL
    if scheme in ("rtsp", "rtsps"):
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _RTSP_OPTIONS + (_QUICK if quick else "")
    elif scheme in ("http", "https"):
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = _HTTP_OPTIONS
