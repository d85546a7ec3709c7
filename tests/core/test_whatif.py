from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.inspection import Verdict
from inspector.core.recipe import Recipe, Thresholds, judge
from inspector.core.whatif import Rate, ScoreBook, ScoredPart, upper_bound

SCORES = st.floats(0, 2).map(lambda v: round(v, 1)) | st.just(math.nan)
PARTS = st.lists(st.builds(ScoredPart, SCORES, st.sampled_from([True, False, None])), max_size=40)


def test_of_nothing_nothing_is_known():
    found = ScoreBook([]).expect(0.5, 0.8)
    for rate in (found.escape, found.overkill, found.review, found.passed, found.failed):
        assert rate == Rate(0, 0)
        assert rate.share is None
        assert rate.at_most == 1.0


def test_counts_at_thresholds():
    parts = [
        ScoredPart(0.1, is_bad=False),
        ScoredPart(0.5, is_bad=False),
        ScoredPart(0.9, is_bad=False),
        ScoredPart(0.4, is_bad=True),
        ScoredPart(0.8, is_bad=True),
        ScoredPart(0.6),
        ScoredPart(math.nan, is_bad=True),
    ]
    found = ScoreBook(parts).expect(0.5, 0.8)
    assert found.escape == Rate(1, 2)
    assert found.overkill == Rate(2, 3)
    assert found.hard_overkill == Rate(1, 3)
    assert found.review == Rate(2, 6)
    assert (found.passed, found.failed) == (Rate(2, 6), Rate(2, 6))
    assert found.unscored == 1


@given(PARTS, st.floats(0, 2), st.floats(0, 2))
def test_it_counts_as_the_judge_judges(parts, one, two):
    t1, t2 = sorted((round(one, 1), round(two, 1)))
    recipe = Recipe(model_sha256="a" * 64, thresholds=Thresholds(t1=t1, t2=t2))
    scored = [p for p in parts if math.isfinite(p.score)]
    verdicts = [(judge(p.score, recipe), p.is_bad) for p in scored]
    book = ScoreBook(parts)
    found = book.expect(t1, t2)
    assert found.escape.count == verdicts.count((Verdict.PASS, True))
    assert found.review.count == sum(v is Verdict.REVIEW for v, _ in verdicts)
    assert found.failed.count == sum(v is Verdict.FAIL for v, _ in verdicts)
    assert found.overkill.count == sum(v.is_reject and bad is False for v, bad in verdicts)
    assert found.hard_overkill.count == verdicts.count((Verdict.FAIL, False))
    assert found.passed.count + found.review.count + found.failed.count == len(scored)
    assert sorted([*book.good, *book.bad, *book.unknown]) == sorted(p.score for p in scored)
    assert len(book.unknown) == sum(p.is_bad is None for p in scored)


@given(PARTS)
def test_raising_t1_never_lowers_escapes_nor_raises_overkill(parts):
    book = ScoreBook(parts)
    found = [book.expect(t, 2.0) for t in np.arange(0, 2, 0.1)]
    escapes = [f.escape.count for f in found]
    overkills = [f.overkill.count for f in found]
    assert escapes == sorted(escapes)
    assert overkills == sorted(overkills, reverse=True)


def test_thresholds_in_the_wrong_order_are_refused():
    with pytest.raises(ValueError, match="must not be above"):
        ScoreBook([]).expect(0.9, 0.8)


@pytest.mark.parametrize("n", [10, 150, 10_000])
def test_no_miss_in_n_supports_about_three_over_n(n: int):
    assert upper_bound(0, n) == pytest.approx(3 / n, rel=0.15)
    assert upper_bound(0, n) <= 3 / n


@pytest.mark.parametrize(
    # one-sided Clopper–Pearson bounds by the beta distribution (scipy.stats.beta.ppf)
    ("count", "n", "bound"),
    [(0, 1, 0.95), (1, 10, 0.3942), (2, 20, 0.2826), (5, 50, 0.1988), (10, 10, 1.0)],
)
def test_bounds_of_tables(count: int, n: int, bound: float):
    assert upper_bound(count, n) == pytest.approx(bound, abs=2e-4)


def test_the_bound_goes_over_smoothly_from_exact_to_wilson():
    assert upper_bound(200, 2000) == pytest.approx(upper_bound(201, 2000), rel=0.01)


@given(st.integers(0, 300), st.integers(0, 2000))
def test_the_bound_is_above_the_share_and_shrinks_with_n(count: int, more: int):
    n = count + more + 1
    assert count / n < upper_bound(count, n) <= 1
    assert upper_bound(count, 2 * n) < upper_bound(count, n)


def test_no_count_above_n():
    with pytest.raises(ValueError, match="0 <= count <= n"):
        upper_bound(3, 2)
