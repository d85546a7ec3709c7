"""Made-up defects on pictures of good parts: some to learn from, others to choose by.

What a method is trained on (``TRAINED``: CutPaste, Li et al., CVPR 2021; Perlin-masked
texture, DRAEM, Zavrtanik et al., ICCV 2021) says little about what it will find, so what
methods are compared on (``PROBES``) looks different: scratches, stains, smears, bends and
holes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from training.perlin import perlin

Mask = NDArray[np.bool_]
Rng = np.random.Generator
_LEAST_CHANGE = 6.0
"""Mean grey levels below which nobody could see a defect; it is drawn again."""
_ATTEMPTS = 8
_LARGE_HOLES = 0.25


@dataclass(frozen=True, slots=True, eq=False)
class Damaged:
    """A picture with a defect: uint8 (H, W, 3) BGR, and bool (H, W) where it is."""

    image: Image
    mask: Mask


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where a defect goes: its centre (px), its size (root of its area, px)."""

    x: int
    y: int
    size: float


Maker = Callable[[Image, Place, Rng], Damaged]


def damage(image: Image, foreground: Mask, kind: str, rng: Rng) -> Damaged:
    """A copy of ``image`` with one visible defect of a kind, centred on the foreground."""
    maker = TRAINED.get(kind) or PROBES[kind]
    for _ in range(_ATTEMPTS):
        found = maker(image, _place(foreground, rng), rng)
        changed = cv2.absdiff(found.image, image).max(axis=2)
        mask = found.mask & (changed > 0)
        if mask.any() and float(changed[mask].mean()) >= _LEAST_CHANGE:
            return Damaged(found.image, mask)
    return _stain(image, _place(foreground, rng), rng)


def _place(foreground: Mask, rng: Rng) -> Place:
    """Areas from 0.08 to 1.5 % of the picture, small ones more often."""
    inside = np.flatnonzero(foreground)
    y, x = divmod(int(inside[rng.integers(len(inside))]), foreground.shape[1])
    share = np.exp(rng.uniform(np.log(0.0008), np.log(0.015)))
    return Place(x, y, float(np.sqrt(share * foreground.size)))


def _ellipse(shape: tuple[int, ...], place: Place, rng: Rng, stretch: float = 3.0) -> Mask:
    """Of the place's area, turned, up to ``stretch`` times as long as wide."""
    aspect = np.sqrt(rng.uniform(1.0, stretch))
    radius = place.size / np.sqrt(np.pi)
    axes = (max(round(radius * aspect), 1), max(round(radius / aspect), 1))
    canvas = np.zeros(shape[:2], np.uint8)
    cv2.ellipse(canvas, (place.x, place.y), axes, rng.uniform(0, 180), 0, 360, 1, -1)
    return canvas > 0


def _blended(image: Image, other: NDArray[np.float32], weight: NDArray[np.float32]) -> Image:
    mixed = image + (other - image) * weight[..., None]
    return np.clip(np.rint(mixed), 0, 255).astype(np.uint8)


def _soft(mask: Mask, sigma: float) -> NDArray[np.float32]:
    blurred = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), max(sigma, 0.3))
    return np.asarray(blurred, np.float32)


def _patch(image: Image, place: Place, rng: Rng) -> Damaged:
    """CutPaste: a turned patch of the picture itself, its brightness changed a little."""
    h, w = image.shape[:2]
    aspect = np.exp(rng.uniform(np.log(0.25), np.log(4.0)))
    sides = (max(place.size * aspect**0.5, 4.0), max(place.size * aspect**-0.5, 4.0))
    box = np.zeros((h, w), np.uint8)
    corners = cv2.boxPoints(((place.x, place.y), sides, rng.uniform(0, 90)))
    cv2.fillConvexPoly(box, corners.astype(np.int32), 1)
    source = (float(rng.uniform(0, w)), float(rng.uniform(0, h)))
    turn = cv2.getRotationMatrix2D(source, rng.uniform(0, 360), 1.0)
    turn[:, 2] += np.array([place.x - source[0], place.y - source[1]])
    moved = cv2.warpAffine(image, turn, (w, h), borderMode=cv2.BORDER_REFLECT_101)
    lit = moved.astype(np.float32) * rng.uniform(0.85, 1.15)
    return Damaged(_blended(image, lit, _soft(box > 0, 0.3)), box > 0)


