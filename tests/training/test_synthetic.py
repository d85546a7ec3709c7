"""Made-up defects: visible, small, on the part, the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support.parts_folder import disc
from training.foreground import foreground
from training.perlin import perlin
from training.synthetic import PROBES, TRAINED, damage


@pytest.mark.parametrize("kind", [*TRAINED, *PROBES])
def test_a_defect_is_visible_small_and_repeatable(kind: str) -> None:
    image = disc(1, size=128)
    [shown] = foreground(image[None])
    before = image.copy()
    for seed in range(6):
        found = damage(image, shown, kind, np.random.default_rng(seed))
        again = damage(image, shown, kind, np.random.default_rng(seed))
        assert (found.image == again.image).all()
        assert (image == before).all()
        change = np.abs(found.image.astype(int) - image).max(axis=2)
        assert change[found.mask].all()
        assert 0 < found.mask.mean() < 0.3
        assert change[found.mask].mean() >= 6.0
        assert change[~found.mask].mean() < 0.1 * change[found.mask].mean()
        assert (found.mask & shown).any()


def test_kinds_to_choose_by_are_not_those_learnt_from() -> None:
    assert not set(TRAINED) & set(PROBES)


def test_a_part_is_told_from_its_ground() -> None:
    images = np.stack([disc(i) for i in range(3)])
    shown = foreground(images)
    assert shown[:, 48, 25:30].all()
    assert not shown[:, :8].any()


def test_a_texture_has_no_ground() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    assert foreground(noise).all()


@pytest.mark.parametrize("cells", [2, 8])
def test_noise_is_smooth_and_has_blots_of_one_size(cells: int) -> None:
    noise = perlin((64, 96), cells, np.random.default_rng(0))
    assert noise.shape == (64, 96)
    assert np.abs(noise).max() <= 1.01
    assert noise.std() > 0.1
    # 0 at every corner of the lattice
    np.testing.assert_allclose(noise[:: 64 // cells, :: 96 // cells], 0.0, atol=1e-6)
