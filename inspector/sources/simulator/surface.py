"""A part as fields over its square, and the camera's view of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.sources.simulator.texture import Field, blurred

Points: TypeAlias = NDArray[np.float64]
"""float64 (n, 2): x, y."""

LIGHT = (-0.55, -0.83)
"""Where the main light stands, in image axes: above, a little to the left."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Part coordinates of each pixel of a square.

    ``u`` to the right and ``v`` down run over -1..1 across the square before the part
    is turned by ``angle`` (radians) and moved by ``shift`` (pixels); ``px`` is one pixel
    in that unit.
    """

    u: Field
    v: Field
    px: float
    angle: float
    shift: tuple[float, float]

    @property
    def size(self) -> int:
        return int(self.u.shape[0])

    def to_pixels(self, points: Points) -> Points:
        """Part coordinates (n, 2) to pixel coordinates (n, 2)."""
        c, s = np.cos(self.angle), np.sin(self.angle)
        turned = points @ np.array([[c, s], [-s, c]])
        return np.asarray(turned / self.px + self.size / 2 + np.array(self.shift))

    @property
    def radius(self) -> Field:
        return np.asarray(cv2.magnitude(self.u, self.v), np.float32)

    @property
    def azimuth(self) -> Field:
        """Radians, 0..2π, clockwise on the screen from +u."""
        return np.asarray(cv2.phase(self.u, self.v), np.float32)


def make_grid(size: int, shift: tuple[float, float] = (0.0, 0.0), angle: float = 0.0) -> Grid:
    """Grid of a part shifted by pixels and turned by radians about its centre."""
    axis = np.arange(size, dtype=np.float32) + np.float32(0.5 - size / 2)
    scale = np.float32(2.0 / size)
    x = (axis - np.float32(shift[0]))[None, :] * scale
    y = (axis - np.float32(shift[1]))[:, None] * scale
    c, s = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return Grid(u=c * x + s * y, v=c * y - s * x, px=float(scale), angle=angle, shift=shift)


@dataclass(slots=True)
class Surface:
    """Fields (H, W) float32 that parts build, defects change and ``shade`` looks at.

    Attributes:
        coverage: 1 where there is material, 0 where the belt shows.
        height: elevation in part units (see Grid).
        colour: linear BGR reflectance (H, W, 3), 0..1.
        metal: 1 bare metal (mirrors its surroundings), 0 paint or dirt.
        gloss: 0 matt .. 1 polished.
        light: factor on the light that reaches it (cavities are darker).
        depth: factor on the belt seen through openings: light at their bottom.
    """

    coverage: Field
    height: Field
    colour: Field
    metal: Field
    gloss: Field
    light: Field
    depth: Field


def shade(surface: Surface, grid: Grid) -> Field:
    """Linear BGR radiance (H, W, 3), before the lens."""
    nx, ny, nz = _normals(surface.height, grid)
    mirror = _surroundings(2.0 * nz * nx, 2.0 * nz * ny, surface.gloss)
    lx, ly = LIGHT
    diffuse = 0.30 + 0.75 * np.maximum(0.0, 0.62 * (nx * lx + ny * ly) + 0.78 * nz)
    coat = (0.05 + 0.25 * (1.0 - nz)) * surface.gloss * np.maximum(0.0, mirror - 0.22)
    bare = surface.metal * mirror
    matt = (1.0 - surface.metal) * diffuse
    # the lamp is a little warmer than the housing that shadows mirror
    tinted = np.stack([bare * (1.06 - 0.07 * mirror), bare, bare * (0.97 + 0.04 * mirror)], axis=2)
    radiance = surface.colour * (tinted + matt[:, :, None])
    radiance += ((1.0 - surface.metal) * coat * 3.6)[:, :, None]
    radiance *= surface.light[:, :, None]
    return np.asarray(radiance, np.float32)


def _normals(height: Field, grid: Grid) -> tuple[Field, Field, Field]:
    scale = 1.0 / (8.0 * grid.px)
    nx = -np.asarray(cv2.Sobel(height, cv2.CV_32F, 1, 0, ksize=3, scale=scale), np.float32)
    ny = -np.asarray(cv2.Sobel(height, cv2.CV_32F, 0, 1, ksize=3, scale=scale), np.float32)
    nz = 1.0 / np.sqrt(1.0 + nx * nx + ny * ny)
    return _f32(nx * nz), _f32(ny * nz), _f32(nz)


def _f32(field: NDArray[np.floating[Any]]) -> Field:
    return np.asarray(field, np.float32)


def _surroundings(rx: Field, ry: Field, gloss: Field) -> Field:
    """What the camera sees mirrored in direction (rx, ry): lamps, housing, its own lens.

    A ring lamp about the lens, a soft box at the main light, a dark housing beyond.
    Rough metal blurs them, so the lobes widen as gloss falls.
    """
    lx, ly = LIGHT
    rho = np.asarray(cv2.magnitude(rx, ry), np.float32)
    along = rx * np.float32(lx) + ry * np.float32(ly)
    width = 0.46 - 0.36 * gloss
    ring = _bell((rho - 0.50) / width)
    box = _bell(np.asarray(cv2.magnitude(rx - 0.62 * lx, ry - 0.62 * ly), np.float32) / width)
    sky = 0.26 + 0.16 * along - 0.10 * rho
    return np.asarray(
        np.maximum(sky, 0.03) + 0.34 * ring * (1.0 + 0.7 * along) + (0.36 / width) * box
    )


def _bell(t: Field) -> Field:
    return np.asarray(cv2.exp(-t * t), np.float32)


@dataclass(frozen=True, slots=True)
class Sprite:
    """A part ready to paste: ``belt · through + add``.

    ``add`` uint8 (S, S, 3) BGR, the part's own light; ``through`` uint8 (S, S, 3), how
    much of the belt remains (255 all): part, shadow and soft edges in one;
    ``foreground`` bool (S, S), where the part itself is.
    """

    add: NDArray[np.uint8]
    through: NDArray[np.uint8]
    foreground: NDArray[np.bool_]


def photograph(surface: Surface, grid: Grid, exposure: float = 1.0) -> Sprite:
    """Through the lens: shading, shadow on the belt, optical blur, tone curve."""
    size = grid.size
    blur = 0.85 * size / 640
    cover = blurred(surface.coverage, blur)
    radiance = np.clip(shade(surface, grid) * np.float32(exposure), 0.0, 4.0)
    solid = np.maximum(cover, np.float32(1e-3))[:, :, None]
    seen = np.asarray(radiance * surface.coverage[:, :, None], np.float32)
    tone = _tone(np.asarray(blurred(seen, blur) / solid, np.float32)) * cover[:, :, None]
    belt_left = (1.0 - cover) * _shadow(surface, size)
    through = cv2.cvtColor(np.asarray(belt_left, np.float32), cv2.COLOR_GRAY2BGR)
    return Sprite(
        add=np.asarray(tone * 255.0 + 0.5, np.uint8),
        through=np.asarray(np.asarray(through) * 255.0 + 0.5, np.uint8),
        foreground=cover > 0.5,
    )


def enlarged(sprite: Sprite, size: int) -> Sprite:
    """The sprite at another size, itself where it has it."""
    if sprite.add.shape[0] == size:
        return sprite
    add, through = (
        np.asarray(cv2.resize(plane, (size, size), interpolation=cv2.INTER_CUBIC), np.uint8)
        for plane in (sprite.add, sprite.through)
    )
    whole = cv2.resize(sprite.foreground.astype(np.uint8) * 255, (size, size))
    return Sprite(add, through, np.asarray(whole) > 127)


def _tone(linear: Field) -> Field:
    """Shoulder for highlights, then a gamma of 2."""
    rolled = linear * (1.0 + linear * 0.12) / (1.0 + 0.55 * linear)
    return np.asarray(cv2.sqrt(np.minimum(rolled, 1.0)), np.float32)


def _shadow(surface: Surface, size: int) -> Field:
    """Light left on the belt: cast shadow away from the lamp, dark contact line."""
    lx, ly = LIGHT
    reach = 0.030 * size
    moved = np.array([[1.0, 0.0, -lx * reach], [0.0, 1.0, -ly * reach]])
    cast = blurred(np.asarray(cv2.warpAffine(surface.coverage, moved, (size, size))), size / 45)
    contact = blurred(surface.coverage, size / 110)
    return np.asarray((1.0 - 0.62 * cast) * (1.0 - 0.45 * contact) * surface.depth, np.float32)
