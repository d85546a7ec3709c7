"""Frozen features are those of the torch network."""

from __future__ import annotations

import numpy as np
import torch

from training.backbones import EfficientNetLite0
from training.export import golden_images
from training.frozen import FrozenFeatures


def test_they_are_what_torch_computes() -> None:
    images = golden_images(64, 96, 0)
    frozen = FrozenFeatures((4, 10), (64, 96), monochrome=False)
    assert frozen.shapes == [(40, 8, 12), (112, 4, 6)]
    with torch.inference_mode():
        expected = EfficientNetLite0((4, 10))(torch.from_numpy(images))
    for found, exact in zip(frozen(images), expected, strict=True):
        assert found.dtype == torch.float16
        torch.testing.assert_close(found.float(), exact, rtol=2e-3, atol=2e-3)


def test_a_monochrome_one_ignores_colour() -> None:
    grey = np.random.default_rng(0).integers(50, 200, (1, 64, 64, 1), np.uint8).repeat(3, 3)
    # of the same brightness: 36 × 0.114 of blue for 7 × 0.587 of green
    tinted = grey + np.array([36, -7, 0]).astype(np.uint8)
    plain, coloured = (FrozenFeatures((4,), (64, 64), monochrome=m) for m in (True, False))
    assert (plain(grey)[0] - plain(tinted)[0]).abs().max() < 0.02
    assert (coloured(grey)[0] - coloured(tinted)[0]).abs().max() > 0.2
