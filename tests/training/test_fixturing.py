from __future__ import annotations

import cv2
import numpy as np
import pytest

from inspector.core.fixture import AxisSpec, NoFixture
from inspector.errors import InputError
from training.fixturing import choose_fixture, damage

RNG = np.random.default_rng(0)


def quiet(what: str, share: float) -> None:
    return None


def pin(angle: float, side: int = 160) -> np.ndarray:
    """A pin with a head on a plain ground, turned by ``angle`` degrees."""
    image = np.full((side, side, 3), 200, np.uint8)
    middle = (side // 2, side // 2)
    for length, width in ((0.35, 0.05), (0.1, 0.14)):
        box = np.array(
            [[-width, -0.35], [width, -0.35], [width, 0.7 * length], [-width, 0.7 * length]]
        )
        if length == 0.1:
            box[:, 1] = [-0.38, -0.38, -0.2, -0.2]
        turn = np.deg2rad(angle)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        points = (box @ rotation.T * side + middle).round().astype(np.int32)
        cv2.fillConvexPoly(image, points, (60, 70, 80))
    noise = RNG.normal(0, 2, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)


def test_damage_is_small_repeatable_and_leaves_the_original_alone():
    image = pin(20)
    before = image.copy()
    one = damage(image, np.random.default_rng(3))
    two = damage(image, np.random.default_rng(3))
    assert (image == before).all()
    assert (one == two).all()
    changed = (one != image).any(axis=2).mean()
    assert 0 < changed < 0.03


def test_parts_at_any_angle_get_an_axis_fixture():
    images = [pin(angle) for angle in RNG.uniform(0, 360, 16)]
    choice = choose_fixture(images, "auto", size=64, seed=0, report=quiet)
    assert isinstance(choice.spec, AxisSpec), choice.why
    assert choice.height > choice.width
    assert "none" in choice.why


def test_what_was_asked_for_is_taken_and_the_impossible_refused():
    texture = [RNG.integers(0, 255, (96, 96, 3)).astype(np.uint8) for _ in range(8)]
    choice = choose_fixture(texture, "none", size=64, seed=0, report=quiet)
    assert isinstance(choice.spec, NoFixture)
    assert (choice.height, choice.width) == (64, 64)
    with pytest.raises(InputError, match="--fixture none"):
        choose_fixture(texture, "axis", size=64, seed=0, report=quiet)
