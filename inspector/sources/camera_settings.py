"""Asks a camera for a job's settings, then looks what it really took."""

from __future__ import annotations

import cv2

from inspector.core.camera import CameraSettings
from inspector.sources.capture import Capture

# V4L2 counts the manual mode as 1; DirectShow and Media Foundation as 0.25
_MANUAL_EXPOSURE = {cv2.CAP_V4L2: 1.0}
_MANUAL_EXPOSURE_ELSEWHERE = 0.25


def apply_settings(capture: Capture, settings: CameraSettings, backend: int) -> tuple[str, ...]:
    """Sets what ``settings`` names; returns what the camera refused, in words."""
    refused = _apply_format(capture, settings.pixel_format)
    for name, prop, value in _requests(settings, backend):
        if value is not None and not _accepted(capture, prop, value):
            refused.append(f"{name}: asked {value:g}, the camera says {capture.get(prop):g}")
    # one frame in the driver's queue, where the driver allows: old pictures are no use
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    return tuple(refused)


def _apply_format(capture: Capture, pixel_format: str | None) -> list[str]:
    """First of all: sizes and rates depend on it."""
    if pixel_format is None:
        return []
    wanted = cv2.VideoWriter.fourcc(*pixel_format)
    capture.set(cv2.CAP_PROP_FOURCC, wanted)
    got = int(capture.get(cv2.CAP_PROP_FOURCC)) & 0xFFFFFFFF
    if got == wanted:
        return []
    said = got.to_bytes(4, "little").decode("ascii", "replace").strip("\0 ") or "nothing"
    return [f"pixel format: asked {pixel_format}, the camera says {said}"]


def _requests(settings: CameraSettings, backend: int) -> tuple[tuple[str, int, float | None], ...]:
    """(name, property, value) in the order drivers want: modes off before values."""
    manual = _MANUAL_EXPOSURE.get(backend, _MANUAL_EXPOSURE_ELSEWHERE)
    white, focus = settings.white_balance_k, settings.focus
    return (
        ("width", cv2.CAP_PROP_FRAME_WIDTH, settings.width),
        ("height", cv2.CAP_PROP_FRAME_HEIGHT, settings.height),
        ("fps", cv2.CAP_PROP_FPS, settings.fps),
        (
            "automatic exposure off",
            cv2.CAP_PROP_AUTO_EXPOSURE,
            None if settings.exposure is None else manual,
        ),
        ("exposure", cv2.CAP_PROP_EXPOSURE, settings.exposure),
        ("gain", cv2.CAP_PROP_GAIN, settings.gain),
        ("automatic white balance off", cv2.CAP_PROP_AUTO_WB, None if white is None else 0.0),
        ("white balance", cv2.CAP_PROP_WB_TEMPERATURE, white),
        ("automatic focus off", cv2.CAP_PROP_AUTOFOCUS, None if focus is None else 0.0),
        ("focus", cv2.CAP_PROP_FOCUS, focus),
    )


def _accepted(capture: Capture, prop: int, value: float) -> bool:
    """``set`` answers True for values it then rounds, clips or ignores: read it back."""
    capture.set(prop, value)
    got = capture.get(prop)
    return abs(got - value) <= 0.01 * abs(value) + 1e-6 or got == round(value)
