from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inspector.core.geometry import Affine, Box
from inspector.core.inspection import Prediction
from inspector.core.recipe import DefectRule, Recipe, RegionSpec, Thresholds
from inspector.vision.regions import find

TO_IMAGE = Affine.scaling(10, 10).then(Affine.translation(100, 50))
PART = RegionSpec(roi=(100, 50, 80, 80))


def recipe(region: RegionSpec = PART, **defects: float) -> Recipe:
    return Recipe(
        model_sha256="a" * 64,
        thresholds=Thresholds(t1=0.5, t2=0.8),
        regions=(region,),
        defects=DefectRule(**defects),
    )


def heat(**spots: float) -> np.ndarray:
    """8×8 of 0.1 with values at places named like ``y2x3``."""
    result = np.full((8, 8), 0.1, np.float32)
    for place, value in spots.items():
        result[int(place[1]), int(place[3])] = value
    return result


def prediction(values: np.ndarray) -> Prediction:
    return Prediction(float(values.max()), values, None, TO_IMAGE, "m")


def test_a_clean_map_has_no_defects_and_keeps_the_networks_score():
    finding = find(prediction(heat()), PART, recipe())
    assert (finding.defects, finding.score) == ((), pytest.approx(0.1))


def test_defects_stand_where_the_map_is_hot_in_image_pixels():
    finding = find(prediction(heat(y2x3=0.9, y2x4=0.6, y6x6=0.7)), PART, recipe())
    assert [d.box for d in finding.defects] == [Box(130, 70, 150, 80), Box(160, 110, 170, 120)]
    assert [d.area_px for d in finding.defects] == [200.0, 100.0]
    assert finding.defects[0].peak == pytest.approx(0.9)


def test_a_region_that_just_reaches_t1_in_the_maps_own_precision_is_one():
    # the nearest value of a map lies below 0.7
    t1 = Thresholds(t1=0.7, t2=0.8)
    assert float(np.float32(t1.t1)) < t1.t1
    rule = recipe().model_copy(update={"thresholds": t1})
    finding = find(prediction(heat(y2x3=0.9, y6x6=0.7)), PART, rule)
    assert [d.peak for d in finding.defects] == pytest.approx([0.9, 0.7])


def test_more_regions_than_sixteen_bits_count_are_told_apart():
    values = np.zeros((600, 600), np.float32)
    values[::2, ::2] = 0.6  # 90,000 of them
    values[598, 598] = 0.9
    first, *others = find(prediction(values), PART, recipe()).defects
    assert first.peak == pytest.approx(0.9)
    assert first.box == Box(100 + 5980, 50 + 5980, 100 + 5990, 50 + 5990)
    assert {d.area_px for d in others} == {100.0}


@pytest.mark.parametrize("shape", [(63, 4125), (4125, 63), (1, 140_001)])
def test_regions_of_narrow_maps_are_all_counted(shape: tuple[int, int]):
    values = np.zeros(shape, np.float32)
    values[::2, ::2] = 0.6
    values[-1, -1] = 0.9
    first, *others = find(prediction(values), PART, recipe()).defects
    assert first.box == TO_IMAGE.box(Box(shape[1] - 1, shape[0] - 1, shape[1], shape[0]))
    assert {d.area_px for d in others} == {100.0}


def test_a_region_smaller_than_the_least_area_does_not_count():
    finding = find(prediction(heat(y2x3=0.9, y6x6=0.6, y6x7=0.7)), PART, recipe(min_area_px=150))
    assert finding.score == pytest.approx(0.7)
    assert [d.box for d in finding.defects] == [Box(160, 110, 180, 120)]


def test_all_hot_regions_too_small_is_below_t1():
    values = np.full((8, 8), 0.9, np.float32)
    finding = find(prediction(values), PART, recipe(min_area_px=1e6))
    assert finding.score < 0.5
    assert math.isfinite(finding.score)


def test_an_ignore_mask_takes_out_what_lies_wholly_under_it():
    masked = RegionSpec(roi=PART.roi, ignore=((25, 15, 30, 20),))
    # in part pixels the mask covers x 25..55, y 15..35: whole cells x 3, 4 and y 2
    values = heat(y2x3=0.9, y2x4=0.9, y2x2=0.6, y3x3=0.55)
    finding = find(prediction(values), masked, recipe(masked))
    assert finding.score == pytest.approx(0.6)


