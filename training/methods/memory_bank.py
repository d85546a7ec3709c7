"""Memory bank: how far a patch's features are from the nearest good ones (PatchCore).

Frozen features of two stages, averaged over 3×3 neighbours, a greedy coreset of them as
the bank, nearest neighbour by one matrix product; no training of weights.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from training.backbones import EfficientNetLite0
from training.calibrate import FOLDS, folds
from training.coreset import greedy_coreset
from training.graph import Graph
from training.methods import Fitted, Probes, Report, Role, Views, no_probes

_BATCH = 8


@dataclass(frozen=True, slots=True)
class Options:
    """Settings; the defaults are those first measured, none was chosen on test images.

    Attributes:
        stages: blocks of the backbone, finest first; the first sets the map's grid.
        patches: size of the bank, and with it the cost of the search.
        candidates: patches that the coreset is chosen from, drawn at random beyond that.
        bank_views: views of each part that enter the bank: 1 is the still alone.
    """

    stages: tuple[int, ...] = (4, 10)
    patches: int = 4000
    candidates: int = 40_000
    bank_views: int = 2


class FeatureGrid(nn.Module):
    """Features of all stages on the grid of the first one, each a mean of 3×3."""

    def __init__(self, stages: tuple[int, ...], size: tuple[int, int], *, monochrome: bool) -> None:
        super().__init__()
        self.backbone = EfficientNetLite0(stages, monochrome=monochrome)
        self.size = size
        with torch.inference_mode():
            probe = self.backbone(torch.zeros(1, *size, 3, dtype=torch.uint8))
        self.grid = (probe[0].shape[2], probe[0].shape[3])
        self.channels = sum(self.backbone.channels)

    def forward(self, images: Tensor) -> Tensor:
        """uint8 (n, H, W, 3) → float32 (n, h, w, c)."""
        pooled = [_mean3(x) for x in self.backbone(images)]
        aligned = [pooled[0], *(self._on_grid(x) for x in pooled[1:])]
        return torch.cat(aligned, 1).permute(0, 2, 3, 1)

    def _on_grid(self, x: Tensor) -> Tensor:
        return functional.interpolate(x, size=self.grid, mode="bilinear", align_corners=False)

    def emit(self, graph: Graph, image: str) -> str:
        """float32 (N, h, w, c)."""
        aligned = []
        for x, size in self.backbone.emit(graph, image, self.size):
            pooled = graph.average_pool(x, 3)
            aligned.append(
                pooled if size == self.grid else graph.resize_bilinear(pooled, self.grid)
            )
        return graph.transpose(graph.concat(aligned, 1), (0, 2, 3, 1))


class MemoryBank(nn.Module):
    """The features, the bank (float32 (k, c)) and the unit of the score."""

    roles: tuple[Role, ...] = ("anomaly_score", "anomaly_map")
    bank: Tensor

    def __init__(self, features: FeatureGrid, bank: Tensor, unit: float = 1.0) -> None:
        super().__init__()
        self.features = features
        self.register_buffer("bank", bank)
        self.unit = unit

    def set_unit(self, unit: float) -> None:
        self.unit *= unit

    @torch.inference_mode()
    def predict(self, images: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """As ``Network.predict``."""
        maps = self._maps(self.features(torch.from_numpy(images)))
        return maps.amax((1, 2)).numpy(), maps.numpy()

    @torch.inference_mode()
    def maps_of(self, features: Tensor) -> NDArray[np.float32]:
        """float (n, h, w, c), of half precision too → float32 (n, h, w)."""
        maps = [self._maps(x.float()) for x in torch.split(features, _BATCH)]
        return torch.cat(maps).numpy()

    def _maps(self, features: Tensor) -> Tensor:
        n, h, w, c = features.shape
        patches = features.reshape(-1, c)
        weight, bias = _search(self.bank)
        nearest = patches.square().sum(1) - torch.addmm(bias, patches, weight).amax(1)
        distances = nearest.clamp_min(0.0).sqrt().reshape(n, 1, h, w)
        return _mean3(distances)[:, 0] / self.unit

    def emit(self, graph: Graph, image: str) -> tuple[str, str]:
        """As ``Network.emit``; |x−b|² = |x|² − (2x·b − |b|²), one product for all patches."""
        h, w = self.features.grid
        features = self.features.emit(graph, image)
        patches = graph.reshape(features, (-1, self.features.channels))
        weight, bias = _search(self.bank)
        closeness = graph.reduce_max(graph.gemm(patches, weight.numpy(), bias.numpy()), [1])
        norms = graph.reduce_sum(graph.multiply(patches, patches), [1])
        distances = graph.sqrt(graph.at_least(graph.subtract(norms, closeness), 0.0))
        grid = graph.reshape(distances, (-1, 1, h, w))
        heat = graph.scale(graph.average_pool(grid, 3), 1.0 / self.unit)
        return graph.reduce_max(heat, [1, 2, 3]), graph.reshape(heat, (-1, h, w))


def fit(
    views: Views,
    *,
    probes: Probes,
    monochrome: bool,
    seed: int,
    report: Report,
    options: Options | None = None,
) -> Fitted:
    """A bank of all parts, and the scores of each part by a bank of the others.

    Args:
        views: uint8 (n, v, H, W, 3) BGR.
        probes: scored by the bank of the others too.
        monochrome: look at brightness only.
    """
    options = options or Options()
    grid = FeatureGrid(options.stages, (views.shape[2], views.shape[3]), monochrome=monochrome)
    features = _all_features(grid, views, report)
    maps, probed = _held_out(grid, features, probes, options, seed, report)
    detector = MemoryBank(grid, _bank(features, options, seed))
    report("holding out", 1.0)
    record = asdict(options) | {"stages": ",".join(str(s) for s in options.stages)}
    return Fitted(detector, _highest(maps), record, maps, probed)


def score_held_out(views: Views, *, seed: int, options: Options) -> NDArray[np.float64]:
    """float64 (n, v): each part's views by a bank of the other parts' (in folds)."""
    grid = FeatureGrid(options.stages, (views.shape[2], views.shape[3]), monochrome=False)
    features = _all_features(grid, views, _quiet)
    maps, _ = _held_out(grid, features, no_probes(views), options, seed, _quiet)
    return _highest(maps)


def _quiet(what: str, share: float) -> None:
    """For work that is a part of a larger step."""


def _held_out(
    grid: FeatureGrid,
    features: Tensor,
    probes: Probes,
    options: Options,
    seed: int,
    report: Report,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Maps (n, v, h, w) of all views, and scores (m, p) of the probes."""
    maps = np.empty(features.shape[:4], np.float32)
    probed = np.empty(probes.images.shape[:2])
    parts = folds(len(features), FOLDS, seed)
    for k, held in enumerate(parts):
        report("holding out", k / (len(parts) + 1))
        others = np.setdiff1d(np.arange(len(features)), held)
        detector = MemoryBank(grid, _bank(features[others], options, seed))
        found = detector.maps_of(features[held].flatten(0, 1))
        maps[held] = found.reshape(maps[held].shape)
        for i in np.flatnonzero(np.isin(probes.parts, held)):
            # a few at a time: their features are not worth the memory
            probed[i] = detector.predict(probes.images[i])[0]
    report("holding out", len(parts) / (len(parts) + 1))
    return maps, probed


