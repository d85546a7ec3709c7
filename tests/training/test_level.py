"""A picture's own level is taken off its map, but no more of it than good parts have shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tests.support.parts_folder import disc
from training.export import export
from training.feature_grid import FeatureGrid
from training.level import GROUND, SHARE, Level, ground_weights
from training.methods.memory_bank import MemoryBank

LEVEL = Level(usual=2.0, most=0.5)


def _map(ground: float, peak: float) -> np.ndarray:
    """(1, 1, 10, 10), ``ground`` but for the one place."""
    found = np.full((1, 1, 10, 10), ground, np.float32)
    found[..., 3, 3] = peak
    return found


@pytest.mark.parametrize(
    ("lifted", "left"),
    [(-0.4, -0.4), (0.0, 0.0), (0.2, 0.1), (0.5, 0.25), (0.9, 0.65), (3.0, 2.75)],
)
def test_half_of_what_the_whole_picture_has_more_is_taken_off_up_to_the_most(
    lifted: float, left: float
) -> None:
    shown = LEVEL.apply(_map(2.0 + lifted, 5.0 + lifted))
    assert shown.max() == pytest.approx(5.0 + left, abs=1e-5)


def test_a_part_that_is_wrong_all_over_is_excused_as_far_as_a_good_one() -> None:
    assert LEVEL.apply(_map(9.0, 9.0)).max() == pytest.approx(8.75)


def test_a_defect_of_most_of_the_picture_does_not_excuse_itself() -> None:
    shown = _map(2.0, 5.0)
    shown[..., 2:, :] += 4.0
    assert LEVEL.apply(shown).max() == pytest.approx(9.0)


def test_it_is_learnt_from_stills_and_from_what_cameras_add() -> None:
    stills, camera = np.full((40, 1, 4, 4), 2.0), np.full((40, 1, 4, 4), 2.1)
    stills[:19], camera[5] = 1.9, 2.5
    # of 40 parts T1 may leave two out: the third highest counts
    camera[6], camera[7] = 2.4, 2.3
    level = Level.of(np.concatenate([stills, camera], axis=1).astype(np.float32))
    assert level.usual == pytest.approx(2.0)
    assert level.most == pytest.approx(0.3)


def test_one_spoilt_picture_among_many_excuses_nothing() -> None:
    rng = np.random.default_rng(0)
    maps = (2.0 + rng.uniform(0, 0.2, (100, 5, 1, 1)) * np.ones((1, 1, 4, 4))).astype(np.float32)
    sound = Level.of(maps)
    maps[7, 3] = 9.0
    assert Level.of(maps).most == pytest.approx(sound.most, abs=0.02)


def test_a_map_that_is_no_number_stays_none() -> None:
    maps = torch.full((1, 4, 4), 3.0)
    maps[0, 1, 1] = torch.nan
    assert LEVEL.apply_to(maps).isnan().any()


def test_pictures_that_do_not_differ_leave_nothing_to_take_off() -> None:
    level = Level.of(np.full((3, 2, 4, 4), 2.0, np.float32))
    assert level == Level(2.0, 0.0)


@given(
    arrays(np.float32, (3, 2, 4, 5), elements=st.floats(0, 100, width=32)),
    st.floats(0, 50),
    st.floats(0, 50),
)
def test_never_more_than_the_most_and_never_added(
    maps: np.ndarray, usual: float, most: float
) -> None:
    shown = Level(usual, most).apply(maps)
    assert shown.dtype == np.float32
    assert (shown <= maps).all()
    assert (shown >= maps - SHARE * most - 1e-4).all()
    same = Level(usual, most).apply_to(torch.from_numpy(maps.reshape(6, 4, 5))).numpy()
    np.testing.assert_allclose(same, shown.reshape(6, 4, 5), atol=1e-4)


def test_ground_that_no_part_covers_counts_less() -> None:
    weights = ground_weights(np.stack([disc(i) for i in range(4)]), (12, 12)).numpy()
    assert weights.shape == (12, 12)
    assert weights[6, 6] == 1.0
    assert weights[0, 0] == pytest.approx(GROUND)
    assert ((weights >= np.float32(GROUND)) & (weights <= 1.0)).all()


def test_a_texture_has_no_ground() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (3, 96, 96, 3), np.uint8)
    assert (ground_weights(noise, (12, 12)).numpy() == 1.0).all()


def test_the_graph_levels_and_weighs_as_torch_does() -> None:
    features = FeatureGrid((4, 10), (64, 96), monochrome=False)
    bank = torch.randn(40, features.channels, generator=torch.Generator().manual_seed(0))
    detector = MemoryBank(features, bank, unit=7.0)
    images = np.random.default_rng(1).integers(0, 255, (3, 64, 96, 3), np.uint8)
    _, plain = detector.predict(images)
    detector.weights = torch.linspace(0.5, 1.0, 8 * 12).reshape(8, 12)
    weighted = (7.0 * plain * detector.weights.numpy()).reshape(3, -1)
    levels = np.sort(weighted, axis=1)[:, 8]  # of 96 places the ninth
    # above the most, between, below the usual
    low, middle, high = np.sort(levels)
    detector.level = Level(float(low + middle) / 2, float(high - low) / 3)
    scores, maps = detector.predict(images)
    expected = detector.level.apply(weighted.reshape(3, 8, 12)) / 7.0
    np.testing.assert_allclose(maps, expected, rtol=1e-4)
    np.testing.assert_array_equal(scores, maps.max((1, 2)))
    assert export(detector, 64, 96, seed=0).difference < 1e-4
