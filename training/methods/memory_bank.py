"""Memory bank: how far a patch's features are from the nearest good ones (PatchCore).

Frozen features of two stages, averaged over 3×3 neighbours, a greedy coreset of them as
the bank, nearest neighbour by one matrix product; no training of weights.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.coreset import greedy_coreset
from training.detector import MapDetector
from training.feature_grid import STAGES, FeatureGrid
from training.graph import Graph
from training.holding_out import Record, Train, fit_by, held_out, highest
from training.material import Indices, Material
from training.methods import Fitted, Parts, Report, Views


@dataclass(frozen=True, slots=True)
class Options:
    """Settings; the defaults are those first measured, none was chosen on test images.

    Attributes:
        stages: blocks of the backbone, finest first; the first sets the map's grid.
        patches: size of the bank, and with it the cost of the search.
        candidates: patches that the coreset is chosen from, drawn at random beyond that.
        bank_views: views of each part that enter the bank: 1 is the still alone.
    """

    stages: tuple[int, ...] = STAGES
    patches: int = 2000
    candidates: int = 40_000
    bank_views: int = 2


_DEFAULTS = Options()


class MemoryBank(MapDetector):
    """Its bank is float32 (k, c)."""

    bank: Tensor

    def __init__(self, features: FeatureGrid, bank: Tensor, unit: float = 1.0) -> None:
        super().__init__(features, unit)
        self.register_buffer("bank", bank)

    def distances(self, features: Tensor) -> Tensor:
        """As ``MapDetector.distances``."""
        n, h, w, c = features.shape
        patches = features.reshape(-1, c)
        weight, bias = _search(self.bank)
        nearest = patches.square().sum(1) - torch.addmm(bias, patches, weight).amax(1)
        return nearest.clamp_min(0.0).sqrt().reshape(n, h, w)

    def emit_distances(self, graph: Graph, features: str) -> str:
        """|x−b|² = |x|² − (2x·b − |b|²), one product for all patches."""
        patches = graph.reshape(features, (-1, self.features.channels))
        weight, bias = _search(self.bank)
        closeness = graph.reduce_max(graph.gemm(patches, weight.numpy(), bias.numpy()), [1])
        norms = graph.reduce_sum(graph.multiply(patches, patches), [1])
        distances = graph.sqrt(graph.at_least(graph.subtract(norms, closeness), 0.0))
        return graph.reshape(distances, (-1, 1, *self.features.grid))


def fit(parts: Parts, *, seed: int, report: Report, options: Options = _DEFAULTS) -> Fitted:
    """A bank of all parts, and the scores of each part by a bank of the others."""
    material = Material.of(parts, report, options.stages)
    return fit_by(
        partial(train, options=options), material, record(options), seed=seed, report=report
    )


def train(
    material: Material, chosen: Indices, *, seed: int, options: Options = _DEFAULTS
) -> MemoryBank:
    """As ``holding_out.Train``."""
    generator = torch.Generator().manual_seed(seed)
    channels = material.grid.channels
    patches = material.features[chosen][:, : options.bank_views].reshape(-1, channels)
    drawn = torch.randperm(len(patches), generator=generator)[: options.candidates]
    candidates = patches[drawn].float()
    bank = candidates[greedy_coreset(candidates, options.patches, generator)]
    return MemoryBank(material.grid, bank)


def trainer(material: Material, *, seed: int, report: Report) -> Train:
    """As ``holding_out.Method.trainer``."""
    return train


def record(options: Options = _DEFAULTS) -> Record:
    return asdict(options) | {"stages": ",".join(str(s) for s in options.stages)}


def score_held_out(views: Views, *, seed: int, options: Options) -> NDArray[np.float64]:
    """float64 (n, v): each part's views by a bank of the other parts' (in folds)."""
    material = Material.of(Parts(views), _quiet, options.stages)
    maps, _ = held_out(partial(train, options=options), material, seed=seed, report=_quiet)
    return highest(maps)


def _quiet(what: str, share: float) -> None:
    """For work that is a part of a larger step."""


def _search(bank: Tensor) -> tuple[Tensor, Tensor]:
    """(c, k) and (k,) such that x @ weight + bias is greatest for the nearest b."""
    return (2.0 * bank).T.contiguous(), -bank.square().sum(1)
