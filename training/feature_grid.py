"""Features of a picture's places: all stages of a backbone on one grid."""

from __future__ import annotations

from functools import partial

import onnxruntime as ort
import torch
from torch import Tensor, nn
from torch.nn import functional

from inspector.core.frame import Image
from inspector.inference.providers import CPU
from inspector.inference.session import open_session
from training.backbones import open_backbone
from training.feature_cache import cached, network_key
from training.graph import Graph
from training.methods import LITE0

STAGES = (4, 10)
"""Blocks of EfficientNet-Lite0: strides 8 and 16."""
_IMAGE, _FEATURES = "image", "features"


class FeatureGrid(nn.Module):
    """Features of all stages on the grid of the first one, each a mean of 3×3.

    Args:
        stages: blocks of EfficientNet-Lite0, finest first; other backbones have their own.
        size: (h, w) of the pictures.
    """

    def __init__(
        self,
        stages: tuple[int, ...],
        size: tuple[int, int],
        *,
        monochrome: bool,
        backbone: str = LITE0,
    ) -> None:
        super().__init__()
        self.backbone = open_backbone(backbone, stages, monochrome=monochrome)
        self.size = size
        with torch.inference_mode():
            probe = self.backbone(torch.zeros(1, *size, 3, dtype=torch.uint8))
        self.grid = (probe[0].shape[2], probe[0].shape[3])
        self.channels = sum(x.shape[1] for x in probe)

    def forward(self, images: Tensor) -> Tensor:
        """uint8 (n, H, W, 3) → float32 (n, h, w, c)."""
        pooled = [mean3(x) for x in self.backbone(images)]
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


class FastFeatures:
    """The same, computed by ONNX Runtime: on processors about eight times as fast as torch."""

    def __init__(self, grid: FeatureGrid) -> None:
        graph = Graph("features")
        shape = (*grid.grid, grid.channels)
        features = grid.emit(graph, graph.image_input(_IMAGE, *grid.size))
        graph.output(features, _FEATURES, shape)
        model: bytes = graph.build().SerializeToString(deterministic=True)
        self.shape = shape
        self._key = network_key(model)
        self._session: ort.InferenceSession = open_session(
            model, provider=CPU, threads=None, where="features"
        )

    def __call__(self, images: Image) -> Tensor:
        """uint8 (n, H, W, 3) BGR → float16 (n, h, w, c).

        Half precision is half the memory, and far finer than two pictures of a part differ.
        """
        features = torch.empty((len(images), *self.shape), dtype=torch.float16)
        for i, image in enumerate(images):
            features[i] = cached(self._key, image, partial(self._of_one, image))
        return features

    def _of_one(self, image: Image) -> Tensor:
        """uint8 (H, W, 3) → float16 (h, w, c)."""
        [found] = self._session.run(None, {_IMAGE: image[None]})
        return torch.from_numpy(found[0]).half()


def mean3(x: Tensor) -> Tensor:
    """Mean of 3×3 with zeros beyond the border, on (n, c, h, w).

    The zeros are meant: at the border a patch shows half of its surroundings, and held-out
    good parts had most of their highest distances there. So it counts for less.
    """
    return functional.avg_pool2d(x, 3, stride=1, padding=1)
