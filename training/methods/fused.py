"""Fused: memory bank and Gaussian together, each in its own unit, their maps averaged."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from training.detector import MapDetector
from training.graph import Graph
from training.holding_out import Record, Train, fit_by
from training.material import Indices, Material
from training.methods import Fitted, Parts, Report, gaussian, memory_bank

_EVERY = 4
"""One part in so many is held out to find the units."""
_QUICK = memory_bank.Options(patches=1000, candidates=10_000)


class Fused(MapDetector):
    """Distances of ``members`` are divided by ``units`` and averaged."""

    def __init__(self, members: Sequence[MapDetector], units: Sequence[float]) -> None:
        super().__init__(members[0].features)
        # not as submodules: they share one backbone
        self._members, self._units = tuple(members), tuple(units)

    def distances(self, features: Tensor) -> Tensor:
        """As ``MapDetector.distances``."""
        pairs = zip(self._members, self._units, strict=True)
        return torch.stack([m.distances(features) / u for m, u in pairs]).mean(0)

    def emit_distances(self, graph: Graph, features: str) -> str:
        """As ``MapDetector.emit_distances``."""
        count = len(self._members)
        scaled = [
            graph.scale(member.emit_distances(graph, features), 1.0 / (unit * count))
            for member, unit in zip(self._members, self._units, strict=True)
        ]
        total = scaled[0]
        for other in scaled[1:]:
            total = graph.add(total, other)
        return total


def fit(parts: Parts, *, seed: int, report: Report) -> Fitted:
    """Both of all parts, and the scores of each part by those of the others."""
    return fit_by(train, Material.of(parts, report), record(), seed=seed, report=report)


def train(material: Material, chosen: Indices, *, seed: int) -> Fused:
    """As ``holding_out.Train``."""
    members = (
        memory_bank.train(material, chosen, seed=seed),
        gaussian.train(material, chosen, seed=seed),
    )
    units = [unit_of(quick, material, chosen, seed) for quick in (quick_bank, gaussian.train)]
    return Fused(members, units)


def quick_bank(material: Material, chosen: Indices, *, seed: int) -> memory_bank.MemoryBank:
    """A small one, to find the unit of a large one."""
    return memory_bank.train(material, chosen, seed=seed, options=_QUICK)


def unit_of(quick: Train, material: Material, chosen: Indices, seed: int) -> float:
    """The usual score of good parts that such a detector has not seen.

    1 for fewer than four parts, which have none to spare.
    """
    if len(chosen) < _EVERY:
        return 1.0
    order = np.random.default_rng(seed).permutation(chosen)
    held = order[::_EVERY]
    detector = quick(material, np.setdiff1d(chosen, held), seed=seed)
    unit = float(np.median(detector.maps_of(material.features[held, 0]).max(axis=(1, 2))))
    # parts that do not differ at all would divide by nothing
    return max(unit, 1e-3)


def trainer(material: Material, *, seed: int, report: Report) -> Train:
    """As ``holding_out.Method.trainer``."""
    return train


def record() -> Record:
    banks = {f"bank_{k}": v for k, v in memory_bank.record().items()}
    return banks | {f"gaussian_{k}": v for k, v in gaussian.record().items()}
