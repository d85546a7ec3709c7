"""Axis fixtures: learnt from drawn parts, tried on known poses."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.core.fixture import AxisSpec
from inspector.vision.fixture import Pose, apply, learn_axis, locate, prepare, propose_input
from tests.support.parts import HEXAGON, ROD, SCREW, noisy, picture, placed, poses

H, W = 320, 128


@pytest.fixture(scope="module")
def screw() -> AxisSpec:
    spec = learn_axis([picture(placed(SCREW, *p), seed=i) for i, p in enumerate(poses(16))])
    assert spec is not None
    return spec


def in_input(spec, image, points, height=H, width=W):
    """Points of the picture in input coordinates, or None where nothing was located."""
    pose = locate(image, spec)
    if pose is None:
        return None
    back = pose.to_crop(height, width).inverse()
    return np.array([back.apply(x, y) for x, y in points])


def test_what_is_learnt_of_a_screw(screw):
    assert screw.turns
    assert not screw.ambiguous_end
    assert screw.ends is not None
    assert screw.ends.by == "width"
    assert screw.segmentation.level.polarity == "dark"
    assert screw.located_share == 1.0
    # 300 px long and 80 wide, plus a margin, of 480 px
    assert 300 / 480 < screw.crop_length < 340 / 480
    assert 80 / 480 < screw.crop_width < 120 / 480


@settings(max_examples=60, deadline=None)
@given(
    x=st.floats(190, 290),
    y=st.floats(190, 290),
    degrees=st.floats(-180, 180),
    seed=st.integers(0, 10**6),
)
def test_any_pose_gives_the_same_upright_part(screw, x, y, degrees, seed):
    ends = np.array([(0.0, -150.0), (0.0, 150.0), (16.0, 110.0)])
    image = picture(placed(SCREW, x, y, degrees), noise=4.0, seed=seed)
    found = in_input(screw, image, placed(ends, x, y, degrees))
    standard = in_input(screw, picture(placed(SCREW, 240, 240, 0)), placed(ends, 240, 240, 0))
    assert found is not None
    assert np.abs(found - standard).max() < 1.0
    head, tip = found[0], found[1]
    assert head[1] < tip[1]
    assert abs(math.degrees(math.atan2(tip[0] - head[0], tip[1] - head[1]))) < 1.0


def test_fixtured_pictures_of_one_part_agree(screw):
    def upright(x, y, degrees, seed):
        image = picture(placed(SCREW, x, y, degrees), noise=3.0, seed=seed)
        return prepare(image, screw, H, W).image.astype(float)

    standard = upright(240, 240, 30, 0)
    shifted = upright(243.4, 238.7, 30, 1)
    turned = upright(240, 240, 155, 2)
    for other in (shifted, turned):
        assert np.abs(cv2.blur(other - standard, (5, 5))).mean() < 1.0
    assert np.abs(standard[::-1] - standard).mean() > 5.0


def test_the_head_comes_to_the_top(screw):
    for degrees in (0, 90, 180, 270):
        image = picture(placed(SCREW, 240, 240, degrees))
        upright = prepare(image, screw, H, W).image[..., 1]
        dark = (upright < 130).sum(axis=1)
        rows = np.flatnonzero(dark)
        assert dark[rows[:20]].mean() > 2 * dark[rows[-20:]].mean()


def test_works_on_the_same_view_at_another_resolution(screw):
    ends = np.array([(0.0, -150.0), (0.0, 150.0)])
    at = (250.0, 236.0, 37.0)
    whole = picture(placed(SCREW, *at))
    half = cv2.resize(whole, (240, 240), interpolation=cv2.INTER_AREA)
    expected = in_input(screw, whole, placed(ends, *at))
    assert np.abs(in_input(screw, half, placed(ends, *at) / 2) - expected).max() < 1.0


def test_applies_to_views_of_larger_pictures(screw):
    frame = np.full((600, 700, 3), 90, np.uint8)
    image = picture(placed(SCREW, 250, 230, 70))
    frame[60:540, 120:600] = image
    view = frame[60:540, 120:600]
    assert (prepare(view, screw, H, W).image == prepare(image, screw, H, W).image).all()


@pytest.mark.parametrize(
    ("ground", "colour", "polarity"),
    [
        ((200, 200, 200), (60, 60, 60), "dark"),
        ((30, 30, 30), (170, 170, 170), "light"),
        # equal luma: only colour tells them apart
        ((200, 90, 60), (60, 90, 120), None),
    ],
)
def test_finds_polarity_and_channel(ground, colour, polarity):
    images = [
        picture(placed(SCREW, *p), ground=ground, colour=colour, seed=i)
        for i, p in enumerate(poses(10))
    ]
    spec = learn_axis(images)
    assert spec is not None
    assert polarity in (None, spec.segmentation.level.polarity)
    assert all(locate(image, spec) is not None for image in images)


def test_symmetric_ends_are_said_to_be_ambiguous():
    images = [picture(placed(ROD, *p), seed=i) for i, p in enumerate(poses(16))]
    spec = learn_axis(images)
    assert spec is not None
    assert spec.turns
    assert spec.ambiguous_end
    assert spec.ends is None
    assert (spec.offset_down, spec.offset_across) == (0.0, 0.0)
    ends = in_input(spec, picture(placed(ROD, 240, 240, 130)), placed(ROD, 240, 240, 130))
    assert np.abs(ends.mean(axis=0) - (W / 2, H / 2)).max() < 1.0


def test_ends_of_one_outline_are_told_by_their_grey():
    def marked(at, seed):
        image = picture(placed(ROD, *at), noise=0)
        print_ = placed(ROD * (0.5, 0.25) + (0, 70), *at)
        cv2.fillPoly(image, [np.round(print_).astype(np.int32)], (15, 15, 15))
        return noisy(image, 2.0, seed)

    spec = learn_axis([marked(p, i) for i, p in enumerate(poses(16))])
    assert spec is not None
    assert spec.ends is not None
    assert spec.ends.by == "grey"
    for degrees in (20, 110, 200, 290):
        upright = prepare(marked((240, 240, degrees), 0), spec, H, W).image[..., 1]
        middle = upright[:, W // 2 - 4 : W // 2 + 4]
        assert middle[H // 4].mean() > middle[3 * H // 4].mean() + 20


def test_parts_that_lean_to_one_side_are_framed_whole():
    hook = np.vstack([SCREW[:3], [(18, 20), (70, 30), (70, 60), (18, 60)], SCREW[3:]])
    images = [picture(placed(hook, *p), seed=i) for i, p in enumerate(poses(16))]
    spec = learn_axis(images)
    assert spec is not None
    assert not spec.ambiguous_end
    found = [in_input(spec, i, placed(hook, *p)) for i, p in zip(images, poses(16), strict=True)]
    assert np.std(found, axis=0).max() < 0.5
    assert np.min(found) > 0
    assert (np.max(found, axis=(0, 1)) < (W, H)).all()
    left, right = np.min(found, axis=(0, 1))[0], W - np.max(found, axis=(0, 1))[0]
    assert abs(left - right) < 2.0


def test_round_parts_are_centred_but_not_turned():
    images = [picture(placed(HEXAGON, *p), seed=i) for i, p in enumerate(poses(12))]
    spec = learn_axis(images)
    assert spec is not None
    assert not spec.turns
    assert not spec.ambiguous_end
    pose = locate(picture(placed(HEXAGON, 211.3, 262.8, 12)), spec)
    assert pose is not None
    assert pose.angle == 0.0
    to_crop = pose.to_crop(256, 256)
    x, y = to_crop.inverse().apply(211.3, 262.8)
    other = locate(picture(placed(HEXAGON, 240, 240, 12)), spec).to_crop(256, 256)
    assert np.abs(np.array(other.inverse().apply(240, 240)) - (x, y)).max() < 1.0


def textures(kind):
    random = np.random.default_rng(3)
    y, x = np.mgrid[0:480, 0:480]
    for _ in range(12):
        if kind == "noise":
            yield random.integers(0, 256, (480, 480, 3), np.uint8)
        elif kind == "smooth noise":
            coarse = random.normal(128, 40, (20, 20)).astype(np.float32)
            grey = cv2.resize(coarse, (480, 480), interpolation=cv2.INTER_CUBIC)
            yield cv2.merge([np.clip(grey, 0, 255).astype(np.uint8)] * 3)
        elif kind == "grid":
            phase = random.uniform(0, 40, 2)
            grid = ((x + phase[0]) % 40 < 8) | ((y + phase[1]) % 40 < 8)
            yield cv2.merge([np.where(grid, 60, 190).astype(np.uint8)] * 3)
        elif kind == "blank":
            yield picture(seed=int(random.integers(1000)))
        elif kind == "cut by the border":
            yield picture(placed(SCREW, random.uniform(200, 280), 20, 10))
        elif kind == "two alike":
            left, right = np.array([(140, 240), (340, 240)]) + random.uniform(-15, 15, (2, 2))
            yield picture(placed(SCREW, *left, 5), placed(SCREW, *right, -8))


@pytest.mark.parametrize(
    "kind", ["noise", "smooth noise", "grid", "blank", "cut by the border", "two alike"]
)
def test_nothing_is_learnt_where_no_part_stands_alone(kind):
    assert learn_axis(list(textures(kind))) is None


def test_nothing_is_learnt_where_held_out_parts_are_not_located():
    parts = [SCREW] * 9 + [SCREW * 0.6]
    images = [picture(placed(s, *p)) for s, p in zip(parts, poses(10), strict=True)]
    assert learn_axis(images) is None


@pytest.mark.parametrize("count", [0, 1, 4])
def test_nothing_is_learnt_from_too_few(count):
    assert learn_axis([picture(placed(SCREW, *p)) for p in poses(count)]) is None


def test_nothing_is_learnt_from_pictures_of_different_aspect():
    sizes = [(480, 480), (480, 700)] * 5
    images = [picture(placed(SCREW, *p), size=s) for p, s in zip(poses(10), sizes, strict=True)]
    assert learn_axis(images) is None


@pytest.mark.parametrize(
    "polygons",
    [
        [],
        [placed(SCREW, 240, 40, 0)],
        [placed(SCREW * 2.0, 240, 240, 45)],
        [placed(SCREW * 0.4, 240, 240, 0)],
        [placed(HEXAGON, 240, 240, 0)],
        [placed(SCREW, 150, 240, 0), placed(SCREW, 330, 240, 0)],
        # a part with something that sticks out of the frame: it would not be inspected
        [placed(SCREW, 240, 240, 0), placed(ROD * (0.15, 0.2), 285, 240, 90)],
        [placed(ROD * (1, 0.9), 240, 240, 0)],
    ],
    ids=["nothing", "cut", "too large", "too small", "round", "two", "sticks out", "no head"],
)
def test_what_is_no_such_part_is_not_located(screw, polygons):
    image = picture(*polygons)
    assert locate(image, screw) is None
    assert prepare(image, screw, H, W) is None


def test_no_contrast_is_not_located(screw):
    image = picture(placed(SCREW, 240, 240, 0), colour=(185, 185, 185))
    assert locate(image, screw) is None


def test_proposed_input_keeps_the_aspect_and_never_enlarges(screw):
    small = propose_input(screw, (480, 480), pixels=20000)
    assert small == (256, 64)
    assert propose_input(screw, (1024, 1024), pixels=20000) == small
    assert propose_input(screw, (480, 480), pixels=10**7) == (320, 96)


def test_a_pose_that_changes_nothing_gives_the_same_pixels():
    image = picture(placed(SCREW, 240, 240, 33))[:, :400]
    pose = Pose(x=200, y=240, angle=0, length=480, width=400, quality=1)
    assert (apply(image, pose, 480, 400) == image).all()
    quarter_turn = Pose(x=200, y=240, angle=90, length=400, width=480, quality=1)
    assert (apply(image, quarter_turn, 400, 480) == np.rot90(image)).all()
    whole = pose.to_crop(480, 400)
    assert np.allclose(whole.apply(7, 9), (7, 9))


def test_reduction_keeps_edges_on_edges():
    image = picture(placed(SCREW, 240, 240, 33), noise=0)
    pose = Pose(x=240, y=240, angle=0, length=480, width=480, quality=1)
    means = cv2.resize(image, (120, 120), interpolation=cv2.INTER_AREA).astype(int)
    assert np.abs(apply(image, pose, 120, 120) - means).mean() < 0.5
    assert np.allclose(pose.to_crop(120, 120).apply(30, 60), (120, 240))


def test_reduced_pictures_are_not_aliased(screw):
    # a checkerboard of single pixels must become grey, not stripes
    image = picture(placed(SCREW, 240, 240, 0), noise=0)
    image = cv2.resize(image, (1920, 1920), interpolation=cv2.INTER_NEAREST)
    y, x = np.mgrid[0:1920, 0:1920]
    image[(image[..., 0] == 70) & ((x + y) % 2 == 0)] = 90
    pose = locate(image, screw)
    assert pose is not None
    small = apply(image, pose, 160, 64)
    assert pose.scale(160, 64) > 4
    shaft = small[40:110, 30:35].astype(int)
    assert np.abs(shaft - 80).max() <= 2


def test_real_screws_lie_upright_with_the_head_on_top(data_dir):
    files = sorted((data_dir / "mvtec_ad" / "screw" / "train" / "good").glob("*"))[:60]
    images = [cv2.imread(str(f)) for f in files]
    spec = learn_axis(images[::2])
    assert spec is not None
    assert spec.turns
    assert not spec.ambiguous_end
    upright = [prepare(image, spec, 320, 112) for image in images[1::2]]
    assert all(p is not None for p in upright)
    standard = np.mean([p.image for p in upright], axis=0)[..., 1]
    for prepared in upright:
        grey = prepared.image[..., 1].astype(float)
        likeness = [np.corrcoef(standard.ravel(), g.ravel())[0, 1] for g in (grey, grey[::-1])]
        assert likeness[0] > 0.85
        assert likeness[0] > likeness[1] + 0.1
    dark = (standard < 120).sum(axis=1)
    assert dark[:60].max() > 1.5 * dark[-60:].max()
