"""Greedy choice of few vectors that leave none of the others far away (k-center)."""

from __future__ import annotations

import math

import torch
from torch import Tensor

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
    points = _projected(vectors, generator)
    norms = points.square().sum(1)
    chosen = torch.empty(count, dtype=torch.int64)
    current = int(torch.randint(n, (1,), generator=generator))
    nearest = torch.full((n,), math.inf)
    for i in range(count):
        chosen[i] = current
        distances = norms + norms[current] - 2.0 * (points @ points[current])
        torch.minimum(nearest, distances, out=nearest)
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
