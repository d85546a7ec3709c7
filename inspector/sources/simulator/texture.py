"""Random fields that surfaces and belts are made of."""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

Field: TypeAlias = NDArray[np.float32]
"""float32 (H, W) or (H, W, 3)."""


def blurred(field: Field, sigma: float) -> Field:
    """Gaussian blur, sigma in pixels; as it is below a tenth of a pixel."""
    if sigma < 0.1:
        return field
    return np.asarray(cv2.GaussianBlur(field, (0, 0), sigma), np.float32)


def white_noise(rng: np.random.Generator, height: int, width: int) -> Field:
    """Standard normal, no correlation."""
    return rng.standard_normal((height, width), dtype=np.float32)


def smooth_noise(rng: np.random.Generator, height: int, width: int, grain: float) -> Field:
    """About unit variance, with structures of ``grain`` pixels.

    Drawn on a coarse grid and enlarged: coarse noise costs next to nothing.
    """
    rows, cols = (max(2, round(n / grain) + 3) for n in (height, width))
    coarse = white_noise(rng, rows, cols)
    x0, y0 = rng.uniform(0.0, 1.0, 2)
    step_x, step_y = (cols - 2) / width, (rows - 2) / height
    matrix = np.array([[step_x, 0.0, x0], [0.0, step_y, y0]])
    flags = cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP
    fine = cv2.warpAffine(
        coarse, matrix, (width, height), flags=flags, borderMode=cv2.BORDER_REFLECT
    )
    return np.asarray(fine * np.float32(1.3), np.float32)


def octaves(
    rng: np.random.Generator, height: int, width: int, grain: float, count: int = 4
) -> Field:
    """Cloudy noise: each octave half as coarse and 0.55 times as strong."""
    total = np.zeros((height, width), np.float32)
    for k in range(count):
        total += np.float32(0.55**k) * smooth_noise(rng, height, width, grain / 2**k)
    return total


def smoothstep(low: float, high: float, field: Field) -> Field:
    """0 below ``low``, 1 above ``high``, cubic between; falls where low > high."""
    t = np.clip((field - np.float32(low)) / np.float32(high - low), 0.0, 1.0)
    return np.asarray(t * t * (3.0 - 2.0 * t), np.float32)
