"""What the camera model does to a picture, one disturbance at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.frame import Image
from tests.support.parts_folder import disc
from training.camera_model import CameraModel, photograph

STILL = CameraModel(
    shift=0.0,
    min_resolution=1.0,
    blur=0.0,
    gain=0.0,
    colour=0.0,
    noise=0.0,
    jpeg_quality=(100, 100),
    video_share=0.0,
)


def _photograph(image: Image, camera: CameraModel, seed: int = 0, least: int = 0) -> Image:
    return photograph(image, camera, np.random.default_rng(seed), least=least)


def _with(**changes: object) -> CameraModel:
    from dataclasses import replace

    return replace(STILL, **changes)  # type: ignore[arg-type]


def test_same_seed_same_picture() -> None:
    image = disc(0)
    first, again, other = (_photograph(image, CameraModel(), s) for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert first.shape != other.shape or not np.array_equal(first, other)


def test_input_is_left_alone() -> None:
    image = disc(0)
    before = image.copy()
    image.flags.writeable = False
    _photograph(image, CameraModel())
    assert np.array_equal(image, before)


@settings(max_examples=25, deadline=None)
@given(st.integers(20, 200), st.integers(20, 200), st.integers(0, 300), st.integers(0, 9))
def test_size_lies_between_the_limits(h: int, w: int, least: int, seed: int) -> None:
    picture = _photograph(np.zeros((h, w, 3), np.uint8), CameraModel(), seed, least)
    assert picture.dtype == np.uint8
    for side, whole in zip(picture.shape[:2], (h, w), strict=True):
        assert whole * 0.5 - 1 <= side <= whole
    assert min(picture.shape[:2]) >= min(least, h, w) - 1


def test_without_disturbance_it_is_a_still() -> None:
    image = disc(0)
    picture = _photograph(image, STILL)
    assert picture.shape == image.shape
    # JPEG halves the resolution of colour, also at quality 100
    assert np.abs(picture.astype(int) - image).mean() < 3


def test_shift_moves_by_its_share_at_most() -> None:
    image = np.zeros((200, 100, 3), np.uint8)
    image[100, 50] = 255
    moved = set()
    for seed in range(20):
        picture = _photograph(image, _with(shift=0.05), seed)
        y, x = np.unravel_index(picture[..., 1].argmax(), (200, 100))
        assert abs(int(y) - 100) <= 10
        assert abs(int(x) - 50) <= 5
        moved.add((int(y), int(x)))
    assert len(moved) > 10


def test_what_comes_into_view_is_no_black_edge() -> None:
    image = np.full((64, 64, 3), 200, np.uint8)
    assert _photograph(image, _with(shift=0.2)).min() > 195


@pytest.mark.parametrize(("gain", "colour"), [(0.1, 0.0), (0.0, 0.1)])
def test_brightness_and_colour_drift(gain: float, colour: float) -> None:
    image = np.full((32, 32, 3), 100, np.uint8)
    means = np.array(
        [_photograph(image, _with(gain=gain, colour=colour), s).mean((0, 1)) for s in range(30)]
    )
    assert 89 <= means.min() < 94
    assert 106 < means.max() <= 111
    drift_apart = np.ptp(means, axis=1).max()
    assert drift_apart < 1.5 if gain else drift_apart > 5


def test_noise_is_no_stronger_than_its_limit() -> None:
    image = np.full((64, 64, 3), 100, np.uint8)
    spreads = [_photograph(image, _with(noise=5.0), s)[..., 1].std() for s in range(20)]
    assert max(spreads) < 5.5
    assert max(spreads) > 3


def test_video_wipes_fine_texture_away() -> None:
    rng = np.random.default_rng(0)
    image = np.clip(rng.normal(120, 3, (96, 96, 3)), 0, 255).astype(np.uint8)
    video = _with(video_share=1.0, video_quality=(50, 50))
    jpeg = _with(jpeg_quality=(60, 60))
    assert _photograph(image, video)[..., 1].std() < 0.6 * _photograph(image, jpeg)[..., 1].std()
