"""Cheaper ways to the same numbers: packages were trained with the plain ones."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from inspector.core.fixture import Level
from inspector.core.geometry import Affine
from inspector.vision.fixture import Pose, apply
from inspector.vision.fixture.segment import segment, to_grey

_LINEAR = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def noise(seed: int, height: int, width: int) -> np.ndarray:
    picture = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    return cv2.GaussianBlur(picture, (0, 0), 1.5)


@pytest.mark.parametrize("angle", [0.0, 17.0, 90.0, -163.5])
@pytest.mark.parametrize("centre", [(60.0, 45.0), (3.3, 99.1), (-9.0, 20.0)])
def test_four_channels_are_warped_to_the_values_of_three(
    angle: float, centre: tuple[float, float]
) -> None:
    image = noise(1, 90, 131)[3:, 5:]
    pose = Pose(x=centre[0], y=centre[1], angle=angle, length=70, width=50, quality=1)
    half = Affine.translation(0.5, 0.5)
    matrix = half.then(pose.to_crop(64, 48)).then(Affine.translation(-0.5, -0.5)).as_array()
    plain = cv2.warpAffine(image, matrix, (48, 64), flags=_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    np.testing.assert_array_equal(apply(image, pose, 64, 48), plain)


@pytest.mark.parametrize("channel", [0, 1, 2])
def test_one_channel_is_taken_as_the_matrix_takes_it(channel: int) -> None:
    image = noise(2, 40, 56)
    weights = tuple(float(i == channel) for i in range(3))
    plain = cv2.transform(image, np.array([[*weights, 0.0]], np.float32))
    found = to_grey(image, (weights[0], weights[1], weights[2]), 0.0)
    np.testing.assert_array_equal(found, cv2.blur(plain, (3, 3)))
    moved = to_grey(image, (weights[0], weights[1], weights[2]), 9.0)
    assert moved.mean() > found.mean() + 5


@pytest.mark.parametrize("bias", [0.0, 0.5])
def test_class_means_are_those_of_a_masked_mean(bias: float) -> None:
    image = noise(3, 60, 60) // 4
    image[20:45, 15:40] += 120
    blob = segment(image, Level(weights=(0.2, 0.5, 0.3), offset=0.0, polarity="light", bias=bias))
    assert blob is not None
    how = cv2.THRESH_BINARY
    threshold, mask = cv2.threshold(blob.grey, 0, 255, how | cv2.THRESH_OTSU)
    if bias:
        threshold += bias * (cv2.mean(blob.grey, mask)[0] - threshold)
        _, mask = cv2.threshold(blob.grey, threshold, 255, how)
    mask = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, np.ones((5, 5), np.uint8))
    inside, outside = (cv2.mean(blob.grey, m)[0] for m in (mask, cv2.bitwise_not(mask)))
    assert blob.contrast == abs(inside - outside)
