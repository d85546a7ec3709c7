from __future__ import annotations

import cv2
import numpy as np

from tests.support.pin import pin
from training.made_up import KINDS, with_defect, with_defects


def test_defects_are_small_beside_the_part_on_it_and_the_same_again() -> None:
    image = np.full((200, 200, 3), 200, np.uint8)
    image[20:180, 20:180] = pin(20)
    before = image.copy()
    found = with_defects(image, np.random.default_rng(3))
    again = with_defects(image, np.random.default_rng(3))
    part = (image < 150).all(axis=2)
    assert len(found) == len(KINDS)
    assert (image == before).all()
    for one, other in zip(found, again, strict=True):
        assert (one == other).all()
        changed = (one != image).any(axis=2)
        # a hole may be a quarter of the part, when it is a large one
        assert 0 < changed.sum() < 0.6 * part.sum()
        assert (changed & cv2.dilate(part.astype(np.uint8), np.ones((9, 9))).astype(bool)).any()


def test_a_larger_picture_around_the_part_makes_no_larger_defects() -> None:
    near, far = pin(20), np.full((240, 240, 3), 200, np.uint8)
    far[40:200, 40:200] = near
    areas = []
    for image in (near, far):
        found = [
            (one != image).any(axis=2).sum()
            for seed in range(12)
            for one in with_defects(image, np.random.default_rng(seed))
        ]
        areas.append(float(np.median(found)))
    assert 0.5 < areas[1] / areas[0] < 2.0


def test_the_kind_is_drawn() -> None:
    image = pin(70)
    found = {with_defect(image, np.random.default_rng(seed)).tobytes() for seed in range(8)}
    assert len(found) == 8
    again = with_defect(image, np.random.default_rng(0))
    assert again.tobytes() in found
