"""Features of all pictures that methods learn from, worked out once and shared by them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.feature_grid import STAGES, FastFeatures, FeatureGrid
from training.level import ground_weights
from training.methods import Defects, Parts, Report, Views, no_probes

Indices = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What ``train`` of a method is given; ``chosen`` parts of it.

    Attributes:
        grid: the network that gave the features.
        views: uint8 (n, v, H, W, 3) BGR.
        features: float16 (n, v, h, w, c) of them.
        weights: float32 (h, w), how much each place counts (``level.ground_weights``); None: all
            the same.
        probes: float16 (m, p, h, w, c), to be scored only; ``probe_parts`` as in ``Probes``.
        defects: real ones, if any.
    """

    grid: FeatureGrid
    views: Views
    features: Tensor
    weights: Tensor | None
    probes: Tensor
    probe_parts: Indices
    defects: Defects | None = None

    @classmethod
    def of(cls, parts: Parts, report: Report, stages: tuple[int, ...] = STAGES) -> Material:
        """Works out the features: the longest step for large sets."""
        size = (parts.views.shape[2], parts.views.shape[3])
        grid = FeatureGrid(stages, size, monochrome=parts.monochrome, backbone=parts.backbone)
        fast = FastFeatures(grid)
        probes = parts.probes or no_probes(parts.views)
        found = [torch.empty((0, parts.views.shape[1], *fast.shape), dtype=torch.float16)] * 2
        total, done = len(parts.views) + len(probes.images), 0
        for k, images in enumerate((parts.views, probes.images)):
            features = torch.empty((*images.shape[:2], *fast.shape), dtype=torch.float16)
            for i, views in enumerate(images):
                features[i] = fast(views)
                done += 1
                report("features", done / total)
            found[k] = features
        weights = ground_weights(parts.views[:, 0], grid.grid) if parts.centred else None
        return cls(grid, parts.views, found[0], weights, found[1], probes.parts, parts.defects)
