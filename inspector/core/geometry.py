"""Boxes, regions of interest and the maps between model, part and image coordinates.

Conventions: pixel (x, y) covers [x, x+1) × [y, y+1); boxes are half-open
(x1, y1, x2, y2); an affine is a 2×3 matrix that maps (x, y, 1) columns.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inspector.errors import ConfigError


@dataclass(frozen=True, slots=True, order=True)
class Box:
    """Axis-aligned box, half-open, pixels: x1 ≤ x < x2, y1 ≤ y < y2."""

    x1: int
    y1: int
    x2: int
    y2: int

    def __post_init__(self) -> None:
        if self.x2 < self.x1 or self.y2 < self.y1:
            raise ValueError(f"box corners out of order: {self.as_tuple()}")

    @property
    def width(self) -> int:
        return self.x2 - self.x1

    @property
    def height(self) -> int:
        return self.y2 - self.y1

    @property
    def area(self) -> int:
        return self.width * self.height

    def as_tuple(self) -> tuple[int, int, int, int]:
        return (self.x1, self.y1, self.x2, self.y2)

    def union(self, other: Box) -> Box:
        """Smallest box that holds both."""
        return Box(
            min(self.x1, other.x1),
            min(self.y1, other.y1),
            max(self.x2, other.x2),
            max(self.y2, other.y2),
        )

    def clipped(self, width: int, height: int) -> Box:
        """The part of the box inside an image of that size (may be empty)."""
        x1, x2 = (min(max(v, 0), width) for v in (self.x1, self.x2))
        y1, y2 = (min(max(v, 0), height) for v in (self.y1, self.y2))
        return Box(x1, y1, x2, y2)


@dataclass(frozen=True, slots=True)
class Roi:
    """Region of interest in image coordinates: corner and size, pixels."""

    x: int
    y: int
    width: int
    height: int

    def __post_init__(self) -> None:
        if min(self.x, self.y) < 0 or min(self.width, self.height) < 1:
            raise ConfigError(
                f"ROI {self}: corner must not be negative and size at least 1×1 pixel"
            )

    def __str__(self) -> str:
        return f"{self.x},{self.y},{self.width},{self.height}"

    @classmethod
    def parse(cls, text: str) -> Roi:
        """From ``"x,y,w,h"``; raises ConfigError."""
        try:
            x, y, w, h = (int(v) for v in text.split(","))
        except ValueError:
            raise ConfigError(
                f"ROI {text!r}: expected four whole numbers x,y,w,h in pixels"
            ) from None
        return cls(x, y, w, h)

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.x + self.width, self.y + self.height)

    def check_inside(self, width: int, height: int) -> None:
        """Raises ConfigError where the region leaves an image of that size."""
        if self.x + self.width > width or self.y + self.height > height:
            raise ConfigError(
                f"ROI {self} leaves the image of {width}×{height} pixels: choose a region inside it"
            )


@dataclass(frozen=True, slots=True)
class Affine:
    """A 2×3 affine map (row-major, float64), immutable.

    ``(x', y') = (a x + b y + c, d x + e y + f)``.
    """

    a: float
    b: float
    c: float
    d: float
    e: float
    f: float

    @classmethod
    def identity(cls) -> Affine:
        return cls(1.0, 0.0, 0.0, 0.0, 1.0, 0.0)

    @classmethod
    def translation(cls, dx: float, dy: float) -> Affine:
        return cls(1.0, 0.0, dx, 0.0, 1.0, dy)

    @classmethod
    def scaling(cls, sx: float, sy: float) -> Affine:
        """Maps pixel *edges* onto pixel edges: no half-pixel shift in this convention."""
        return cls(sx, 0.0, 0.0, 0.0, sy, 0.0)

    def as_array(self) -> NDArray[np.float64]:
        """float64 (2, 3)."""
        return np.array([[self.a, self.b, self.c], [self.d, self.e, self.f]])

    def then(self, outer: Affine) -> Affine:
        """The map that applies self first and ``outer`` after it."""
        o, s = outer, self
        return Affine(
            o.a * s.a + o.b * s.d,
            o.a * s.b + o.b * s.e,
            o.a * s.c + o.b * s.f + o.c,
            o.d * s.a + o.e * s.d,
            o.d * s.b + o.e * s.e,
            o.d * s.c + o.e * s.f + o.f,
        )

    def inverse(self) -> Affine:
        """Raises ValueError for a singular map."""
        det = self.a * self.e - self.b * self.d
        if det == 0.0:
            raise ValueError("a singular affine has no inverse")
        a, b, d, e = self.e / det, -self.b / det, -self.d / det, self.a / det
        return Affine(a, b, -(a * self.c + b * self.f), d, e, -(d * self.c + e * self.f))

    def apply(self, x: float, y: float) -> tuple[float, float]:
        return (self.a * x + self.b * y + self.c, self.d * x + self.e * y + self.f)

    @property
    def area_scale(self) -> float:
        """Factor by which areas grow."""
        return abs(self.a * self.e - self.b * self.d)

    def box(self, box: Box) -> Box:
        """Smallest whole-pixel box around the mapped corners of ``box``."""
        points = [self.apply(x, y) for x in (box.x1, box.x2) for y in (box.y1, box.y2)]
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        # 1e-6: rounding noise of a composed map must not widen a box by a pixel
        return Box(
            math.floor(min(xs) + 1e-6),
            math.floor(min(ys) + 1e-6),
            math.ceil(max(xs) - 1e-6),
            math.ceil(max(ys) - 1e-6),
        )


def bounding_box(boxes: Sequence[Box]) -> Box:
    """Smallest box around all; raises ValueError for none."""
    if not boxes:
        raise ValueError("no boxes to bound")
    result = boxes[0]
    for box in boxes[1:]:
        result = result.union(box)
    return result
