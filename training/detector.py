"""What detectors that look at places have in common: a map of distances, and its peak."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from training.feature_grid import FeatureGrid, mean3
from training.graph import Graph
from training.level import SHARE, Level, quiet_places
from training.methods import Role

_BATCH = 8


class MapDetector(nn.Module, ABC):
    """See ``methods.Detector``; the score is the highest place of the map.

    The map is the 3×3 mean of what ``distances`` gives, weighted by place, without what the
    whole picture has in excess (``training/level.py``), divided by the unit.
    """

    roles: tuple[Role, ...] = ("anomaly_score", "anomaly_map")
    weights: Tensor | None = None
    """float32 (h, w); None: all places count the same."""
    level = Level()

    def __init__(self, features: FeatureGrid, unit: float = 1.0) -> None:
        super().__init__()
        self.features = features
        self.unit = unit

    @abstractmethod
    def distances(self, features: Tensor) -> Tensor:
        """float32 (n, h, w, c) → float32 (n, h, w), 0 or more, high where it is unlike good."""

    @abstractmethod
    def emit_distances(self, graph: Graph, features: str) -> str:
        """The same: from (N, h, w, c) to (N, 1, h, w)."""

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
        maps = mean3(self.distances(features)[:, None])[:, 0]
        if self.weights is not None:
            maps = maps * self.weights
        return self.level.apply_to(maps) / self.unit

    def emit(self, graph: Graph, image: str) -> tuple[str, ...]:
        """As ``Network.emit``."""
        h, w = self.features.grid
        distances = self.emit_distances(graph, self.features.emit(graph, image))
        heat = graph.average_pool(distances, 3)
        if self.weights is not None:
            heat = graph.multiply(heat, graph.constant(self.weights.numpy()))
        heat = graph.scale(self._emit_levelled(graph, heat), 1.0 / self.unit)
        return graph.reduce_max(heat, [1, 2, 3]), graph.reshape(heat, (-1, h, w))

    def _emit_levelled(self, graph: Graph, heat: str) -> str:
        """As ``Level.apply_to``, on (N, 1, h, w)."""
        if self.level.most == 0.0:
            return heat
        h, w = self.features.grid
        quietest = graph.smallest(graph.reshape(heat, (-1, h * w)), quiet_places(h * w))
        above = graph.add_constant(graph.reduce_max(quietest, [1]), -self.level.usual)
        excess = graph.scale(graph.clip(above, 0.0, self.level.most), SHARE)
        # nothing is clipped here: what is no number has to stay one that the station refuses
        return graph.subtract(heat, graph.reshape(excess, (-1, 1, 1, 1)))
