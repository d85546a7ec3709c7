"""A lacquered and printed crown cap, seen from above."""

from __future__ import annotations

import cv2
import numpy as np

from inspector.sources.simulator import defects
from inspector.sources.simulator.parts.category import BeltStyle, Category
from inspector.sources.simulator.strokes import blot, polar, spot
from inspector.sources.simulator.surface import Grid, Points, Surface
from inspector.sources.simulator.texture import (
    Field,
    octaves,
    smooth_noise,
    smoothstep,
    white_noise,
)

_FLUTES = 21
_RIM = 0.775
_SHOULDER = 0.585  # where the flat top begins to fall
_LACQUER = (0.055, 0.045, 0.47)
_INK = (0.62, 0.74, 0.80)
_TIN = (0.72, 0.74, 0.75)
_RUST = (0.035, 0.085, 0.19)
_SOOT = (0.03, 0.035, 0.04)
_LETTERS = "  BRAUHAUS  *  SEIT 1897  *"


def build(grid: Grid, rng: np.random.Generator) -> Surface:
    """A good cap: domed top with a printed emblem, fluted skirt."""
    n = grid.size
    radius = grid.radius
    edge = 1.5 * grid.px
    coverage = smoothstep(edge, -edge, radius - _outline(grid))
    tone = rng.uniform(0.94, 1.06) * (1.0 + 0.02 * octaves(rng, n, n, n / 4, 3))
    surface = Surface(
        coverage=coverage,
        height=_profile(grid, radius) + _peel(grid, rng),
        colour=np.asarray(tone, np.float32)[:, :, None] * np.array(_LACQUER, np.float32),
        metal=np.zeros((n, n), np.float32),
        gloss=np.full((n, n), 0.72, np.float32),
        light=_light(grid, radius, rng),
        depth=np.ones((n, n), np.float32),
    )
    shift = polar(abs(rng.normal(0.0, 0.004)), rng.uniform(0.0, 2 * np.pi))
    _print(surface, _emblem(grid, shift), ink=rng.uniform(0.95, 1.03))
    return surface


def _outline(grid: Grid) -> Field:
    """Radius of the edge at each azimuth: rounded flutes."""
    wave = np.cos(np.float32(_FLUTES) * grid.azimuth)
    return np.asarray(_RIM + 0.026 * wave - 0.006 * wave * wave, np.float32)


def _profile(grid: Grid, radius: Field) -> Field:
    """Height of the clean shape."""
    dome = -0.10 * radius * radius
    bead = 0.012 * np.exp(-(((radius - 0.555) / 0.022) ** 2))
    fall = np.maximum(0.0, radius - _SHOULDER)
    skirt = -3.2 * fall * fall
    flutes = 0.042 * np.cos(np.float32(_FLUTES) * grid.azimuth)
    shape = dome + bead + skirt + flutes * smoothstep(_SHOULDER, 0.76, radius)
    return np.asarray(shape, np.float32)


def _peel(grid: Grid, rng: np.random.Generator) -> Field:
    """Orange peel of the lacquer and the sheet's own waviness."""
    n = grid.size
    fine = octaves(rng, n, n, 0.03 / grid.px, 3)
    return np.asarray(0.00035 * fine + 0.0020 * smooth_noise(rng, n, n, 0.4 / grid.px), np.float32)


def _light(grid: Grid, radius: Field, rng: np.random.Generator) -> Field:
    """Less light down the skirt and between the flutes."""
    n = grid.size
    down = smoothstep(_SHOULDER, 0.80, radius)
    valley = 0.5 - 0.5 * np.cos(np.float32(_FLUTES) * grid.azimuth)
    shade = 1.0 - down * (0.22 + 0.38 * valley)
    return np.asarray(shade * (1.0 + 0.015 * white_noise(rng, n, n)), np.float32)


def _emblem(grid: Grid, shift: Points) -> Field:
    """The printed mask 0..1: star, double ring and letters, offset by ``shift``."""
    u = np.asarray(grid.u - np.float32(shift[0, 0]), np.float32)
    v = np.asarray(grid.v - np.float32(shift[0, 1]), np.float32)
    radius = np.asarray(cv2.magnitude(u, v), np.float32)
    azimuth = np.asarray(cv2.phase(u, v), np.float32)
    soft = 2.0 * grid.px
    rings = _band(radius, 0.305, 0.318, soft) + _band(radius, 0.505, 0.522, soft)
    return np.asarray(
        np.clip(_star(radius, azimuth, soft) + rings + _lettering(radius, azimuth), 0.0, 1.0),
        np.float32,
    )


def _band(radius: Field, inner: float, outer: float, soft: float) -> Field:
    return np.asarray(
        smoothstep(inner - soft, inner, radius) * smoothstep(outer + soft, outer, radius),
        np.float32,
    )


