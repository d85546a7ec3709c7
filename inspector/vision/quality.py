"""Is a picture good enough to judge by? Measured on a coarse grid, cheaply."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.recipe import QualityGate

_MIDDLE = 640


@dataclass(frozen=True, slots=True)
class Quality:
    """Grey levels 0–255; see `QualityGate` for the meaning."""

    mean: float
    contrast: float
    saturated: float
    sharpness: float | None


def measure(image: Image, *, sharpness: bool) -> Quality:
    """Of a uint8 (h, w, 3) BGR region; green stands for grey.

    ``sharpness`` costs a full-resolution quarter scale (about 0.3 ms at 1080p) and is
    measured on demand; the others take every 16th row and 8th column (about 0.02 ms).
    """
    sample = _sample(image)
    mean, contrast = _mean_and_contrast(sample)
    return Quality(mean, contrast, _saturated(sample), _sharpness(image) if sharpness else None)


def _sample(image: Image) -> NDArray[np.uint8]:
    rows, columns = (16, 8) if min(image.shape[:2]) >= 128 else (1, 1)
    view = image[::rows, ::columns, 1]
    # by way of bytes: numpy's own copy lets go of the interpreter, and many cameras queue for it
    return np.frombuffer(view.tobytes(), np.uint8).reshape(view.shape)


def _mean_and_contrast(sample: NDArray[np.uint8]) -> tuple[float, float]:
    mean, deviation = cv2.meanStdDev(sample)
    return float(mean[0, 0]), float(deviation[0, 0])


def _saturated(sample: NDArray[np.uint8]) -> float:
    return float(np.count_nonzero(sample >= 254)) / sample.size


def _sharpness(image: Image) -> float:
    quarter = _shrunk(np.ascontiguousarray(image[..., 1]), 4)
    return float(cv2.Laplacian(quarter, cv2.CV_32F).var())


def detail(image: Image) -> tuple[float, float]:
    """Fine and coarse detail of a uint8 (h, w, 3) BGR region: the variance of the Laplacian
    at a quarter and at an eighth of the size. Of its middle, 640 pixels at most each way: a
    whole 1080p picture would take three times as long. All three colours are halved first: that
    takes OpenCV less than to single out green.
    """
    quarter = _shrunk(np.ascontiguousarray(_shrunk(_middle(image), 2)[..., 1]), 2)
    return _roughness(quarter), _roughness(_shrunk(quarter, 2))


def _roughness(grey: NDArray[np.uint8]) -> float:
    _, deviation = cv2.meanStdDev(cv2.Laplacian(grey, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def _middle(image: Image) -> Image:
    height, width = image.shape[:2]
    top, left = max(0, height - _MIDDLE) // 2, max(0, width - _MIDDLE) // 2
    return image[top : top + _MIDDLE, left : left + _MIDDLE]


def _shrunk(image: NDArray[np.uint8], factor: int) -> NDArray[np.uint8]:
    size = (max(1, image.shape[1] // factor), max(1, image.shape[0] // factor))
    return cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


def problem(image: Image, gate: QualityGate) -> str | None:
    """Why the picture cannot be judged by, in words; None for a usable one.

    Measures what the gate has limits for and nothing else.
    """
    sample = _sample(image)
    mean, contrast = _mean_and_contrast(sample)
    if gate.min_mean is not None and not mean >= gate.min_mean:
        return f"too dark: mean {mean:.3g} below {gate.min_mean:g}"
    if gate.max_mean is not None and not mean <= gate.max_mean:
        return f"too bright: mean {mean:.3g} above {gate.max_mean:g}"
    if not contrast >= gate.min_contrast:
        return f"blank picture: contrast {contrast:.3g} below {gate.min_contrast:g}"
    if gate.max_saturated is not None and not (s := _saturated(sample)) <= gate.max_saturated:
        return f"overexposed: saturated share {s:.3g} above {gate.max_saturated:g}"
    if gate.min_sharpness is not None and not (f := _sharpness(image)) >= gate.min_sharpness:
        return f"out of focus: sharpness {f:.3g} below {gate.min_sharpness:g}"
    return None
