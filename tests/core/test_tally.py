"""Counting, and its algebra; charts against worked examples."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.inspection import Verdict
from inspector.core.tally import Cusum, Tally, p_chart

V = Verdict
CAUSES = st.tuples(
    st.sampled_from([V.PASS, V.REVIEW, V.INVALID, V.FAIL]),
    st.none() | st.sampled_from(["", "dark", "nobody saw it"]),
)
LISTS = st.lists(CAUSES, max_size=30)
TALLIES = LISTS.map(Tally.of)


@given(TALLIES, TALLIES, TALLIES)
def test_merge_is_associative_and_commutative(a: Tally, b: Tally, c: Tally) -> None:
    assert a.merge(b).merge(c) == a.merge(b.merge(c))
    assert a.merge(b) == b.merge(a)
    assert a.merge(Tally()) == a == Tally().merge(a)


@given(LISTS, LISTS)
def test_merged_tallies_are_the_tally_of_all(one, other) -> None:
    merged = Tally.of(one).merge(Tally.of(other))
    assert merged == Tally.of([*other, *one])
    assert merged.total == len(one) + len(other) == merged.passed + merged.rejected
    assert hash(merged) == hash(Tally.of([*other, *one]))


@given(TALLIES)
def test_pareto_holds_every_reject_once_in_falling_order(tally: Tally) -> None:
    causes = tally.pareto()
    assert sum(c.count for c in causes) == tally.rejected
    assert [c.count for c in causes] == sorted((c.count for c in causes), reverse=True)
    assert all(c.verdict is not V.PASS for c in causes)
    if causes:
        assert causes[-1].cumulative == 1.0
        assert math.isclose(sum(c.share for c in causes), 1.0)


def test_yield_and_ppm() -> None:
    tally = Tally.of([(V.PASS, None)] * 996 + [(V.FAIL, None)] * 2 + [(V.INVALID, "dark")] * 2)
    assert tally.passed_share == 0.996
    assert tally.ppm == 4000.0
    assert [tally.count(v) for v in (V.PASS, V.FAIL, V.REVIEW, V.INVALID)] == [996, 2, 0, 2]


def test_of_nothing_nothing_is_known() -> None:
    assert (Tally().passed_share, Tally().ppm, Tally().pareto()) == (None, None, ())


def test_no_part_is_not_counted_but_refused() -> None:
    with pytest.raises(ValueError, match="NO_PART"):
        Tally.of([(V.NO_PART, None)])


def test_p_chart_limits_and_a_point_outside() -> None:
    chart = p_chart([(5, 100)] * 19 + [(25, 100)])
    assert chart is not None
    assert chart.center == pytest.approx(0.06)
    spread = 3 * math.sqrt(0.06 * 0.94 / 100)
    assert chart.points[0].upper == pytest.approx(0.06 + spread)
    assert chart.points[0].lower == 0.0
    assert [p.outside for p in chart.points] == [False] * 19 + [True]
    # the 8th in a row below the center and all after it signal, the one above does not
    assert [p.run for p in chart.points] == [False] * 7 + [True] * 12 + [False]


def test_p_chart_on_its_center_is_no_run_and_limits_follow_the_size() -> None:
    chart = p_chart([(10, 100), (40, 400)] * 10)
    assert chart is not None
    assert not any(p.run or p.outside for p in chart.points)
    assert chart.points[1].upper < chart.points[0].upper


def test_p_chart_wants_twenty_subgroups_with_parts() -> None:
    assert p_chart([(1, 10)] * 19) is None
    assert p_chart([]) is None
    for bad in ((0, 0), (2, 1), (-1, 5)):
        with pytest.raises(ValueError, match="subgroup"):
            p_chart([(1, 10)] * 20 + [bad])


def parts_until_alarm(rejects: list[bool]) -> int | None:
    state = Cusum(p0=0.01, p1=0.05, limit=3.0)
    for number, rejected in enumerate(rejects, start=1):
        state = state.after(rejected=rejected)
        if state.alarm:
            return number
    return None


def test_cusum_follows_the_likelihood_ratio() -> None:
    state = Cusum(p0=0.01, p1=0.05, limit=3.0).after(rejected=True)
    assert state.value == pytest.approx(math.log(5))
    assert state.after(rejected=False).value == pytest.approx(math.log(5) + math.log(0.95 / 0.99))


def test_cusum_alarms_on_a_worse_line_and_not_on_the_usual_one() -> None:
    usual = [n % 100 == 99 for n in range(5000)]
    worse = [n % 20 == 19 for n in range(200)]
    assert parts_until_alarm(usual) is None
    assert parts_until_alarm(usual + worse) in range(5001, 5100)


def test_cusum_never_stores_up_good_luck() -> None:
    state = Cusum(p0=0.01, p1=0.05, limit=3.0)
    for _ in range(10_000):
        state = state.after(rejected=False)
    assert state.value == 0.0


@pytest.mark.parametrize(("p0", "p1", "limit"), [(0, 0.1, 1), (0.1, 0.1, 1), (0.1, 1, 1)])
def test_cusum_refuses_what_makes_no_sense(p0: float, p1: float, limit: float) -> None:
    with pytest.raises(ValueError, match="p0"):
        Cusum(p0, p1, limit)
    with pytest.raises(ValueError, match="limit"):
        Cusum(0.01, 0.05, 0.0)
