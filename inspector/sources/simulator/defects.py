"""Kinds of damage that any part can have, as changes to its surface.

``severity`` runs over 0..1: size and contrast grow with it.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np

from inspector.sources.simulator.strokes import blot, spot, stroke, wander
from inspector.sources.simulator.surface import Grid, Points, Surface
from inspector.sources.simulator.texture import Field, octaves, smoothstep

Tint: TypeAlias = tuple[float, float, float]
"""Linear BGR, 0..1."""


def mix(severity: float, low: float, high: float) -> float:
    """``low`` at severity 0, ``high`` at 1."""
    return low + (high - low) * severity


def paint(surface: Surface, mask: Field, tint: Tint, *, metal: float, gloss: float) -> None:
    """Covers the surface with a material where ``mask`` (0..1) is set."""
    keep = 1.0 - mask
    surface.colour *= keep[:, :, None]
    surface.colour += mask[:, :, None] * np.array(tint, np.float32)
    surface.metal *= keep
    surface.metal += mask * np.float32(metal)
    surface.gloss *= keep
    surface.gloss += mask * np.float32(gloss)


def groove(surface: Surface, line: Field, depth: float) -> None:
    """Sinks a line; its walls catch light or lose it."""
    surface.height -= line * np.float32(depth)
    surface.light *= 1.0 - np.float32(min(0.6, 12.0 * depth)) * line


def scratch(
    surface: Surface,
    grid: Grid,
    severity: float,
    rng: np.random.Generator,
    start: Points,
    *,
    bare: Tint,
) -> None:
    """One to three nearly parallel lines that lay the bright base metal open."""
    heading = rng.uniform(0.0, 2.0 * np.pi)
    for k in range(1 + int(rng.integers(0, 1 + round(2 * severity)))):
        length = mix(severity, 0.22, 0.62) * rng.uniform(0.75, 1.0) / (1 + 0.5 * k)
        begin = start + rng.normal(0.0, 0.025, (1, 2))
        path = wander(rng, begin, heading + rng.normal(0.0, 0.05), length, 0.035, 14)
        line = _scrape(grid, rng, path, mix(severity, 0.0045, 0.013)) * surface.coverage
        paint(surface, 0.85 * line, bare, metal=0.35, gloss=0.35)
        surface.height -= line * np.float32(mix(severity, 0.002, 0.006))


def _scrape(grid: Grid, rng: np.random.Generator, path: Points, width: float) -> Field:
    """A line that bites in the middle, runs out thin, and skips."""
    line = np.maximum(stroke(grid, path, 0.45 * width), stroke(grid, path[3:-3], width))
    skips = 0.75 + 0.35 * octaves(rng, grid.size, grid.size, 0.05 / grid.px, 3)
    return np.asarray(line * np.clip(skips, 0.25, 1.0), np.float32)


def stain(
    surface: Surface,
    grid: Grid,
    severity: float,
    rng: np.random.Generator,
    centre: Points,
    *,
    tint: Tint,
) -> None:
    """A discoloured, matt patch with a darker rim, as dried liquid leaves it."""
    patch = blot(grid, rng, centre, mix(severity, 0.09, 0.24))
    rim = patch * (1.0 - patch) * 4.0
    cloud = np.clip(0.75 + 0.18 * octaves(rng, grid.size, grid.size, 0.05 / grid.px, 3), 0.3, 1.0)
    film = patch * np.asarray(cloud, np.float32) * np.float32(mix(severity, 0.55, 0.95))
    paint(surface, film, tint, metal=0.15, gloss=0.15)
    surface.light *= 1.0 - np.float32(mix(severity, 0.12, 0.3)) * rim


def dent(
    surface: Surface, grid: Grid, severity: float, rng: np.random.Generator, centre: Points
) -> None:
    """A hollow with a raised lip."""
    distance = spot(grid, centre, mix(severity, 0.07, 0.19), rng.uniform(0.8, 1.5))
    hollow = np.exp(-2.2 * distance * distance)
    lip = np.exp(-8.0 * (distance - 1.05) ** 2)
    depth = mix(severity, 0.020, 0.075)
    surface.height += np.asarray(depth * (0.30 * lip - hollow), np.float32)
    surface.light *= np.asarray(1.0 - 0.15 * severity * hollow, np.float32)


def crack(
    surface: Surface,
    grid: Grid,
    severity: float,
    rng: np.random.Generator,
    start: Points,
    heading: float,
) -> None:
    """A jagged dark line, branching when it is severe."""
    length = mix(severity, 0.16, 0.46)
    width = mix(severity, 0.004, 0.012)
    path = wander(rng, start, heading, length, 0.38, 18)
    _split(surface, grid, path, width)
    for _ in range(round(2.4 * severity)):
        at = int(rng.integers(4, 14))
        side = heading + rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0)
        branch = wander(rng, path[at : at + 1], side, 0.35 * length, 0.4, 8)
        _split(surface, grid, branch, 0.7 * width)


def _split(surface: Surface, grid: Grid, path: Points, width: float) -> None:
    line = stroke(grid, path, width)
    surface.light *= 1.0 - 0.88 * line
    surface.height -= 0.012 * stroke(grid, path, 2.2 * width)


def chip(
    surface: Surface,
    grid: Grid,
    severity: float,
    rng: np.random.Generator,
    centre: Points,
    *,
    broken: Tint,
) -> None:
    """Material broken off about a point on the edge, with a rough bright fracture."""
    radius = mix(severity, 0.055, 0.16)
    ragged = 0.16 * octaves(rng, grid.size, grid.size, 0.06 / grid.px, 3)
    distance = spot(grid, centre, radius) + ragged
    fracture = smoothstep(1.30, 1.12, distance)
    paint(surface, fracture, broken, metal=0.45, gloss=0.1)
    surface.height -= np.asarray(0.10 * fracture * np.clip(1.3 - distance, 0, 1), np.float32)
    surface.height += fracture * 0.006 * octaves(rng, grid.size, grid.size, 0.025 / grid.px, 2)
    surface.coverage *= smoothstep(1.0 - 2 * grid.px / radius, 1.0, distance)
