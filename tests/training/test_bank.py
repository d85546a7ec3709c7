"""Distances from good patches, none from an image's own."""

from __future__ import annotations

import torch

from training.bank import Bank


def _features(n: int) -> torch.Tensor:
    return torch.randn(n, 8, 4, 5, generator=torch.Generator().manual_seed(0))


def test_distances_are_those_to_the_nearest_patch() -> None:
    features = _features(3)
    bank = Bank.of(features, torch.arange(3), patches=30, candidates=60, seed=0)
    assert bank.patches.shape == (30, 8)
    vectors = features.permute(0, 2, 3, 1).reshape(-1, 8)
    expected = torch.cdist(vectors, bank.patches).amin(1).reshape(3, 4, 5)
    torch.testing.assert_close(bank.distances(features), expected, atol=2e-3, rtol=0)


def test_an_image_is_not_measured_by_its_own_patches() -> None:
    features = _features(3)
    bank = Bank.of(features, torch.tensor([7, 8, 9]), patches=60, candidates=60, seed=0)
    assert bank.distances(features[:1]).max() < 1e-2
    own = bank.patches[bank.owners != 7]
    vectors = features[:1].permute(0, 2, 3, 1).reshape(-1, 8)
    expected = torch.cdist(vectors, own).amin(1).reshape(1, 4, 5)
    torch.testing.assert_close(bank.distances(features[:1], owner=7), expected)
