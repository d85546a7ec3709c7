"""Counts folded by time and by name."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.inspection import Verdict
from inspector.core.trend import By, Cell, ShiftPlan, control_chart, fold, total

UTC = dt.UTC
DAY = dt.datetime(2026, 3, 1, tzinfo=UTC)
V = Verdict


def cell(
    hour: float, verdict: Verdict = V.PASS, count: int = 1, *, job: str | None = "caps"
) -> Cell:
    return Cell(DAY + dt.timedelta(hours=hour), job, "m@1", "r", verdict, count)


@pytest.mark.parametrize(
    ("by", "names"),
    [
        (By.HOUR, ["2026-03-01 05:00", "2026-03-01 06:00", "2026-03-01 23:00"]),
        (By.SHIFT, ["2026-02-28 22:00", "2026-03-01 06:00", "2026-03-01 22:00"]),
        (By.DAY, ["2026-03-01"]),
        (By.JOB, ["", "caps"]),
        (By.MODEL, ["m@1"]),
        (By.RECIPE, ["r"]),
    ],
)
def test_groups_by_time_and_by_name(by: By, names: list[str]) -> None:
    cells = [cell(23.5), cell(6.25), cell(5.75, V.FAIL), cell(6, job=None)]
    assert [g.name for g in fold(cells, by, zone=UTC)] == names


def test_a_quarter_belongs_to_the_hour_of_its_zone() -> None:
    india = dt.timezone(dt.timedelta(hours=5, minutes=30))
    (group,) = fold([cell(0.5), cell(1.25)], By.HOUR, zone=india)
    assert (group.name, group.tally.total) == ("2026-03-01 06:00", 2)


@given(
    st.lists(
        st.tuples(st.integers(0, 999), st.sampled_from([V.PASS, V.FAIL]), st.integers(1, 9)),
        max_size=30,
    ),
    st.sampled_from(By),
)
def test_no_part_is_lost_or_counted_twice(rows: list[tuple[int, Verdict, int]], by: By) -> None:
    cells = [cell(quarter / 4, verdict, n) for quarter, verdict, n in rows]
    groups = fold(cells, by, zone=UTC)
    assert sum(g.tally.total for g in groups) == total(cells).total == sum(n for *_, n in rows)
    begins = [g.begin for g in groups if g.begin is not None]
    assert begins == sorted(begins)
    assert bool(begins) == (by.is_time and bool(rows))


@pytest.mark.parametrize("hours", [19, 20])
def test_limits_from_twenty_subgroups_on(hours: int) -> None:
    cells = [c for h in range(hours) for c in (cell(h, count=9), cell(h, V.FAIL))]
    chart = control_chart(fold(cells, By.HOUR, zone=UTC))
    assert (chart is None) == (hours < 20)
    if chart is not None:
        assert chart.center == pytest.approx(0.1)


@pytest.mark.parametrize("begins", [(), (14, 6), (6, 6), (24,)])
def test_a_plan_of_shifts_must_rise(begins: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rising"):
        ShiftPlan(begins)
