"""Pictures against their truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from inspector.sources.simulator.parts import CATEGORIES
from inspector.sources.simulator.render import defect_mask, render_part
from inspector.sources.simulator.source import FrameMaker
from inspector.sources.simulator.spec import parse_spec
from inspector.sources.simulator.truth import Flaw, plan_part

SIZE = "width=480&height=360"
KINDS = [(name, kind) for name, category in CATEGORIES.items() for kind in category.defects]


def plan_with(spec, index, flaw):
    return replace(plan_part(spec, index), flaw=flaw)


def picture(spec, plan):
    sprite = render_part(spec, plan)
    return sprite.add.astype(np.int32) + sprite.through.astype(np.int32) * 90 // 255


@pytest.mark.parametrize("category", CATEGORIES)
def test_there_are_at_least_five_kinds_of_defect(category):
    assert len(CATEGORIES[category].defects) >= 5


@pytest.mark.parametrize(("category", "kind"), KINDS)
@pytest.mark.parametrize("severity", [0.05, 1.0])
def test_defect_changes_the_picture_where_its_mask_says_and_nowhere_else(category, kind, severity):
    spec = parse_spec(f"sim:{category}?{SIZE}")
    plan = plan_with(spec, 3, Flaw(kind, severity))
    changed = np.abs(picture(spec, plan) - picture(spec, replace(plan, flaw=None))).max(axis=2)
    inside = defect_mask(spec, plan) > 0
    assert inside.shape == (spec.roi.height, spec.roi.width)
    assert inside.any()
    assert np.median(changed[inside]) >= 9
    assert changed[~inside].max() < 9


@pytest.mark.parametrize(("category", "kind"), KINDS)
def test_severe_defects_are_larger_and_ordinary_ones_visible(category, kind):
    spec = parse_spec(f"sim:{category}?{SIZE}")
    area = {
        severity: np.mean(
            [
                (defect_mask(spec, plan_with(spec, k, Flaw(kind, severity))) > 0).sum()
                for k in (1, 2)
            ]
        )
        for severity in (0.3, 1.0)
    }
    assert area[0.3] > 25
    assert area[1.0] > 1.2 * area[0.3]


@pytest.mark.parametrize("category", CATEGORIES)
def test_good_part_has_an_empty_mask_and_fits_its_square(category):
    spec = parse_spec(f"sim:{category}?{SIZE}&jitter=12&tilt=15")
    plan = plan_with(spec, 0, None)
    assert not defect_mask(spec, plan).any()
    foreground = render_part(spec, plan).foreground
    rim = np.concatenate([foreground[0], foreground[-1], foreground[:, 0], foreground[:, -1]])
    assert not rim.any()
    assert 0.3 < foreground.mean() < 0.7


@pytest.mark.parametrize("category", CATEGORIES)
def test_two_good_parts_differ(category):
    spec = parse_spec(f"sim:{category}?{SIZE}&jitter=0&tilt=0")
    first, second = (picture(spec, plan_with(spec, k, None)) for k in (0, 1))
    assert np.abs(first - second).mean() > 0.5


def test_colour_order_is_bgr():
    spec = parse_spec(f"sim:bottle_cap?{SIZE}&defect_rate=0")
    sprite = render_part(spec, plan_part(spec, 0))
    blue, _, red = (np.median(sprite.add[:, :, c][sprite.foreground]) for c in range(3))
    assert red > blue + 60


@pytest.mark.parametrize("belt", ["indexing", "moving"])
@pytest.mark.parametrize("category", CATEGORIES)
def test_parts_show_in_the_frames_of_their_span_and_the_belt_is_empty_in_between(category, belt):
    spec = parse_spec(f"sim:{category}?{SIZE}&belt={belt}&parts=2&noise=0&flicker=0")
    with FrameMaker(spec) as maker:
        frames = [maker.image(k).astype(np.int32) for k in range(spec.frame_count)]
    differs = [np.abs(frame - frames[0]).max() > 20 for frame in frames]
    assert differs == [k % 30 >= 4 for k in range(60)]
    still = [np.array_equal(frames[k], frames[k + 1]) for k in range(12, 21)]
    assert all(still) if belt == "indexing" else not any(still)


def test_part_enters_from_the_left_and_leaves_to_the_right():
    spec = parse_spec(f"sim:metal_nut?{SIZE}&noise=0&flicker=0")
    with FrameMaker(spec) as maker:
        belt, enters, leaves = (maker.image(k).astype(np.int32) for k in (0, 4, 29))
    columns = np.arange(480)
    for frame, low, high in ((enters, 0, 200), (leaves, 280, 480)):
        seen = columns[np.abs(frame - belt).max(axis=(0, 2)) > 20]
        assert low <= seen.min() <= seen.max() < high


def test_noise_and_flicker_are_as_strong_as_asked():
    spec = parse_spec(f"sim:metal_nut?{SIZE}&noise=2&flicker=0")
    with FrameMaker(spec) as maker:
        first, second = (maker.image(k).astype(np.float64) for k in (0, 1))
    assert np.std(first - second) == pytest.approx(2 * 2**0.5, rel=0.08)
    spec = parse_spec(f"sim:bottle_cap?{SIZE}&noise=0&flicker=0.03&empty=60")
    with FrameMaker(spec) as maker:
        means = [maker.image(k).mean() for k in range(60)]
    assert 0.04 < (max(means) - min(means)) / np.mean(means) < 0.065


def test_large_parts_are_the_same_part_enlarged():
    small, large = (
        render_part(spec, plan_with(spec, 0, None))
        for size in ("width=1280&height=720", "width=1920&height=1080")
        for spec in [parse_spec(f"sim:metal_nut?{size}&jitter=0&tilt=0")]
    )
    assert large.add.shape == large.through.shape == (960, 960, 3)
    assert large.foreground.shape == (960, 960)
    assert large.foreground.mean() == pytest.approx(small.foreground.mean(), abs=0.002)
    thinned = (large.add[::3, ::3].astype(float), small.add[::2, ::2].astype(float))
    assert np.abs(thinned[0] - thinned[1]).mean() < 6
