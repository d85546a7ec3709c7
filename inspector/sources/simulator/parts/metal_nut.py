"""A zinc-plated hexagon nut, seen from above."""

from __future__ import annotations

import cv2
import numpy as np

from inspector.sources.simulator import defects
from inspector.sources.simulator.parts.category import BeltStyle, Category
from inspector.sources.simulator.strokes import blot, polar, spot
from inspector.sources.simulator.surface import LIGHT, Grid, Points, Surface
from inspector.sources.simulator.texture import (
    Field,
    octaves,
    smooth_noise,
    smoothstep,
)

_APOTHEM = 0.70
_FACE = 0.655  # where the turned face ends and the chamfer begins
_SINK = 0.425  # rim of the countersink
_BORE = 0.335  # crests of the thread
_STEEL = (0.70, 0.705, 0.69)
_BARE = (0.95, 0.95, 0.96)
_BROKEN = (0.52, 0.53, 0.54)
_RUST = (0.025, 0.08, 0.19)
_GRIME = (0.035, 0.04, 0.05)


def build(grid: Grid, rng: np.random.Generator) -> Surface:
    """A good nut: turned face, chamfered corners, countersunk thread."""
    n = grid.size
    radius = grid.radius
    outside = _hexagon(grid) - _APOTHEM
    edge = 1.5 * grid.px
    coverage = smoothstep(edge, -edge, outside) * smoothstep(_BORE - edge, _BORE + edge, radius)
    height = _profile(grid, radius, outside) + _machining(grid, radius, rng)
    tone = rng.uniform(0.92, 1.04) * (1.0 + 0.035 * octaves(rng, n, n, n / 5, 4))
    warmth = np.array([1.0 - rng.uniform(0.0, 0.04), 1.0, 1.0], np.float32)
    colour = (np.array(_STEEL, np.float32) * warmth) * np.asarray(tone, np.float32)[:, :, None]
    return Surface(
        coverage=coverage,
        height=height,
        colour=colour,
        metal=np.ones((n, n), np.float32),
        gloss=np.full((n, n), 0.30, np.float32),
        light=_light(grid, radius, rng),
        depth=_bottom(grid, radius),
    )


def _bottom(grid: Grid, radius: Field) -> Field:
    """Light on the belt seen through the bore: its wall shades the side at the lamp."""
    lx, ly = LIGHT
    lit = smoothstep(1.0, 0.45, spot(grid, np.array([[-0.17 * lx, -0.17 * ly]]), 0.36))
    inside = smoothstep(_BORE + 0.05, _BORE + 0.02, radius)
    return np.asarray(1.0 - inside * (0.62 - 0.42 * lit), np.float32)


def _hexagon(grid: Grid) -> Field:
    """Largest distance along the three face normals."""
    sides = [
        np.abs(grid.u * np.float32(np.cos(a)) + grid.v * np.float32(np.sin(a)))
        for a in (np.pi / 6, np.pi / 2, 5 * np.pi / 6)
    ]
    return np.asarray(np.maximum(np.maximum(sides[0], sides[1]), sides[2]), np.float32)


def _profile(grid: Grid, radius: Field, outside: Field) -> Field:
    """Height of the clean shape."""
    chamfer = -0.42 * np.maximum(0.0, radius - _FACE)
    flank = -1.2 * np.maximum(0.0, outside + 0.012)
    sink = -0.85 * np.maximum(0.0, _SINK - radius)
    turn = 2 * np.pi * (radius - _BORE) / 0.030 + grid.azimuth
    thread = np.where(radius < 0.382, 0.0075 * np.sin(turn), 0.0)
    shape = np.asarray(chamfer + flank + sink + thread, np.float32)
    return np.asarray(cv2.GaussianBlur(shape, (0, 0), 0.0045 / grid.px), np.float32)


def _machining(grid: Grid, radius: Field, rng: np.random.Generator) -> Field:
    """Concentric tool marks, tumbling marks and the grain of the plating."""
    n = grid.size
    rings = rng.standard_normal(160).astype(np.float32)
    at = np.clip(radius * 160.0 + 0.4 * smooth_noise(rng, n, n, n / 3), 0, 158)
    low = at.astype(np.int32)
    ring = rings[low] * (1 - (at - low)) + rings[low + 1] * (at - low)
    grain = octaves(rng, n, n, 0.012 / grid.px, 2)
    wave = octaves(rng, n, n, 0.25 / grid.px, 3)
    marks = 0.00045 * ring + 0.00008 * grain + 0.0022 * wave
    return np.asarray(marks, np.float32)


