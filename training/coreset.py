"""Greedy choice of few vectors that leave none of the others far away (k-center)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from training.torch_threads import torch_threads

PROJECTED = 64
"""Dimensions kept by the random projection: distances hold to about 1/sqrt(64)."""


def greedy_coreset(vectors: Tensor, count: int, generator: torch.Generator) -> Tensor:
    """Farthest-first traversal on a random projection, from a random first vector.

    Args:
        vectors: float32 (n, d).
        count: how many to choose; all are chosen where there are no more than that.
        generator: decides the projection and the first vector.

    Returns:
        int64 (min(count, n),), distinct, in the order of choice.
    """
    n = len(vectors)
    if count >= n:
        return torch.arange(n)
    first = int(torch.randint(n, (1,), generator=generator))
    # thousands of short steps: waiting for a second thread costs more than it computes,
    # and twenty times as much where the cores are busy (measured)
    with torch_threads(1):
        return _farthest_first(_projected(vectors, generator), count, first)


def _farthest_first(points: Tensor, count: int, first: int) -> Tensor:
    norms = points.square().sum(1)
    chosen = torch.empty(count, dtype=torch.int64)
    nearest = torch.full((len(points),), math.inf)
    current = first
    for i in range(count):
        chosen[i] = current
        distances = torch.addmv(norms, points, points[current], alpha=-2.0)
        torch.minimum(nearest, distances.add_(norms[current]), out=nearest)
        # equal vectors must not be taken twice, and rounding leaves no exact zero
        nearest[current] = -math.inf
        current = int(nearest.argmax())
    return chosen


def _projected(vectors: Tensor, generator: torch.Generator) -> Tensor:
    d = vectors.shape[1]
    if d <= PROJECTED:
        return vectors
    matrix = torch.randn(d, PROJECTED, generator=generator) / math.sqrt(PROJECTED)
    return vectors @ matrix
