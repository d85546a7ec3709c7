"""Perlin noise (SIGGRAPH 1985): smooth blots of about one size."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def perlin(shape: tuple[int, int], cells: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """float32 of ``shape``, about -1..1, with ``cells`` lattice cells along each axis."""
    y = np.linspace(0, cells, shape[0], endpoint=False, dtype=np.float32)[:, None]
    x = np.linspace(0, cells, shape[1], endpoint=False, dtype=np.float32)[None]
    angles = rng.uniform(0, 2 * np.pi, (cells + 1, cells + 1)).astype(np.float32)
    iy, ix = y.astype(int), x.astype(int)
    fy, fx = y - iy, x - ix
    corners = [[_slope(angles[iy + j, ix + i], fx - i, fy - j) for i in (0, 1)] for j in (0, 1)]
    sy, sx = _fade(fy), _fade(fx)
    rows = [left + (right - left) * sx for left, right in corners]
    return np.asarray((rows[0] + (rows[1] - rows[0]) * sy) * np.float32(np.sqrt(2.0)))


def _slope(
    angle: NDArray[np.float32], dx: NDArray[np.float32], dy: NDArray[np.float32]
) -> NDArray[np.float32]:
    return np.asarray(np.cos(angle) * dx + np.sin(angle) * dy, np.float32)


def _fade(t: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(t * t * t * (t * (t * 6 - 15) + 10), np.float32)
