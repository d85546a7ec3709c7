"""Defective examples to learn from: made-up ones on good parts, and real ones."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inspector.core.frame import Image
from training.feature_grid import FastFeatures
from training.foreground import foreground
from training.material import Indices, Material
from training.methods import Defects, Report
from training.synthetic import TRAINED, Mask, damage

_FEWEST = 300
"""Made-up examples where there are few parts."""
_REAL = -1


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Features of defective parts, and what is known of them.

    Attributes:
        features: float16 (k, h, w, c).
        share: float32 (k, h, w), of each place that lies on the defect.
        owners: int64 (k,), the part that each was made of; -1 for real ones.
        foreground: float32 (n, h, w), of each good part, the share of a place.
    """

    features: Tensor
    share: Tensor
    owners: Indices
    foreground: Tensor

    @classmethod
    def of(cls, material: Material, *, seed: int, report: Report) -> Examples:
        stills = material.views[:, 0]
        parts = foreground(stills)
        rng = np.random.default_rng(seed)
        rounds = max(1, -(-_FEWEST // (len(stills) * len(TRAINED))))
        todo = [(i, kind) for i in range(len(stills)) for kind in TRAINED] * rounds
        fast, grid = FastFeatures(material.grid), material.grid.grid
        features, masks = [], []
        for done, (i, kind) in enumerate(todo):
            example = damage(stills[i], parts[i], kind, rng)
            features.append(fast(example.image[None]))
            masks.append(_on_grid(example.mask, grid))
            report("examples", (done + 1) / len(todo))
        owners = [i for i, _ in todo]
        for image, mask in _outlined(material.defects):
            features.append(fast(image[None]))
            masks.append(_on_grid(mask, grid))
            owners.append(_REAL)
        shown = torch.stack([_on_grid(mask, grid) for mask in parts])
        return cls(torch.cat(features), torch.stack(masks), np.array(owners), shown)

    def of_parts(self, chosen: Indices) -> tuple[Indices, Indices]:
        """Numbers of the examples made of those parts, and of the real ones."""
        made = np.flatnonzero(np.isin(self.owners, chosen))
        return made, np.flatnonzero(self.owners == _REAL)


def _outlined(defects: Defects | None) -> Iterator[tuple[Image, Mask]]:
    """Without an outline nobody knows which places of a picture are bad."""
    if defects is None:
        return
    for image, mask in zip(defects.images, defects.masks, strict=True):
        if mask.any():
            yield image, mask


def _on_grid(mask: Mask, grid: tuple[int, int]) -> Tensor:
    """float32 (h, w), the share of each place that is True."""
    small: NDArray[np.float32] = cv2.resize(  # type: ignore[assignment]
        mask.astype(np.float32), (grid[1], grid[0]), interpolation=cv2.INTER_AREA
    )
    return torch.from_numpy(small)
