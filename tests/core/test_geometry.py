from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.geometry import Affine, Box, Roi, bounding_box
from inspector.errors import ConfigError

coefficient = st.floats(-10, 10, allow_nan=False)
affines = st.builds(Affine, *[coefficient] * 6)


@given(affines, affines, coefficient, coefficient)
def test_then_applies_the_first_map_first(first, second, x, y):
    joined = first.then(second).apply(x, y)
    assert joined == pytest.approx(second.apply(*first.apply(x, y)), rel=1e-6, abs=1e-6)


@given(affines.filter(lambda m: m.area_scale > 0.05), coefficient, coefficient)
def test_inverse_undoes(affine, x, y):
    there = affine.apply(x, y)
    assert affine.inverse().apply(*there) == pytest.approx((x, y), rel=1e-6, abs=1e-3)


def test_singular_map_has_no_inverse():
    with pytest.raises(ValueError, match="singular"):
        Affine.scaling(0, 1).inverse()


def test_box_maps_edges_to_edges():
    model_to_image = Affine.scaling(4, 2).then(Affine.translation(100, 50))
    assert model_to_image.box(Box(1, 2, 3, 4)) == Box(104, 54, 112, 58)


def test_box_helpers():
    assert Box(0, 0, 4, 3).area == 12
    assert Box(-5, 2, 50, 9).clipped(10, 5) == Box(0, 2, 10, 5)
    assert bounding_box([Box(1, 1, 2, 2), Box(5, 0, 6, 1)]) == Box(1, 0, 6, 2)
    with pytest.raises(ValueError, match="order"):
        Box(3, 0, 2, 1)


@pytest.mark.parametrize("text", ["", "1,2,3", "a,b,c,d", "1,2,3,4,5", "0,0,0,4", "-1,0,2,2"])
def test_bad_roi_text(text):
    with pytest.raises(ConfigError, match="ROI"):
        Roi.parse(text)


def test_roi_text_round_trip():
    assert str(Roi.parse("320,40,640,640")) == "320,40,640,640"
