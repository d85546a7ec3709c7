"""Thresholds from few validation images."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.thresholds import choose_thresholds

PROBABILITIES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


def test_between_two_groups() -> None:
    scores = np.array([0.01] * 20 + [0.02] * 20 + [0.97] * 5)
    t1, t2 = choose_thresholds(scores, scores > 0.5)
    assert 0.05 < t1 == t2 < 0.95


def test_one_low_defect_does_not_drag_t1_through_the_good_ones() -> None:
    scores = np.array([0.2] * 40 + [0.9] * 6 + [0.05])
    defective = np.arange(47) >= 40
    t1, _ = choose_thresholds(scores, defective)
    assert t1 > 0.3


def test_good_images_above_t1_are_left_to_review() -> None:
    scores = np.array([0.05] * 20 + [0.8] + [0.9] * 10)
    defective = np.arange(31) >= 21
    t1, t2 = choose_thresholds(scores, defective)
    assert t1 < 0.8 < t2


@given(PROBABILITIES, PROBABILITIES)
def test_ordered_probabilities_whatever_the_scores(good: list[float], bad: list[float]) -> None:
    scores = np.array(good + bad)
    t1, t2 = choose_thresholds(scores, np.arange(len(scores)) >= len(good))
    assert 0 < t1 <= t2
    assert t1 < 1
    assert np.isfinite(t2)


def test_both_kinds_are_needed() -> None:
    for flag in (True, False):
        with pytest.raises(ValueError, match="good and defective"):
            choose_thresholds(np.array([0.5, 0.6]), np.array([flag, flag]))