def _texture(image: Image, place: Place, rng: Rng) -> Damaged:
    """DRAEM: another texture, through a hole of Perlin noise, more or less see-through."""
    h, w = image.shape[:2]
    noise = perlin((h, w), int(2 ** rng.integers(2, 6)), rng)
    near = _ellipse(image.shape, Place(place.x, place.y, 2.0 * place.size), rng)
    mask = near & (noise > np.quantile(noise[near], 0.5))
    source = np.roll(image, (int(rng.integers(h)), int(rng.integers(w))), (0, 1))
    source = source[:, :, rng.permutation(3)] if rng.random() < 0.5 else source
    grain = perlin((h, w), int(2 ** rng.integers(3, 7)), rng)[..., None]
    other = source * rng.uniform(0.4, 1.6) + rng.uniform(-60, 60, 3) + grain * rng.uniform(0, 120)
    opacity = np.float32(rng.uniform(0.3, 1.0))
    return Damaged(_blended(image, other.astype(np.float32), _soft(mask, 0.5) * opacity), mask)


def _scratch(image: Image, place: Place, rng: Rng) -> Damaged:
    """A thin line that wanders, lighter or darker than what it crosses."""
    side = min(image.shape[:2])
    steps, heading = int(rng.integers(4, 10)), rng.uniform(0, 2 * np.pi)
    length = side * rng.uniform(0.05, 0.3) / steps
    headings = heading + np.cumsum(rng.normal(0, 0.25, steps))
    points = np.cumsum(length * np.stack([np.cos(headings), np.sin(headings)], 1), 0)
    points = points + np.array([place.x, place.y]) - points.mean(0)
    canvas = np.zeros(image.shape[:2], np.uint8)
    width = max(round(side * rng.uniform(0.004, 0.012)), 1)
    cv2.polylines(
        canvas, [np.rint(points).astype(np.int32)], isClosed=False, color=1, thickness=width
    )
    level = image.astype(np.float32) + rng.choice([-1, 1]) * rng.uniform(25, 90)
    return Damaged(_blended(image, level, _soft(canvas > 0, 0.5)), canvas > 0)


def _stain(image: Image, place: Place, rng: Rng) -> Damaged:
    """A soft-edged change of colour."""
    mask = _ellipse(image.shape, place, rng)
    shift = rng.uniform(-1, 1, 3) * 20 + rng.choice([-1, 1]) * rng.uniform(15, 70)
    other = image.astype(np.float32) + shift.astype(np.float32)
    return Damaged(_blended(image, other, _soft(mask, place.size / 8)), mask)


def _smear(image: Image, place: Place, rng: Rng) -> Damaged:
    """Structure wiped away within an outline."""
    mask = _ellipse(image.shape, place, rng)
    blurred = cv2.GaussianBlur(image, (0, 0), max(place.size / rng.uniform(2, 4), 1.5))
    return Damaged(_blended(image, blurred.astype(np.float32), _soft(mask, 0.8)), mask)


def _bend(image: Image, place: Place, rng: Rng) -> Damaged:
    """What is there is pushed aside, smoothly."""
    h, w = image.shape[:2]
    y, x = np.mgrid[0:h, 0:w].astype(np.float32)
    reach = 1.2 * place.size
    fall = np.exp(-((x - place.x) ** 2 + (y - place.y) ** 2) / (2 * reach**2))
    angle = rng.uniform(0, 2 * np.pi)
    far = reach * rng.uniform(0.5, 1.0)
    map_x, map_y = x + far * fall * np.cos(angle), y + far * fall * np.sin(angle)
    moved = cv2.remap(
        image,
        map_x.astype(np.float32),
        map_y.astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return Damaged(np.asarray(moved, np.uint8), fall > 0.3)


def _hole(image: Image, place: Place, rng: Rng) -> Damaged:
    """A piece missing, now and then a large one: one colour out of the picture, a sharp edge."""
    if rng.random() < _LARGE_HOLES:
        place = Place(place.x, place.y, 4.0 * place.size)
    mask = _ellipse(image.shape, place, rng, stretch=2.0)
    noise = perlin(image.shape[:2], 16, rng)
    mask &= noise > np.quantile(noise[mask], 0.2)
    colour = image[int(rng.integers(image.shape[0])), int(rng.integers(image.shape[1]))]
    grain = rng.normal(0, 3, image.shape)
    other = (colour + grain).astype(np.float32)
    return Damaged(_blended(image, other, _soft(mask, 0.5)), mask)


TRAINED: Mapping[str, Maker] = {"patch": _patch, "texture": _texture}
PROBES: Mapping[str, Maker] = {
    "scratch": _scratch,
    "stain": _stain,
    "smear": _smear,
    "bend": _bend,
    "hole": _hole,
}
