"""Augmentation: what may move, and that masks move along."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inspector.errors import ConfigError
from training.augment import FIXED, LOOSE, POLICIES, Policy, augment, find_policy

STILL = Policy(degrees=0.0, zoom=0.0, shift=0.0, light=0.0, brightness=0.0)


def _pictures(n: int = 40) -> np.ndarray:
    """uint8 (n, 32, 48, 4): a bright spot off centre, and the mask of it."""
    pictures = np.full((n, 32, 48, 4), 90, np.uint8)
    pictures[..., 3] = 0
    pictures[:, 6:10, 30:38] = (200, 210, 220, 255)
    return pictures


def _rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_nothing_allowed_changes_nothing() -> None:
    pictures = _pictures()
    np.testing.assert_array_equal(augment(pictures, STILL, _rng()), pictures)


@pytest.mark.parametrize(
    ("change", "flip"),
    [
        ({"mirror_x": True}, lambda p: p[:, ::-1]),
        ({"mirror_y": True}, lambda p: p[::-1]),
        ({"half_turn": True}, lambda p: p[::-1, ::-1]),
    ],
)
def test_mirrors_are_exact_and_meet_about_half(change: dict[str, bool], flip: object) -> None:
    pictures = _pictures()
    moved = augment(pictures, replace(STILL, **change), _rng())
    flipped = flip(pictures[0])  # type: ignore[operator]
    same = [np.abs(p.astype(int) - pictures[0]).max() <= 1 for p in moved]
    other = [np.abs(p.astype(int) - flipped).max() <= 1 for p in moved]
    assert all(a != b for a, b in zip(same, other, strict=True))
    assert 8 < sum(same) < 32


@pytest.mark.parametrize("name", sorted(POLICIES))
def test_the_mask_moves_with_its_picture_and_is_not_lit(name: str) -> None:
    moved = augment(_pictures(), POLICIES[name], _rng()).astype(int)
    inside, outside = moved[..., 3] > 250, moved[..., 3] < 5
    assert inside.any()
    for picture, bright, dark in zip(moved, inside, outside, strict=True):
        if bright.any():
            assert picture[bright][:, 1].min() > picture[dark][:, 1].max()


def test_what_comes_in_from_outside_repeats_the_border() -> None:
    white = np.full((20, 32, 32, 3), 255, np.uint8)
    assert augment(white, replace(LOOSE, light=0.0, brightness=0.0), _rng()).min() == 255


def test_the_generator_alone_decides() -> None:
    pictures = _pictures()
    first, second = (augment(pictures, LOOSE, _rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert (augment(pictures, LOOSE, _rng(6)) != first).any()


def test_policy_by_category_and_by_name() -> None:
    assert find_policy("auto", "screw") == LOOSE
    assert find_policy("auto", "transistor") == FIXED
    assert find_policy("auto", "something new") == FIXED
    assert find_policy("loose", "transistor") == LOOSE
    with pytest.raises(ConfigError, match="choose auto, fixed"):
        find_policy("wild", "screw")
