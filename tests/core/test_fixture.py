"""Fixture documents: what a package may say."""

from __future__ import annotations

import base64
import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from inspector.core.fixture import AxisSpec, FixtureSpec, NoFixture, TemplateSpec

SPECS: TypeAdapter[FixtureSpec] = TypeAdapter(FixtureSpec)

AXIS = {
    "kind": "axis",
    "segmentation": {
        "level": {"weights": [0.1, 0.6, 0.3], "offset": 0, "polarity": "dark", "bias": 0.5},
        "area": {"low": 0.05, "high": 0.2},
        "elongation": {"low": 3.0, "high": 8.0},
        "contrast": 30.0,
    },
    "turns": True,
    "ambiguous_end": False,
    "ends": {"by": "width", "reach": 0.5, "weights": [0.25] * 16, "min_cosine": 0.3},
    "crop_length": 0.98,
    "crop_width": 0.35,
    "offset_down": 0.05,
    "offset_across": 0.0,
    "n_images": 320,
    "located_share": 1.0,
}
TEMPLATE = {
    "kind": "template",
    "height": 16,
    "width": 20,
    "reference": base64.b64encode(bytes(range(160)) * 2).decode(),
    "max_shift": 0.1,
    "max_angle": 5.0,
    "min_correlation": 0.6,
    "n_images": 20,
    "located_share": 1.0,
}


def changed(document, path, value):
    result = copy.deepcopy(document)
    *folders, last = path.split(".")
    place = result
    for key in folders:
        place = place[key]
    place[last] = value
    return result


@pytest.mark.parametrize(
    ("document", "kind"),
    [({"kind": "none"}, NoFixture), (AXIS, AxisSpec), (TEMPLATE, TemplateSpec)],
)
def test_documents_survive_a_round_trip(document, kind):
    spec = SPECS.validate_json(json.dumps(document))
    assert type(spec) is kind
    assert SPECS.validate_json(SPECS.dump_json(spec)) == spec


def test_reference_pixels():
    pixels = SPECS.validate_python(TEMPLATE).pixels()
    assert pixels.shape == (16, 20)
    assert pixels[0, :3].tolist() == [0, 1, 2]
    assert not pixels.flags.writeable


@pytest.mark.parametrize(
    ("document", "path", "value", "complaint"),
    [
        (AXIS, "kind", "homography", "kind"),
        (AXIS, "secret", 1, "secret"),
        (AXIS, "turns", False, "ends"),
        (AXIS, "ambiguous_end", True, "ends"),
        (AXIS, "ends", None, "ends"),
        (AXIS, "crop_length", 2.5, "crop_length"),
        (AXIS, "crop_width", 0, "crop_width"),
        (AXIS, "offset_down", float("nan"), "offset_down"),
        (AXIS, "segmentation.area", {"low": 0.3, "high": 0.2}, "low <= high"),
        (AXIS, "segmentation.contrast", float("inf"), "contrast"),
        (AXIS, "segmentation.level.weights", [1, 0], "weights"),
        (AXIS, "segmentation.level.weights", [1e9, 0, 0], "weights"),
        (AXIS, "segmentation.level.polarity", "grey", "polarity"),
        (AXIS, "segmentation.level.bias", 1, "bias"),
        (AXIS, "ends.weights", [0.1] * 15, "weights"),
        (AXIS, "ends.weights", [0.1] * 100000, "weights"),
        (AXIS, "ends.weights", [float("nan")] * 16, "weights"),
        (TEMPLATE, "reference", "not base64!", "base64"),
        (TEMPLATE, "reference", "é", "base64"),
        (TEMPLATE, "reference", base64.b64encode(bytes(range(200))).decode(), "20×16"),
        (TEMPLATE, "reference", base64.b64encode(bytes(320)).decode(), "blank"),
        (TEMPLATE, "reference", "A" * 10**6, "65536"),
        (TEMPLATE, "height", 100000, "128"),
        (TEMPLATE, "max_shift", 0.9, "max_shift"),
        (TEMPLATE, "max_angle", -1, "max_angle"),
        (TEMPLATE, "min_correlation", float("nan"), "min_correlation"),
    ],
)
def test_what_is_out_of_bounds_is_refused(document, path, value, complaint):
    with pytest.raises(ValidationError, match=complaint):
        SPECS.validate_json(json.dumps(changed(document, path, value)))


@given(st.text(max_size=500))
def test_any_reference_is_refused_cleanly_or_fits(text):
    try:
        spec = SPECS.validate_python(changed(TEMPLATE, "reference", text))
    except ValidationError:
        return
    assert spec.pixels().shape == (16, 20)
