"""Template fixtures: registration of known moves."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.fixture import NoFixture, TemplateSpec
from inspector.vision.fixture import learn_template, locate, prepare, propose_input
from inspector.vision.resize import resize
from tests.support.parts import HEXAGON, SCREW, noisy, picture, placed, poses

POSES = poses(12, shift=8, turn=3)


def scene(x, y, degrees, seed=0, noise=3.0):
    """A plate with two marks; the pose is that of its middle."""
    marks = [HEXAGON * 0.5 + (60, -30), SCREW * 0.6 + (-70, 20), SCREW * 0.3 + (20, 90)]
    return picture(*(placed(m, x, y, degrees) for m in marks), noise=noise, seed=seed)


@pytest.fixture(scope="module")
def spec() -> TemplateSpec:
    learnt = learn_template([scene(*p, seed=i) for i, p in enumerate(POSES)])
    assert learnt is not None
    return learnt


def test_what_is_learnt(spec):
    assert spec.located_share == 1.0
    assert spec.n_images == 12
    assert (spec.height, spec.width) == (96, 96)
    assert 3 < spec.max_angle < 7
    assert 8 / 480 < spec.max_shift < 30 / 480


@settings(max_examples=40, deadline=None)
@given(
    x=st.floats(232, 248),
    y=st.floats(232, 248),
    degrees=st.floats(-3, 3),
    seed=st.integers(0, 10**6),
)
def test_any_small_move_is_undone(spec, x, y, degrees, seed):
    points = np.array([(0.0, 0.0), (100.0, 0.0)])

    def in_input(at, seed):
        pose = locate(scene(*at, seed=seed), spec)
        assert pose is not None
        back = pose.to_crop(256, 256).inverse()
        return np.array([back.apply(*p) for p in placed(points, *at)])

    found, standard = in_input((x, y, degrees), seed), in_input((240, 240, 0), 0)
    assert np.abs(found - standard).max() < 0.5
    turns = [math.atan2(*(p[1] - p[0])[::-1]) for p in (found, standard)]
    assert abs(math.degrees(turns[0] - turns[1])) < 0.3


def test_fixtured_pictures_of_one_part_agree(spec):
    standard = prepare(scene(240, 240, 0), spec, 256, 256).image.astype(float)
    other = scene(246.4, 235.2, 2.5, seed=1)
    before = np.abs(cv2.blur(resize(other, 256, 256) - standard, (3, 3))).mean()
    after = np.abs(cv2.blur(prepare(other, spec, 256, 256).image - standard, (3, 3))).mean()
    assert after < 1.5
    assert before > 2 * after


def test_brightness_and_contrast_do_not_count(spec):
    image = scene(243, 238, 1.5)
    dim = cv2.convertScaleAbs(image, alpha=0.6, beta=20)
    a, b = locate(image, spec), locate(dim, spec)
    assert abs(a.x - b.x) < 0.3
    assert abs(a.y - b.y) < 0.3
    assert abs(a.angle - b.angle) < 0.1


@pytest.mark.parametrize(
    "image",
    [
        picture(),
        np.zeros((480, 480, 3), np.uint8),
        scene(240, 240, 90),
        scene(240, 240, 14),
        scene(330, 240, 0),
        picture(placed(SCREW, 240, 240, 45)),
        np.random.default_rng(0).integers(0, 256, (480, 480, 3), np.uint8),
    ],
    ids=["empty", "black", "turned", "turned too far", "far away", "another", "noise"],
)
def test_what_does_not_correlate_is_not_located(spec, image):
    assert locate(image, spec) is None
    assert prepare(image, spec, 256, 256) is None


@pytest.mark.parametrize(
    "images",
    [
        [noisy(np.full((240, 240, 3), 128.0), 40, i) for i in range(8)],
        [np.full((240, 240, 3), 128, np.uint8)] * 8,
        [picture(placed(SCREW, *p), seed=i) for i, p in enumerate(poses(8))],
        # nothing moves: nothing to gain
        [scene(240, 240, 0, seed=i) for i in range(8)],
        [scene(*p) for p in POSES[:4]],
        [],
    ],
    ids=["noise", "blank", "any angle", "already in place", "too few", "none"],
)
def test_nothing_is_learnt_where_registration_does_not_help(images):
    assert learn_template(images) is None


def test_pictures_that_are_not_square():
    images = [scene(*p, seed=i)[60:420] for i, p in enumerate(POSES)]
    spec = learn_template(images)
    assert spec is not None
    assert (spec.height, spec.width) == (72, 96)
    assert propose_input(spec, (360, 480)) == (224, 288)
    marks = []
    for at in ((240, 240, 0), (247, 236, -2)):
        pose = locate(scene(*at)[60:420], spec)
        x, y = placed(np.array([(90.0, 40.0)]), *at)[0]
        marks.append(pose.to_crop(216, 288).inverse().apply(x, y - 60))
    assert np.abs(np.subtract(*marks)).max() < 0.5


def test_without_a_fixture_the_region_is_resized():
    image = scene(240, 240, 0)[:, :300]
    prepared = prepare(image, NoFixture(), 128, 64)
    assert (prepared.image == resize(image, 128, 64)).all()
    assert prepared.to_crop.apply(64, 128) == (300, 480)
    assert prepared.pose is None
