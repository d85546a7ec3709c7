"""Memory bank: how far a patch's features are from the nearest good ones (PatchCore).

Frozen features of two stages, averaged over 3×3 neighbours, a greedy coreset of them as
the bank, nearest neighbour by one matrix product; no training of weights.

The product is the dearest step of the whole network. So neighbours are told apart in the
few principal directions in which good patches differ; what a patch has beyond these counts
by its distance from the mean, where good patches hardly have any (docs/decisions/0019).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from training.calibrate import FOLDS
from training.coreset import greedy_coreset
from training.detector import MapDetector
from training.feature_grid import STAGES, FeatureGrid
from training.graph import Graph
from training.holding_out import Record, Train, fit_by, held_out, highest
from training.material import Indices, Material
from training.methods import Fitted, Parts, Report, Views
from training.methods.gaussian import principal


@dataclass(frozen=True, slots=True)
class Options:
    """Settings; the defaults are those first measured, none was chosen on test images.

    Attributes:
        stages: blocks of the backbone, finest first; the first sets the map's grid.
        patches: size of the bank, and with it the cost of the search.
        candidates: patches that the coreset is chosen from, drawn at random beyond that.
        bank_views: views of each part that enter the bank: 1 is the still alone, 5 all.
        dimensions: principal directions that the search takes place in; None for all.
    """

    stages: tuple[int, ...] = STAGES
    patches: int = 2000
    candidates: int = 40_000
    bank_views: int = 2
    dimensions: int | None = 64


_DEFAULTS = Options()


@dataclass(frozen=True, slots=True, eq=False)
class Subspace:
    """float32 (c,) ``mean`` and (c, d) ``directions``, orthonormal columns."""

    mean: Tensor
    directions: Tensor

    @classmethod
    def of(cls, patches: Tensor, dimensions: int) -> Subspace:
        """The principal one of float32 (n, c)."""
        _, directions = principal(patches[None, None])
        return cls(patches.mean(0), directions[:, -dimensions:].flip(1).float().contiguous())


class MemoryBank(MapDetector):
    """Its bank is float32 (k, c), or turned into the subspace (k, d), where there is one."""

    bank: Tensor

    def __init__(
        self,
        features: FeatureGrid,
        bank: Tensor,
        *,
        subspace: Subspace | None = None,
        unit: float = 1.0,
    ) -> None:
        """``bank`` is float32 (k, c) of plain patches."""
        super().__init__(features, unit)
        self._subspace = subspace
        if subspace is not None:
            bank = (bank - subspace.mean) @ subspace.directions
        self.register_buffer("bank", bank)

    def distances(self, features: Tensor) -> Tensor:
        """As ``MapDetector.distances``."""
        n, h, w, c = features.shape
        patches = turned = features.reshape(-1, c)
        if self._subspace is not None:
            patches = patches - self._subspace.mean
            turned = patches @ self._subspace.directions
        weight, bias = _search(self.bank)
        nearest = patches.square().sum(1) - torch.addmm(bias, turned, weight).amax(1)
        return nearest.clamp_min(0.0).sqrt().reshape(n, h, w)

    def emit_distances(self, graph: Graph, features: str) -> str:
        """|x−b|² = |x|² − (2x·b − |b|²), one product for all patches.

        In a subspace, turned(x)−b and what of x lies beyond, squared and added, are the same
        but for 2·turned(x)·b in the place of 2x·b.
        """
        patches = turned = graph.reshape(features, (-1, self.features.channels))
        if self._subspace is not None:
            patches = graph.add_constant(patches, -self._subspace.mean.numpy())
            turned = graph.matmul(patches, self._subspace.directions.numpy())
        weight, bias = _search(self.bank)
        closeness = graph.reduce_max(graph.gemm(turned, weight.numpy(), bias.numpy()), [1])
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
    candidates = drawn_patches(
        material.features[:, : options.bank_views], chosen, options.candidates, generator
    )
    bank = candidates[greedy_coreset(candidates, options.patches, generator)]
    subspace = None
    if options.dimensions is not None and options.dimensions < channels:
        subspace = Subspace.of(candidates, options.dimensions)
    return MemoryBank(material.grid, bank, subspace=subspace)


def drawn_patches(
    features: Tensor, chosen: Indices, count: int, generator: torch.Generator
) -> Tensor:
    """float32 (k, c), at most ``count`` of the patches of some parts, without repetition.

    Taken one by one: a copy of all that may be drawn from would be a gigabyte for some
    hundred parts.

    Args:
        features: float (n, v, h, w, c).
    """
    _, v, h, w, _ = features.shape
    drawn = torch.randperm(len(chosen) * v * h * w, generator=generator)[:count]
    part, place = torch.from_numpy(chosen)[drawn // (v * h * w)], drawn % (h * w)
    return features[part, drawn // (h * w) % v, place // w, place % w].float()


def trainer(material: Material, *, seed: int, report: Report) -> Train:
    """As ``holding_out.Method.trainer``."""
    return train


def record(options: Options = _DEFAULTS) -> Record:
    known = {name: value for name, value in asdict(options).items() if value is not None}
    return known | {"stages": ",".join(str(s) for s in options.stages)}


def score_held_out(views: Views, *, seed: int, options: Options) -> NDArray[np.float64]:
    """float64 (n, v): each part's views by a bank of the other parts' (in folds).

    Views may show defects: their maps are taken as they are.
    """
    material = Material.of(Parts(views), _quiet, options.stages)
    bank = partial(train, options=options)
    held = held_out(bank, material, seed=seed, report=_quiet, count=FOLDS, levelled=False)
    return highest(held.maps)


def _quiet(what: str, share: float) -> None:
    """For work that is a part of a larger step."""


def _search(bank: Tensor) -> tuple[Tensor, Tensor]:
    """(c, k) and (k,) such that x @ weight + bias is greatest for the nearest b."""
    return (2.0 * bank).T.contiguous(), -bank.square().sum(1)
