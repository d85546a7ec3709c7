"""Pictures of good parts with a made-up defect of the size that such a part may have.

A defect's size and a scratch's width are shares of the picture they are made in
(``synthetic``), and the part may be a small thing in it: so each is made in a window of
twice the part's area. Kinds are those that no method is taught.
"""

from __future__ import annotations

import math

import numpy as np

from inspector.core.frame import Image
from training.foreground import foreground
from training.synthetic import PROBES, Mask, Rng, damage

KINDS = tuple(PROBES)


def with_defect(image: Image, rng: Rng) -> Image:
    """A copy of uint8 (H, W, 3) BGR with one defect, of any kind."""
    [shown] = foreground(image[None])
    return _damaged(image, shown, KINDS[int(rng.integers(len(KINDS)))], rng)


def with_defects(image: Image, rng: Rng) -> list[Image]:
    """A copy for each of ``KINDS``."""
    [shown] = foreground(image[None])
    return [_damaged(image, shown, kind, rng) for kind in KINDS]


def _damaged(image: Image, shown: Mask, kind: str, rng: Rng) -> Image:
    window = _window(shown, rng)
    result = image.copy()
    # what is cut out is no whole array in memory, and OpenCV draws only on those
    cut = np.ascontiguousarray(image[window])
    result[window] = damage(cut, shown[window], kind, rng).image
    return result


def _window(shown: Mask, rng: Rng) -> tuple[slice, slice]:
    """Around a place of the part, inside the picture."""
    h, w = shown.shape
    side = math.ceil(math.sqrt(2 * int(shown.sum())))
    y, x = divmod(int(rng.choice(np.flatnonzero(shown))), w)
    top, left = (max(min(v - side // 2, n - side), 0) for v, n in ((y, h), (x, w)))
    return slice(top, top + side), slice(left, left + side)
