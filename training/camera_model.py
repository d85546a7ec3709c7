"""What a camera over a belt does to a picture: good images pass through it in training.

Thresholds from still images do not survive the line (transistor footage: the 95th
percentile of stills gives a per-part accuracy of .57): the part rests a few pixels off,
fewer pixels show it, the sensor is noisy, the light flickers, the stream is compressed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image


@dataclass(frozen=True, slots=True)
class CameraModel:
    """How far each disturbance goes; every picture draws its own, uniformly.

    Attributes:
        shift: offset of the part, largest share of width and height, either way.
        min_resolution: smallest share of the picture's own pixels that the camera has.
        blur: largest sigma of defocus and motion together, in pixels of the camera.
        gain: largest relative change of brightness, either way (flicker).
        colour: the same for each channel by itself (white balance, rounding of YUV).
        noise: largest sigma of the sensor's noise, in grey levels.
        jpeg_quality: lowest and highest, of the pictures that come as JPEG.
        video_quality: the same of those that come as video. WebP is a VP8 key frame:
            block prediction, deblocking, and plain texture wiped away as in H.264,
            which JPEG leaves (fine structure of a plain ground: 2.5 grey levels in a
            still, 1.3 after JPEG 60, 0.5 after WebP 50, 0.65 in H.264 footage).
        video_share: of the pictures.
    """

    shift: float = 0.01
    min_resolution: float = 0.5
    blur: float = 0.8
    gain: float = 0.03
    colour: float = 0.02
    noise: float = 3.0
    jpeg_quality: tuple[int, int] = (60, 95)
    video_quality: tuple[int, int] = (30, 90)
    video_share: float = 0.5


def photograph(
    image: Image, camera: CameraModel, rng: np.random.Generator, *, least: int = 0
) -> Image:
    """One picture of the part as that camera might take it.

    Args:
        image: uint8 (H, W, 3) BGR.
        least: pixels that the shorter side keeps where it has them: a station whose
            region is smaller than the network's input is not what is modelled.

    Returns:
        uint8 (h, w, 3) BGR at the resolution of the camera (not larger than ``image``);
        the same for the same state of ``rng``.
    """
    image = _shifted(image, camera.shift, rng)
    image = _resampled(image, camera.min_resolution, least, rng)
    blurred = cv2.GaussianBlur(image, (0, 0), max(rng.uniform(0.0, camera.blur), 1e-3))
    gains = (1.0 + _within(camera.gain, 1, rng)) * (1.0 + _within(camera.colour, 3, rng))
    exposed = blurred * gains.astype(np.float32)
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    exposed = exposed + noise * np.float32(rng.uniform(0.0, camera.noise))
    sensed = np.clip(np.rint(exposed), 0, 255).astype(np.uint8)
    is_video = rng.random() < camera.video_share
    low, high = camera.video_quality if is_video else camera.jpeg_quality
    return _compressed(sensed, int(rng.integers(low, high + 1)), is_video=is_video)


def reduced(image: Image, pixels: int | None) -> Image:
    """uint8 (H, W, 3) with no more than that many pixels on its shorter side; None: as it is."""
    side = min(image.shape[:2])
    return image if pixels is None or side <= pixels else _shrunk(image, pixels / side)


def _within(limit: float, count: int, rng: np.random.Generator) -> NDArray[np.float64]:
    return rng.uniform(-limit, limit, count)


def _shifted(image: Image, share: float, rng: np.random.Generator) -> Image:
    h, w = image.shape[:2]
    dx, dy = _within(share, 2, rng) * (w, h)
    matrix = np.array([[1.0, 0.0, dx], [0.0, 1.0, dy]])
    # what comes into view is more of the same scene, not a black edge
    moved: Image = cv2.warpAffine(  # type: ignore[assignment]
        image, matrix, (w, h), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )
    return moved


def _resampled(image: Image, lowest: float, least: int, rng: np.random.Generator) -> Image:
    h, w = image.shape[:2]
    return _shrunk(image, max(rng.uniform(lowest, 1.0), min(1.0, least / min(h, w))))


def _shrunk(image: Image, factor: float) -> Image:
    h, w = image.shape[:2]
    size = (max(round(w * factor), 1), max(round(h * factor), 1))
    small: Image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    return small


def _compressed(image: Image, quality: int, *, is_video: bool) -> Image:
    suffix, flag = (
        (".webp", cv2.IMWRITE_WEBP_QUALITY) if is_video else (".jpg", cv2.IMWRITE_JPEG_QUALITY)
    )
    done, data = cv2.imencode(suffix, image, [flag, quality])
    assert done, "an 8-bit colour image can be encoded"
    picture: Image = cv2.imdecode(data, cv2.IMREAD_COLOR)  # type: ignore[assignment]
    return picture