def test_all_masked_is_unknown_not_good():
    masked = RegionSpec(roi=PART.roi, ignore=((0, 0, 80, 80),))
    assert math.isnan(find(prediction(heat(y2x3=0.9)), masked, recipe(masked)).score)


def test_a_mask_does_not_grow_under_a_turned_map():
    # a strip of 60×4 px; the map is turned by 45°, the defect lies beside the strip
    strip = RegionSpec(ignore=((10, 38, 60, 4),))
    c = math.sqrt(0.5)
    turned = Affine(10 * c, -10 * c, 40, 10 * c, 10 * c, -16)
    values = heat(y2x5=0.95)
    finding = find(Prediction(0.95, values, None, turned, "m"), strip, recipe(strip))
    assert finding.score == pytest.approx(0.95)


@pytest.mark.parametrize("score", [0.1, 0.9])
@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_map_that_is_not_finite_gives_no_score(bad, score):
    values = heat(y2x3=0.9)
    values[0, 0] = bad
    broken = Prediction(score, values, None, TO_IMAGE, "m")
    assert math.isnan(find(broken, PART, recipe()).score)


def outlined(level: float | None, **defects: float) -> Recipe:
    return recipe(**defects).model_copy(update={"pixel_threshold": level})


def test_a_pixel_threshold_outlines_what_belongs_to_the_defect_and_nothing_else():
    # 0.4 beside the hot place belongs to it, 0.4 elsewhere raised no alarm
    values = heat(y2x3=0.9, y2x4=0.4, y6x6=0.4)
    [defect] = find(prediction(values), PART, outlined(0.3)).defects
    assert defect.box == Box(130, 70, 150, 80)
    assert (defect.area_px, defect.peak) == (200.0, pytest.approx(0.9))
    assert find(prediction(heat(y6x6=0.4)), PART, outlined(0.3)).defects == ()


@pytest.mark.parametrize("level", [0.2, 0.5, 0.7, 0.95])
@pytest.mark.parametrize("score", [0.55, 0.9])
def test_a_rejected_part_has_a_region_wherever_the_outline_is(level, score):
    values = heat(y2x3=score)
    finding = find(prediction(values), PART, outlined(level))
    assert [d.box for d in finding.defects] == [Box(130, 70, 140, 80)]
    assert finding.score == pytest.approx(score)


def test_a_score_that_is_not_of_the_map_shows_the_maps_highest_places():
    said = Prediction(0.9, heat(y2x3=0.4), None, TO_IMAGE, "m")
    for level in (0.3, 0.6):
        finding = find(said, PART, outlined(level))
        assert [d.box for d in finding.defects] == [Box(130, 70, 140, 80)]
    assert find(said, PART, recipe()).defects == ()


MAPS = arrays(np.float32, (8, 8), elements=st.floats(0, 1, width=32))


# a small hot place with a warm neighbour, which the lower outline takes for a part of it
@example(heat(y0x0=0.25, y0x1=1.0), 1.0, 0.25, 350.0)
@given(MAPS, st.floats(0, 1), st.floats(0, 1), st.sampled_from([0.0, 150.0, 350.0]))
def test_a_lower_outline_never_hides_what_a_higher_one_shows(values, one, other, area):
    low, high = sorted((one, other))
    lower = find(prediction(values), PART, outlined(low, min_area_px=area))
    higher = find(prediction(values), PART, outlined(high, min_area_px=area))
    assert lower.score >= higher.score
    if not area:
        assert lower.score == pytest.approx(values.max())
        assert bool(lower.defects) == (lower.score >= 0.5)


@given(MAPS, st.sampled_from([0.0, 150.0, 350.0]))
def test_an_outline_at_t1_is_what_no_outline_is(values, area):
    one = find(prediction(values), PART, outlined(0.5, min_area_px=area))
    other = find(prediction(values), PART, recipe(min_area_px=area))
    assert one == other
