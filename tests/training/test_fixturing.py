from __future__ import annotations

import numpy as np
import pytest

from inspector.core.fixture import AxisSpec, NoFixture
from inspector.errors import InputError
from tests.support.pin import pin
from training.fixturing import choose_fixture

RNG = np.random.default_rng(0)


def quiet(what: str, share: float) -> None:
    return None


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
