"""Parsing of ``sim:`` addresses."""

from __future__ import annotations

import pytest

from inspector.errors import SourceOpenError
from inspector.sources.simulator.spec import parse_spec


def test_category_alone_gives_an_endless_720p_line():
    spec = parse_spec("sim:metal_nut")
    assert (spec.width, spec.height, spec.fps) == (1280, 720, 30.0)
    assert (spec.cycle, spec.frame_count) == (30, None)


def test_every_key_is_taken():
    spec = parse_spec(
        "sim:bottle_cap?seed=7&defect_rate=0.25&defects=dent,stain&severity=0.4-0.8&width=1920"
        "&height=1080&fps=60&belt=moving&parts=3&frames=50&empty=1&slide=2&rest=3&jitter=0"
        "&tilt=1.5&noise=0&flicker=0.02"
    )
    assert (spec.seed, spec.defect_rate, spec.defect_kinds) == (7, 0.25, ("dent", "stain"))
    assert (spec.severity, spec.belt, spec.cycle) == ((0.4, 0.8), "moving", 8)
    assert (spec.jitter, spec.tilt, spec.noise, spec.flicker) == (0.0, 1.5, 0.0, 0.02)


@pytest.mark.parametrize(
    ("query", "count"),
    [("parts=3", 90), ("frames=50", 50), ("parts=3&frames=50", 50), ("parts=1&frames=50", 30)],
)
def test_the_nearer_limit_ends_the_stream(query, count):
    assert parse_spec(f"sim:metal_nut?{query}").frame_count == count


@pytest.mark.parametrize(
    ("size", "roi"),
    [
        ("width=1280&height=720", "320,40,640,640"),
        ("width=1920&height=1080", "480,60,960,960"),
        ("width=720&height=1280", "40,320,640,640"),
    ],
)
def test_roi_scales_with_the_frame(size, roi):
    assert str(parse_spec(f"sim:metal_nut?{size}").roi) == roi


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("sim:teapot", "metal_nut, bottle_cap"),
        ("sim:", "metal_nut, bottle_cap"),
        ("metal_nut", "sim:CATEGORY"),
        ("sim:metal_nut?colour=red", "defect_rate"),
        ("sim:metal_nut?seed", "key=value"),
        ("sim:metal_nut?seed=1&seed=2", "twice"),
        ("sim:metal_nut?seed=-1", "whole number"),
        ("sim:metal_nut?seed=", "whole number"),
        ("sim:metal_nut?seed=1_0", "whole number"),
        ("sim:metal_nut?defect_rate=1.5", "share from 0 to 1"),
        ("sim:metal_nut?defect_rate=nan", "share from 0 to 1"),
        ("sim:metal_nut?width=641", "even number"),
        ("sim:metal_nut?width=99999", "even number"),
        ("sim:metal_nut?fps=0", "0.1"),
        ("sim:metal_nut?belt=sideways", "indexing or moving"),
        ("sim:metal_nut?parts=0", "from 1"),
        ("sim:metal_nut?rest=0", "from 1"),
        ("sim:metal_nut?severity=0.9-0.2", "LOW-HIGH"),
        ("sim:metal_nut?severity=nan", "LOW-HIGH"),
        ("sim:metal_nut?defects=misprint", "scratch"),
        ("sim:metal_nut?defects=dent,,chip", "commas"),
    ],
)
def test_bad_address_is_refused_in_one_line_that_names_what_is_known(text, names):
    with pytest.raises(SourceOpenError) as caught:
        parse_spec(text)
    message = str(caught.value)
    assert names in message
    assert repr(text) in message
    assert "\n" not in message
