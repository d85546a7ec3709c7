"""Marks on a part: lines, blobs and where they go."""

from __future__ import annotations

import cv2
import numpy as np

from inspector.sources.simulator.surface import Grid, Points
from inspector.sources.simulator.texture import Field, blurred, octaves, smoothstep

_FIXED = 4  # fractional bits of OpenCV's line coordinates


def polar(radius: float, azimuth: float) -> Points:
    """One point (1, 2) in part coordinates."""
    return np.array([[radius * np.cos(azimuth), radius * np.sin(azimuth)]])


def stroke(grid: Grid, points: Points, width: float) -> Field:
    """A line through ``points`` (part coordinates), ``width`` in part units: 0..1."""
    pixels = grid.to_pixels(points)
    fixed = np.round((pixels - 0.5) * 2**_FIXED).astype(np.int32)[None]
    canvas = np.zeros((grid.size, grid.size), np.uint8)
    thick = max(1, round(width / grid.px))
    cv2.polylines(
        canvas,
        list(fixed),
        isClosed=False,
        color=255,
        thickness=thick,
        lineType=cv2.LINE_AA,
        shift=_FIXED,
    )
    drawn = np.asarray(canvas, np.float32) / 255.0
    # thinner than a pixel cannot be drawn, so it is drawn fainter
    faint = np.float32(min(1.0, max(0.35, width / grid.px)))
    return np.asarray(blurred(drawn, 0.6) * faint, np.float32)


def wander(
    rng: np.random.Generator, start: Points, heading: float, length: float, bend: float, steps: int
) -> Points:
    """A path (steps + 1, 2) that sets out along ``heading`` and turns by ``bend`` a step."""
    headings = heading + np.cumsum(rng.normal(0.0, bend, steps))
    stride = length / steps
    moves = stride * np.stack([np.cos(headings), np.sin(headings)], axis=1)
    return np.asarray(np.concatenate([start, start + np.cumsum(moves, axis=0)]))


def spot(grid: Grid, centre: Points, radius: float, stretch: float = 1.0) -> Field:
    """Distance from ``centre`` in radii: 0 in the middle, 1 on the rim."""
    du = grid.u - np.float32(centre[0, 0])
    dv = (grid.v - np.float32(centre[0, 1])) * np.float32(stretch)
    return np.asarray(cv2.magnitude(du, dv) / np.float32(radius), np.float32)


def blot(
    grid: Grid, rng: np.random.Generator, centre: Points, radius: float, ragged: float = 0.28
) -> Field:
    """An irregular patch of about ``radius``: 1 inside, soft rim, 0 outside."""
    n = grid.size
    cloud = octaves(rng, n, n, max(4.0, radius / grid.px), 4)
    return smoothstep(1.12, 0.82, spot(grid, centre, radius) + ragged * cloud)
