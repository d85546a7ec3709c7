"""The greedy choice covers what it is given."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from training.coreset import greedy_coreset


def _generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def _radius(vectors: torch.Tensor, chosen: torch.Tensor) -> float:
    """Largest distance of a vector from the nearest chosen one."""
    return float(torch.cdist(vectors, vectors[chosen]).amin(1).max())


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 60), st.integers(1, 80), st.integers(1, 100), st.integers(0, 5))
def test_distinct_and_as_many_as_asked(n: int, count: int, d: int, seed: int) -> None:
    vectors = torch.randn(n, d, generator=_generator(seed))
    chosen = greedy_coreset(vectors, count, _generator(seed)).tolist()
    assert len(chosen) == len(set(chosen)) == min(n, count)
    assert all(0 <= i < n for i in chosen)


def test_equal_vectors_are_not_taken_twice() -> None:
    assert sorted(greedy_coreset(torch.ones(10, 4), 9, _generator()).tolist())[-1] < 10
    assert len(set(greedy_coreset(torch.ones(10, 4), 9, _generator()).tolist())) == 9


def test_one_of_each_cluster() -> None:
    centres = torch.eye(8) * 100
    vectors = (centres[:, None] + torch.randn(8, 50, 8, generator=_generator(1))).flatten(0, 1)
    chosen = greedy_coreset(vectors, 8, _generator())
    assert sorted((chosen // 50).tolist()) == list(range(8))


@pytest.mark.parametrize("d", [8, 152])
def test_covers_better_than_chance(d: int) -> None:
    # most in a dense middle, a few far out: what is drawn at random leaves those alone
    reach = torch.where(torch.arange(2000) % 40 == 39, 20.0, 1.0)[:, None]
    vectors = torch.randn(2000, d, generator=_generator(1)) * reach
    chosen = greedy_coreset(vectors, 100, _generator())
    assert _radius(vectors, chosen) < 0.5 * _radius(vectors, torch.arange(100))


def test_radius_shrinks_and_repeats() -> None:
    vectors = torch.randn(500, 16, generator=_generator(1))
    few, many = (greedy_coreset(vectors, k, _generator(2)) for k in (20, 100))
    assert torch.equal(many[:20], few)
    assert _radius(vectors, many) < _radius(vectors, few)
    assert not torch.equal(greedy_coreset(vectors, 20, _generator(3)), few)
