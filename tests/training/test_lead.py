"""Leads of one method over another on few parts."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from sklearn.metrics import roc_auc_score

from training.lead import Scored, least_lead
from training.methods import auto

KINDS = 10


def method(found: Sequence[float]) -> Scored:
    """Of each part's defects it finds so large a share: those score above every good part."""
    bad = [[float(kind < round(share * KINDS)) for kind in range(KINDS)] for share in found]
    return Scored(np.full(len(found), 0.5), np.array(bad))


@given(st.integers(2, 12), st.integers(0, 2**32 - 1))
def test_auroc_is_that_of_scikit_learn(count: int, seed: int) -> None:
    chance = np.random.default_rng(seed)
    # few levels, so that there are ties
    scored = Scored(chance.integers(0, 5, count) / 4, chance.integers(1, 6, (count, 3)) / 4)
    truth = np.r_[np.zeros(count), np.ones(count)]
    expected = [roc_auc_score(truth, np.r_[scored.good, column]) for column in scored.bad.T]
    assert scored.auroc == pytest.approx(expected)


def test_a_lead_that_every_part_shares_is_sure() -> None:
    lead = least_lead(method([0.8] * 9), method([0.6] * 9), seed=0)
    assert lead == pytest.approx(0.2)


def test_the_bound_is_students() -> None:
    """Where good parts are all alike the lead is a plain mean over parts, with a known bound."""
    chance = np.random.default_rng(5)
    simpler = method([0.5] * 40)
    better = method(list(chance.integers(3, 10, 40) / 10))
    leads = (better.bad - simpler.bad).mean(axis=1)
    expected = leads.mean() - student.ppf(0.99, 39) * leads.std(ddof=1) / np.sqrt(40)
    assert least_lead(better, simpler, seed=0) == pytest.approx(expected, abs=0.008)


def test_of_a_handful_of_parts_nothing_is_sure() -> None:
    better, simpler = method([1.0] * 7), method([0.1] * 7)
    assert least_lead(better, simpler, seed=0) == -math.inf
    assert not auto.beats(better, simpler, seed=0)


def test_scores_must_be_numbers() -> None:
    with pytest.raises(ValueError, match="not finite"):
        Scored(np.array([0.5, math.nan]), np.zeros((2, 3)))


def test_the_same_method_leads_by_nothing() -> None:
    one = method([0.3, 0.9, 0.5, 0.7] * 2)
    assert least_lead(one, one, seed=0) == 0


@pytest.mark.parametrize(("repeats", "sure"), [(2, False), (4, False), (40, True)])
def test_many_parts_make_sure_what_few_leave_open(repeats: int, sure: bool) -> None:
    """Better by .06 in the mean: much better on some parts, worse on others."""
    better = method([1.0, 0.4, 0.8, 0.3, 0.8] * repeats)
    simpler = method([0.6] * 5 * repeats)
    assert better.mean - simpler.mean == pytest.approx(0.06)
    assert (least_lead(better, simpler, seed=0) > 0) is sure
    assert auto.beats(better, simpler, seed=0) is sure


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"a": 0.7}, "a"),
        ({"a": 0.7, "b": 0.7}, "a"),
        ({"a": 0.7, "b": 0.8}, "b"),
        ({"a": 0.7, "b": 0.8, "c": 0.8}, "b"),
        ({"a": 0.7, "b": 0.7, "c": 0.8}, "c"),
        ({"a": 0.9, "b": 0.8, "c": 0.8}, "a"),
    ],
)
def test_a_simpler_method_wins_ties(found: dict[str, float], expected: str) -> None:
    findings = {name: method([share] * 20) for name, share in found.items()}
    assert auto.choose(findings, seed=0) == expected


def test_a_sure_lead_within_the_margin_is_not_worth_it() -> None:
    better, simpler = method([0.7] * 200), method([0.7] * 186 + [0.6] * 14)
    assert 0 < better.mean - simpler.mean < auto.MARGIN
    assert least_lead(better, simpler, seed=0) > 0
    assert not auto.beats(better, simpler, seed=0)
