"""Pictures as other parts might have given them: turned, mirrored, zoomed, lit differently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from kornia.geometry.transform import get_affine_matrix2d, warp_affine
from numpy.typing import NDArray
from torch import Tensor

from inspector.core.frame import Image
from inspector.errors import ConfigError

ANY_ANGLE = 180.0
_BATCH = 32


@dataclass(frozen=True, slots=True)
class Policy:
    """What may differ between two parts of a category without being a defect.

    ``half_turn`` is for parts that may lie either way up, but not at other angles.
    ``degrees``, ``zoom`` (share), ``shift`` (share of a side), ``light`` (share, of
    contrast) and ``brightness`` (grey levels) are drawn evenly between minus and plus.
    """

    degrees: float = 3.0
    mirror_x: bool = False
    mirror_y: bool = False
    half_turn: bool = False
    zoom: float = 0.03
    shift: float = 0.02
    light: float = 0.1
    brightness: float = 8.0


FIXED = Policy()
"""Parts that always lie the same way."""
LOOSE = Policy(degrees=ANY_ANGLE)
"""At any angle, but a mirror image would be another part (threads, coded cables)."""
FREE = Policy(degrees=ANY_ANGLE, mirror_x=True, mirror_y=True)
"""At any angle, either side up."""
ORIGINAL = Policy(
    degrees=30.0, mirror_x=True, mirror_y=True, zoom=0.2, shift=0.0, light=0.0, brightness=0.0
)
"""Of the first project: rotate, flip and zoom, whatever the part."""

POLICIES = {"fixed": FIXED, "loose": LOOSE, "free": FREE, "original": ORIGINAL}

_BY_CATEGORY = {
    "screw": LOOSE,
    "cable": LOOSE,
    "metal_nut": LOOSE,
    "bottle": FREE,
    "hazelnut": FREE,
    "cookie": FREE,
    "carpet": FREE,
    "leather": FREE,
    "tile": FREE,
}


def find_policy(name: str, category: str) -> Policy:
    """By name; ``auto`` is the category's own, ``fixed`` for one that is not known.

    Raises ConfigError for an unknown name.
    """
    if name == "auto":
        return _BY_CATEGORY.get(category, FIXED)
    if name not in POLICIES:
        raise ConfigError(f"no augmentation {name!r}: choose auto, {', '.join(POLICIES)}")
    return POLICIES[name]


def augment(images: Image, policy: Policy, rng: np.random.Generator) -> Image:
    """One picture for each, the same for the same ``rng``.

    Args:
        images: uint8 (n, H, W, 3) BGR, or with a mask as fourth channel, which is moved
            with the picture but not lit.

    Returns:
        uint8 of the same shape.
    """
    changed = np.empty_like(images)
    for at, batch in _batches(images):
        x = torch.from_numpy(batch).permute(0, 3, 1, 2).float()
        height, width = batch.shape[1:3]
        matrix = _matrices(len(batch), height, width, policy, rng)
        # what comes in from outside repeats the border: black corners would mark copies
        x = warp_affine(x, matrix, (height, width), padding_mode="border")
        x[:, :3] = _lit(x[:, :3], policy, rng)
        x = x.round().clamp(0, 255)
        changed[at : at + len(batch)] = x.byte().permute(0, 2, 3, 1).numpy()
    return changed


def _batches(images: Image) -> Iterator[tuple[int, Image]]:
    for at in range(0, len(images), _BATCH):
        yield at, images[at : at + _BATCH]


def _matrices(n: int, height: int, width: int, policy: Policy, rng: np.random.Generator) -> Tensor:
    """float32 (n, 2, 3), from input to output pixels."""
    centre = torch.tensor([(width - 1) / 2, (height - 1) / 2]).expand(n, 2)
    shift = rng.uniform(-policy.shift, policy.shift, (n, 2)) * (width, height)
    zoom = 1.0 + rng.uniform(-policy.zoom, policy.zoom, (n, 1)) * np.ones((1, 2))
    signs = 1.0 - 2.0 * rng.integers(0, 2, (n, 2)) * (policy.mirror_x, policy.mirror_y)
    angle = rng.uniform(-policy.degrees, policy.degrees, n)
    angle += 180.0 * policy.half_turn * rng.integers(0, 2, n)
    moved = get_affine_matrix2d(_float(shift), centre, _float(zoom), _float(angle))
    mirrored: Tensor = moved[:, :2] @ _mirrors(signs, height, width)
    return mirrored


def _mirrors(signs: NDArray[np.floating[Any]], h: int, w: int) -> Tensor:
    """float32 (n, 3, 3): x and y mirrored about the centre where the sign is negative."""
    matrices = np.zeros((len(signs), 3, 3))
    matrices[:, 0, 0], matrices[:, 1, 1], matrices[:, 2, 2] = signs[:, 0], signs[:, 1], 1.0
    matrices[:, :2, 2] = (1.0 - signs) / 2 * (w - 1, h - 1)
    return _float(matrices)


def _lit(x: Tensor, policy: Policy, rng: np.random.Generator) -> Tensor:
    n = len(x)
    gain = _float(1.0 + rng.uniform(-policy.light, policy.light, (n, 1, 1, 1)))
    offset = _float(rng.uniform(-policy.brightness, policy.brightness, (n, 1, 1, 1)))
    return x * gain + offset


def _float(values: NDArray[np.floating[Any]]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(values)).float()
