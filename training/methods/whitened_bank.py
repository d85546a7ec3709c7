"""Whitened bank: a memory bank in which rare directions count as well as common ones.

Plain distances are ruled by the few directions in which good parts vary most, which is
where defects show least. Here every direction is divided by the root of its deviation:
halfway to equal deviations, where directions of mere noise would rule.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch import Tensor

from training.feature_grid import FeatureGrid
from training.graph import Graph
from training.holding_out import Record, Train, fit_by
from training.material import Indices, Material
from training.methods import Fitted, Parts, Report, memory_bank
from training.methods.gaussian import principal
from training.methods.memory_bank import MemoryBank

_POWER = 0.5
"""0 is the plain bank, 1 makes all deviations equal."""
_FLOOR = 0.02
"""Added to every variance, as a share of the mean one."""
# once whitened, no direction can be left out
_OPTIONS = memory_bank.Options(dimensions=None)


class WhitenedBank(MemoryBank):
    """A bank of features times ``whitening``, float32 (c, c)."""

    whitening: Tensor

    def __init__(self, features: FeatureGrid, bank: Tensor, whitening: Tensor) -> None:
        super().__init__(features, bank)
        self.register_buffer("whitening", whitening)

    def distances(self, features: Tensor) -> Tensor:
        """As ``MapDetector.distances``."""
        return super().distances(features @ self.whitening)

    def emit_distances(self, graph: Graph, features: str) -> str:
        """As ``MapDetector.emit_distances``."""
        return super().emit_distances(graph, graph.matmul(features, self.whitening.numpy()))


def fit(parts: Parts, *, seed: int, report: Report) -> Fitted:
    """A bank of all parts, and the scores of each part by a bank of the others."""
    return fit_by(train, Material.of(parts, report), record(), seed=seed, report=report)


@torch.inference_mode()
def train(material: Material, chosen: Indices, *, seed: int) -> WhitenedBank:
    """As ``holding_out.Train``."""
    known = material.features[chosen, : _OPTIONS.bank_views]
    variances, directions = principal(known.flatten(0, 1))
    floored = (variances + _FLOOR * variances.mean()).clamp_min(1e-12)
    whitening = (directions * floored.pow(-_POWER / 2)).float().contiguous()
    white = (known.float() @ whitening).half()
    bank = memory_bank.train(
        replace(material, features=white), np.arange(len(chosen)), seed=seed, options=_OPTIONS
    ).bank
    return WhitenedBank(material.grid, bank, whitening)


def trainer(material: Material, *, seed: int, report: Report) -> Train:
    """As ``holding_out.Method.trainer``."""
    return train


def record() -> Record:
    return memory_bank.record(_OPTIONS) | {"whitening": _POWER}
