"""Intervals against published values and by their properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.intervals import bootstrap, f1_interval, mean_interval, wilson


@pytest.mark.parametrize(
    ("share", "n", "expected"),
    [
        (0.0, 0, [0.0, 1.0]),
        (0.0, 40, [0.0, 0.08762]),
        (1.0, 40, [0.91238, 1.0]),
        (81 / 263, 263, [0.2553, 0.3662]),  # Newcombe 1998, table I
        (15 / 148, 148, [0.0624, 0.1605]),
    ],
)
def test_wilson(share: float, n: int, expected: list[float]) -> None:
    assert wilson(share, n) == pytest.approx(expected, abs=1e-4)


COUNTS = st.integers(0, 200)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_f1_lies_in_its_interval(tp: int, fp: int, fn: int, tn: int) -> None:
    low, high = f1_interval(tp, fp, fn, tn)
    seen = 2 * tp / max(2 * tp + fp + fn, 1)
    assert 0 <= low <= seen <= high <= 1
    assert [low, high] == f1_interval(tp, fp, fn, tn)


def test_a_perfect_f1_is_no_certainty() -> None:
    low, high = f1_interval(40, 0, 0, 60)
    assert 0.9 < low < 0.99
    assert high == 1.0


def test_bootstrap_of_a_mean() -> None:
    values = np.random.default_rng(1).normal(5, 2, 400)
    low, high = bootstrap(lambda w: float(w @ values / w.sum()), 400)
    assert low < values.mean() < high
    assert high - low == pytest.approx(2 * 1.96 * 2 / 20, rel=0.2)


def test_bootstrap_leaves_out_what_cannot_be_said() -> None:
    assert bootstrap(lambda w: float("nan"), 3) == [0.0, 1.0]


def test_interval_of_a_mean() -> None:
    assert mean_interval([1.0]) is None
    assert mean_interval([2.0, 2.0]) == [2.0, 2.0]
    # five values, t = 2.776
    assert mean_interval([1, 2, 3, 4, 5]) == pytest.approx([1.0368, 4.9632], abs=1e-4)
