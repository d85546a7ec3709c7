"""Drawn parts with a known pose, for tests of fixturing."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image

Points = NDArray[np.float64]

_FINE = 4

SCREW: Points = np.array(
    [(-40, -150), (40, -150), (18, -110), (16, 110), (0, 150), (-16, 110), (-18, -110)], float
)
"""A wide head at the top, a tip at the bottom; pixels around its middle."""
ROD: Points = np.array([(-20, -140), (20, -140), (20, 140), (-20, 140)], float)
HEXAGON: Points = np.array(
    [(100 * math.cos(a), 100 * math.sin(a)) for a in np.arange(6) * math.pi / 3]
)


def placed(points: Points, x: float, y: float, degrees: float) -> Points:
    """Turned clockwise (y down), then moved."""
    a = math.radians(degrees)
    turn = np.array([[math.cos(a), math.sin(a)], [-math.sin(a), math.cos(a)]])
    return np.asarray(points @ turn + (x, y))


def picture(
    *polygons: Points,
    size: tuple[int, int] = (480, 480),
    ground: tuple[int, int, int] = (200, 200, 200),
    colour: tuple[int, int, int] = (70, 70, 70),
    noise: float = 2.0,
    seed: int = 0,
) -> Image:
    """uint8 (*size, 3): polygons, exact to an eighth of a pixel, and sensor noise."""
    covered = np.zeros((size[0] * _FINE, size[1] * _FINE), np.uint8)
    for polygon in polygons:
        # fillPoly counts from pixel centres
        fixed = np.round((polygon * _FINE - 0.5) * 64).astype(np.int32)
        cv2.fillPoly(covered, [fixed], 255, shift=6)
    share = cv2.resize(covered, size[::-1], interpolation=cv2.INTER_AREA)[..., None] / 255
    return noisy(np.array(ground) * (1 - share) + np.array(colour) * share, noise, seed)


def noisy(image: NDArray[np.generic], noise: float, seed: int) -> Image:
    random = np.random.default_rng(seed).normal(0, noise, image.shape)
    return np.clip(np.round(image + random), 0, 255).astype(np.uint8)


def poses(count: int, *, seed: int = 5, shift: float = 50, turn: float = 180) -> list[Points]:
    """Random (x, y, degrees) around the middle of 480×480; float64 (count, 3)."""
    random = np.random.default_rng(seed)
    low = [240 - shift, 240 - shift, -turn]
    high = [240 + shift, 240 + shift, turn]
    return list(random.uniform(low, high, (count, 3)))