def _highest(maps: NDArray[np.float32]) -> NDArray[np.float64]:
    return np.asarray(maps.max(axis=(2, 3)), np.float64)


@torch.inference_mode()
def _all_features(grid: FeatureGrid, views: Views, report: Report) -> Tensor:
    """float16 (n, v, h, w, c): half the memory, and far finer than features differ."""
    n, v = views.shape[:2]
    features = torch.empty((n, v, *grid.grid, grid.channels), dtype=torch.float16)
    for i in range(n):
        features[i] = grid(torch.from_numpy(views[i]))
        report("features", (i + 1) / n)
    return features


def _bank(features: Tensor, options: Options, seed: int) -> Tensor:
    """float32 (k, c) from (n, v, h, w, c)."""
    generator = torch.Generator().manual_seed(seed)
    patches = features[:, : options.bank_views].reshape(-1, features.shape[-1])
    drawn = torch.randperm(len(patches), generator=generator)[: options.candidates]
    candidates = patches[drawn].float()
    return candidates[greedy_coreset(candidates, options.patches, generator)]


def _search(bank: Tensor) -> tuple[Tensor, Tensor]:
    """(c, k) and (k,) such that x @ weight + bias is greatest for the nearest b."""
    return (2.0 * bank).T.contiguous(), -bank.square().sum(1)


def _mean3(x: Tensor) -> Tensor:
    """Mean of 3×3 with zeros beyond the border, on (n, c, h, w).

    The zeros are meant: at the border a patch shows half of its surroundings, and held-out
    good parts had most of their highest distances there. So it counts for less.
    """
    return functional.avg_pool2d(x, 3, stride=1, padding=1)
