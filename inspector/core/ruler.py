"""The ruler: a known length in the picture gives the size of a pixel."""

from __future__ import annotations

import math

from inspector.errors import ConfigError

LEAST_PX = 8.0
"""Over less, one pixel's error would be more than a tenth of every area."""


def mm_per_px(start: tuple[float, float], end: tuple[float, float], length_mm: float) -> float:
    """Millimetres a pixel, of two points (x, y) in image pixels that lie ``length_mm`` apart.

    Raises ConfigError for points too close to measure by, and a length that is none.
    """
    distance = math.dist(start, end)
    if not math.isfinite(distance) or distance < LEAST_PX:
        raise ConfigError(
            f"ruler: its ends are {distance:.1f} px apart, expected at least {LEAST_PX:g}: "
            "lay it along something longer"
        )
    if not (math.isfinite(length_mm) and length_mm > 0):
        raise ConfigError(f"ruler: {length_mm:g} mm is no length: type what you measured")
    return length_mm / distance