def _light(grid: Grid, radius: Field, rng: np.random.Generator) -> Field:
    """Dark bore, and the fan-shaped highlights of a turned face."""
    n = grid.size
    lx, ly = LIGHT
    axis = np.arctan2(ly, lx) - grid.angle + rng.normal(0.0, 0.06)
    fan = np.cos(grid.azimuth - np.float32(axis)) ** 2
    face = smoothstep(_SINK - 0.01, _SINK + 0.01, radius) * smoothstep(0.68, 0.64, radius)
    speckle = 1.0 + 0.03 * octaves(rng, n, n, 0.008 / grid.px, 2)
    bore = 0.55 + 0.45 * smoothstep(_BORE - 0.01, _SINK + 0.01, radius)
    gain = 1.15 + 0.95 * face * fan * fan + 0.25 * (1.0 - face)
    return np.asarray(gain * speckle * bore, np.float32)


def _on_face(rng: np.random.Generator) -> Points:
    return polar(rng.uniform(0.48, 0.62), rng.uniform(0.0, 2 * np.pi))


def _scratch(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    defects.scratch(surface, grid, severity, rng, _on_face(rng), bare=_BARE)


def _stain(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    defects.stain(surface, grid, severity, rng, _on_face(rng), tint=_RUST)


def _dent(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    defects.dent(surface, grid, severity, rng, _on_face(rng))


def _crack(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    azimuth = rng.uniform(0.0, 2 * np.pi)
    heading = azimuth + rng.normal(0.0, 0.25)
    defects.crack(surface, grid, severity, rng, polar(_BORE + 0.02, azimuth), heading)


def _chip(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    azimuth = (int(rng.integers(0, 6)) + rng.normal(0.0, 0.22)) * np.pi / 3
    rim = _APOTHEM / np.cos(azimuth % (np.pi / 3) - np.pi / 6)
    defects.chip(surface, grid, severity, rng, polar(min(rim, 0.79), azimuth), broken=_BROKEN)


def _blocked_hole(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    """Swarf and grease left in the bore; all of it when severe."""
    filled = 0.30 * (0.45 + 0.75 * severity)
    centre = polar(max(0.0, 0.36 - filled), rng.uniform(0.0, 2 * np.pi))
    plug = blot(grid, rng, centre, filled, 0.18) * smoothstep(0.40, 0.36, grid.radius)
    n = grid.size
    defects.paint(surface, plug, _GRIME, metal=0.1, gloss=0.7)
    surface.coverage[:] = np.maximum(surface.coverage, plug)
    surface.height += plug * 0.02 * octaves(rng, n, n, 0.05 / grid.px, 4)
    surface.light[:] = np.maximum(surface.light, 0.8 * plug)


def _burr(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    """A ragged bright lip of metal about a stretch of the countersink."""
    middle = rng.uniform(0.0, 2 * np.pi)
    turn = np.angle(np.exp(1j * (grid.azimuth - middle))).astype(np.float32)
    stretch = smoothstep(1.0, 0.6, np.abs(turn) / np.float32(defects.mix(severity, 0.22, 0.75)))
    n = grid.size
    lip_at = 0.345 + 0.016 * octaves(rng, n, n, 0.035 / grid.px, 3)
    width = defects.mix(severity, 0.012, 0.040)
    lip = stretch * np.exp(-(((grid.radius - lip_at) / width) ** 2))
    lip = np.asarray(lip, np.float32)
    defects.paint(surface, lip, _BARE, metal=0.7, gloss=0.3)
    surface.coverage[:] = np.maximum(surface.coverage, smoothstep(0.3, 0.7, lip))
    surface.height += 0.02 * lip
    surface.light[:] = np.maximum(surface.light, lip)


def _deformed(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    """A corner hammered in: its edge pressed flat and towards the middle."""
    azimuth = int(rng.integers(0, 6)) * np.pi / 3
    near = spot(grid, polar(0.80, azimuth), 0.24)
    along = grid.u * np.float32(np.cos(azimuth)) + grid.v * np.float32(np.sin(azimuth))
    cut = 0.806 - defects.mix(severity, 0.025, 0.10)
    ragged = 0.006 * octaves(rng, grid.size, grid.size, 0.08 / grid.px, 3)
    beyond = along + ragged - np.float32(cut)
    edge = 2 * grid.px
    surface.coverage *= 1.0 - smoothstep(-edge, edge, beyond) * (near < 1.0)
    bulge = np.exp(-(((along - cut) / 0.05) ** 2)) * np.exp(-2.0 * near * near)
    surface.height += np.asarray(0.03 * (0.5 + severity) * bulge, np.float32)


METAL_NUT = Category(
    name="metal_nut",
    build=build,
    defects={
        "blocked_hole": _blocked_hole,
        "burr": _burr,
        "chip": _chip,
        "crack": _crack,
        "deformed": _deformed,
        "dent": _dent,
        "scratch": _scratch,
        "stain": _stain,
    },
    belt=BeltStyle(colour=(62.0, 66.0, 58.0), contrast=0.10, pitch=5.0, dirt=0.10),
    reach=0.82,
)