def _star(radius: Field, azimuth: Field, soft: float) -> Field:
    """Five points, one of them up."""
    sector = 2 * np.pi / 5
    turn = np.mod(azimuth + np.float32(np.pi / 2 + sector / 2), np.float32(sector)) - sector / 2
    x = radius * np.cos(turn)
    y = np.abs(radius * np.sin(turn))
    # the edge of a point runs from its tip (0.25, 0) to the notch at half the sector
    notch = np.array([0.105 * np.cos(sector / 2), 0.105 * np.sin(sector / 2)])
    across = np.array([notch[1], 0.25 - notch[0]])
    across /= np.linalg.norm(across)
    distance = (x - 0.25) * across[0] + y * across[1]
    return smoothstep(soft / 2, -soft / 2, np.asarray(distance, np.float32))


def _lettering(radius: Field, azimuth: Field) -> Field:
    """Text bent into the ring between the two lines."""
    strip = np.zeros((64, 1600), np.uint8)
    step = strip.shape[1] / len(_LETTERS)
    for k, letter in enumerate(_LETTERS):
        at = (round(k * step) + 8, 52)
        cv2.putText(strip, letter, at, cv2.FONT_HERSHEY_DUPLEX, 1.75, 255, 5, cv2.LINE_AA)
    x = np.mod(azimuth + np.float32(np.pi), np.float32(2 * np.pi)) * (strip.shape[1] / (2 * np.pi))
    y = (0.475 - radius) * (64.0 / 0.125)
    drawn = cv2.remap(strip, np.asarray(x, np.float32), np.asarray(y, np.float32), cv2.INTER_LINEAR)
    return np.asarray(np.asarray(drawn, np.float32) / 255.0, np.float32)


def _print(surface: Surface, mask: Field, ink: float) -> None:
    defects.paint(surface, 0.94 * mask, _scaled(ink), metal=0.0, gloss=0.55)


def _scaled(ink: float) -> defects.Tint:
    b, g, r = _INK
    return (b * ink, g * ink, r * ink)


def _on_top(rng: np.random.Generator) -> Points:
    return polar(rng.uniform(0.05, 0.48), rng.uniform(0.0, 2 * np.pi))


def _scratch(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    defects.scratch(surface, grid, severity, rng, _on_top(rng), bare=_TIN)


def _stain(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    defects.stain(surface, grid, severity, rng, _on_top(rng), tint=_SOOT)


def _dent(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    defects.dent(surface, grid, 0.35 + 0.85 * severity, rng, _on_top(rng))


def _flaked(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    """Lacquer gone from the shoulder: tin, with rust at its rim."""
    centre = polar(rng.uniform(0.50, 0.66), rng.uniform(0.0, 2 * np.pi))
    size = defects.mix(severity, 0.045, 0.13)
    flake = blot(grid, rng, centre, size, 0.45) * surface.coverage
    rust = np.asarray(4.0 * flake * (1.0 - flake), np.float32)
    defects.paint(surface, flake, _TIN, metal=0.8, gloss=0.3)
    defects.paint(surface, 0.8 * rust, _RUST, metal=0.0, gloss=0.1)
    surface.height -= 0.004 * flake


def _missing_print(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    """Ink that did not take: part of the emblem is bare lacquer."""
    centre = polar(rng.uniform(0.18, 0.42), rng.uniform(0.0, 2 * np.pi))
    gap = blot(grid, rng, centre, defects.mix(severity, 0.07, 0.24), 0.35)
    lost = np.asarray(gap * smoothstep(0.10, 0.45, surface.colour[:, :, 0]), np.float32)
    defects.paint(surface, lost, _LACQUER, metal=0.0, gloss=0.72)


def _misprint(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    """A second, displaced impression of the print."""
    shift = polar(defects.mix(severity, 0.008, 0.055), rng.uniform(0.0, 2 * np.pi))
    _print(surface, defects.mix(severity, 0.55, 0.9) * _emblem(grid, shift), ink=0.95)


def _bent_edge(surface: Surface, grid: Grid, severity: float, rng: np.random.Generator) -> None:
    """A stretch of the skirt pressed flat and inwards."""
    azimuth = rng.uniform(0.0, 2 * np.pi)
    near = spot(grid, polar(0.76, azimuth), defects.mix(severity, 0.15, 0.30))
    along = grid.u * np.float32(np.cos(azimuth)) + grid.v * np.float32(np.sin(azimuth))
    cut = _RIM - defects.mix(severity, 0.02, 0.09)
    edge = 2 * grid.px
    pressed = smoothstep(1.0, 0.7, near)
    surface.coverage *= 1.0 - smoothstep(-edge, edge, along - np.float32(cut)) * pressed
    fold = np.exp(-(((along - cut + 0.05) / 0.035) ** 2)) * pressed
    surface.height += np.asarray(defects.mix(severity, 0.02, 0.05) * fold, np.float32)
    surface.light += pressed * (0.9 - surface.light) * np.float32(0.5)


BOTTLE_CAP = Category(
    name="bottle_cap",
    build=build,
    defects={
        "bent_edge": _bent_edge,
        "dent": _dent,
        "flaked_paint": _flaked,
        "misprint": _misprint,
        "missing_print": _missing_print,
        "scratch": _scratch,
        "stain": _stain,
    },
    belt=BeltStyle(colour=(150.0, 143.0, 128.0), contrast=0.035, pitch=7.0, dirt=0.05),
    reach=0.80,
)
