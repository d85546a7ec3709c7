"""Kinematics and truth, without any pixels."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.sources.simulator.belt import placement, span
from inspector.sources.simulator.parts import CATEGORIES
from inspector.sources.simulator.spec import parse_spec
from inspector.sources.simulator.truth import all_truth, part_truth, plan_part

SPECS = st.builds(
    lambda **keys: replace(parse_spec("sim:metal_nut"), **keys),
    belt=st.sampled_from(("indexing", "moving")),
    empty=st.integers(0, 9),
    slide=st.integers(0, 20),
    rest=st.integers(1, 20),
    seed=st.integers(0, 2**32 - 1),
)


@given(SPECS, st.integers(0, 5))
def test_part_is_in_view_in_exactly_the_frames_of_its_span(spec, part):
    at = span(spec, part)
    for frame in range(part * spec.cycle, (part + 1) * spec.cycle):
        seen = placement(spec, frame)
        assert (seen is not None) == (at.first <= frame <= at.last)
        assert seen is None or seen.part == part


@given(SPECS, st.integers(0, 5))
def test_part_only_moves_forward_and_rests_where_the_truth_says(spec, part):
    at = span(spec, part)
    offsets = [placement(spec, frame).offset for frame in range(at.first, at.last + 1)]
    assert offsets == sorted(offsets)
    if spec.belt == "moving":
        assert at.rest_first is None
        assert len(set(offsets)) == len(offsets)
    else:
        still = [at.first + k for k, offset in enumerate(offsets) if offset == 0]
        assert (still[0], still[-1], len(still)) == (at.rest_first, at.rest_last, spec.rest)


def test_default_pattern_is_that_of_the_development_footage():
    truth = part_truth(parse_spec("sim:metal_nut"), 1)
    frames = (truth.first_frame, truth.last_frame, truth.rest_first, truth.rest_last)
    assert frames == (34, 59, 42, 51)


@pytest.mark.parametrize(
    ("frames", "expected"),
    [(4, []), (5, [(4, 4, None, None)]), (13, [(4, 12, 12, 12)]), (34, [(4, 29, 12, 21)])],
)
def test_truth_is_cut_where_the_stream_ends(frames, expected):
    truth = all_truth(parse_spec(f"sim:metal_nut?frames={frames}"))
    assert [(t.first_frame, t.last_frame, t.rest_first, t.rest_last) for t in truth] == expected


@pytest.mark.parametrize("category", CATEGORIES)
@pytest.mark.parametrize(("rate", "low", "high"), [(0.0, 0, 0), (0.25, 60, 140), (1.0, 400, 400)])
def test_defect_rate_is_kept_and_all_kinds_come(category, rate, low, high):
    spec = parse_spec(f"sim:{category}?defect_rate={rate}&severity=0.3-0.6")
    flaws = [flaw for k in range(400) if (flaw := plan_part(spec, k).flaw)]
    assert low <= len(flaws) <= high
    assert all(0.3 <= flaw.severity <= 0.6 for flaw in flaws)
    assert not flaws or {f.kind for f in flaws} == set(CATEGORIES[category].defects)


def test_only_the_chosen_kinds_are_drawn():
    spec = parse_spec("sim:metal_nut?defect_rate=1&defects=dent,chip")
    assert {plan_part(spec, k).flaw.kind for k in range(40)} == {"dent", "chip"}


def test_jitter_scales_with_the_frame_and_stays_in_bounds():
    spec = parse_spec("sim:metal_nut?width=1920&height=1080&jitter=6&tilt=3")
    plans = [plan_part(spec, k) for k in range(200)]
    reach = max(abs(v) for plan in plans for v in plan.shift)
    assert 8.0 < reach <= 9.0
    assert max(abs(plan.angle) for plan in plans) <= 0.0524
