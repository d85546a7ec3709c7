from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.geometry import Affine, Roi
from inspector.core.recipe import QualityGate
from inspector.vision.presence import thumbnail
from inspector.vision.quality import problem
from inspector.vision.resize import resize, resize_back

RNG = np.random.default_rng(3)


@pytest.mark.parametrize(
    "shape",
    [(1080, 1920), (720, 1280), (1024, 1024), (640, 640), (256, 256), (100, 90), (257, 511)],
)
def test_resize_keeps_size_colour_and_mean(shape):
    image = np.zeros((*shape, 3), np.uint8)
    image[:] = (10, 60, 200)
    small = resize(image, 256, 256)
    assert small.shape == (256, 256, 3)
    assert (small == (10, 60, 200)).all()


def test_resize_by_four_is_the_mean_of_blocks_to_within_rounding():
    image = RNG.integers(0, 256, (1024, 1024, 3)).astype(np.uint8)
    blocks = image.reshape(256, 4, 256, 4, 3).mean(axis=(1, 3))
    assert np.abs(resize(image, 256, 256) - blocks).max() <= 1.0


def test_resize_never_hands_out_a_view():
    image = np.zeros((300, 300, 3), np.uint8)
    view = image[10:266, 10:266]
    assert not np.shares_memory(resize(view, 256, 256), image)


@settings(deadline=None, max_examples=25)
@given(st.integers(60, 900), st.integers(60, 900))
def test_a_bright_square_comes_back_to_its_place(height, width):
    image = np.zeros((height, width, 3), np.uint8)
    y, x = height // 3, width // 4
    image[y : y + height // 4, x : x + width // 4] = 255
    small = resize(image, 128, 128)[..., 0]
    rows, columns = np.nonzero(small > 127)
    back = resize_back((height, width), 128, 128)
    left, top = back.apply(columns.min(), rows.min())
    right, bottom = back.apply(columns.max() + 1, rows.max() + 1)
    tolerance = 2 + max(height, width) / 64
    found, true = (left, top, right, bottom), (x, y, x + width // 4, y + height // 4)
    assert found == pytest.approx(true, abs=tolerance)


def test_resize_back_is_pure_scaling():
    assert resize_back((512, 1024), 256, 256) == Affine.scaling(4, 2)


def test_thumbnail_is_the_green_of_the_region():
    image = np.zeros((720, 1280, 3), np.uint8)
    image[..., 2] = 255
    image[40:680, 320:960, 1] = 77
    assert (thumbnail(image, Roi(320, 40, 640, 640)) == 77).all()
    assert thumbnail(image).shape == (64, 64)


@pytest.mark.parametrize("size", [(10, 10), (64, 64), (100, 3000), (2160, 3840)])
def test_thumbnail_of_any_size(size):
    assert thumbnail(np.full((*size, 3), 9, np.uint8)).max() == 9


def picture(level: float, spread: float = 20) -> np.ndarray:
    noise = RNG.normal(level, spread, (240, 320, 1))
    return np.repeat(noise, 3, axis=2).clip(0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    ("image", "gate", "says"),
    [
        (picture(120), QualityGate(), None),
        (np.zeros((240, 320, 3), np.uint8), QualityGate(), "blank"),
        (np.full((240, 320, 3), 255, np.uint8), QualityGate(), "blank"),
        (picture(20), QualityGate(min_mean=40), "too dark"),
        (picture(230), QualityGate(max_mean=200), "too bright"),
        (picture(250), QualityGate(max_saturated=0.2), "overexposed"),
        (picture(120), QualityGate(min_sharpness=1.0), None),
        (picture(120, 0.7), QualityGate(min_contrast=0, min_sharpness=50), "out of focus"),
    ],
)
def test_quality_gate(image, gate, says):
    found = problem(image, gate)
    assert (found is None) if says is None else (says in found)
