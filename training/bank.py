"""A bank of good patches whose owners are known, so that no image is measured by itself."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from training.coreset import greedy_coreset
from training.graph import Graph


@dataclass(frozen=True, slots=True, eq=False)
class Bank:
    """float32 (k, c) patches, and int64 (k,) the image that each was taken from."""

    patches: Tensor
    owners: Tensor

    @classmethod
    def of(
        cls, features: Tensor, owners: Tensor, *, patches: int, candidates: int, seed: int
    ) -> Bank:
        """A coreset of the patches of float (n, c, h, w), of images ``owners`` (n,)."""
        n, _, h, w = features.shape
        generator = torch.Generator().manual_seed(seed)
        drawn = torch.randperm(n * h * w, generator=generator)[:candidates]
        image, place = drawn // (h * w), drawn % (h * w)
        found = features.flatten(2)[image, :, place].float()
        chosen = greedy_coreset(found, patches, generator)
        return cls(found[chosen], owners[image[chosen]])

    @torch.inference_mode()
    def distances(self, features: Tensor, owner: int | None = None) -> Tensor:
        """float (n, c, h, w) → float32 (n, h, w), to the nearest patch of another owner."""
        n, c, h, w = features.shape
        vectors = features.float().permute(0, 2, 3, 1).reshape(-1, c)
        others = self.patches if owner is None else self.patches[self.owners != owner]
        weight, bias = _search(others)
        nearest = vectors.square().sum(1) - torch.addmm(bias, vectors, weight).amax(1)
        return nearest.clamp_min(0.0).sqrt().reshape(n, h, w)

    def emit(self, graph: Graph, features: str, size: tuple[int, int]) -> str:
        """From (N, c, h, w) to the distances (N, 1, h, w)."""
        vectors = graph.reshape(
            graph.transpose(features, (0, 2, 3, 1)), (-1, self.patches.shape[1])
        )
        weight, bias = _search(self.patches)
        closeness = graph.reduce_max(graph.gemm(vectors, weight.numpy(), bias.numpy()), [1])
        norms = graph.reduce_sum(graph.multiply(vectors, vectors), [1])
        distances = graph.sqrt(graph.at_least(graph.subtract(norms, closeness), 0.0))
        return graph.reshape(distances, (-1, 1, *size))


def _search(patches: Tensor) -> tuple[Tensor, Tensor]:
    """(c, k) and (k,) such that x @ weight + bias is greatest for the nearest patch."""
    return (2.0 * patches).T.contiguous(), -patches.square().sum(1)
