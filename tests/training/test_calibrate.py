"""Folds and conformal thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from inspector.core.manifest import Targets
from inspector.core.whatif import upper_bound
from inspector.errors import InputError
from training.calibrate import (
    TARGET_OVERKILL,
    TARGET_REVIEW,
    Calibration,
    DefectScores,
    calibrate,
    folds,
    pixel_threshold,
)

held_out_scores = st.tuples(st.integers(2, 250), st.integers(1, 4)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(0.01, 1e3))
)


@given(st.integers(2, 300), st.integers(2, 12), st.integers(0, 3))
def test_every_part_is_held_out_once(n: int, count: int, seed: int) -> None:
    groups = folds(n, count, seed)
    assert sorted(np.concatenate(groups).tolist()) == list(range(n))
    sizes = [len(g) for g in groups]
    assert len(groups) == min(n, count)
    assert max(sizes) - min(sizes) <= 1
    assert max(sizes) < n


@pytest.mark.parametrize(("parts", "count"), [(4, 4), (30, 10), (59, 10), (60, 5), (300, 5)])
def test_few_parts_are_held_out_in_smaller_groups(parts: int, count: int) -> None:
    assert len(folds(parts, None, 0)) == count


def test_one_part_cannot_be_held_out() -> None:
    with pytest.raises(ValueError, match="held out"):
        folds(1, 5, 0)


@given(held_out_scores)
def test_promises_hold_on_the_parts_they_come_from(scores: np.ndarray) -> None:
    found = calibrate(scores)
    parts, n = scores.max(axis=1), len(scores)
    assert found.t1 <= found.t2
    assert (parts >= found.t1).sum() <= round((n + 1) * found.overkill_t1) - 1
    assert (parts >= found.t2).sum() == 0 or found.t2 == parts.max()
    # nothing is promised that n parts cannot show
    assert found.overkill_t2 == pytest.approx(1 / (n + 1))
    assert 1 / (n + 1) - 1e-12 <= found.overkill_t1 <= max(TARGET_OVERKILL, 1 / (n + 1)) + 1e-12


@pytest.mark.parametrize(
    ("n", "left_above"), [(2, 0), (50, 0), (98, 0), (99, 0), (199, 1), (213, 1), (320, 2)]
)
def test_rank_of_t1(n: int, left_above: int) -> None:
    found = calibrate(np.arange(1.0, n + 1)[:, None])
    assert (np.arange(1.0, n + 1) >= found.t1).sum() == left_above
    assert found.overkill_t1 == pytest.approx((left_above + 1) / (n + 1))


def test_a_part_counts_as_its_worst_view() -> None:
    scores = np.ones((30, 3))
    assert calibrate(scores).t1 == pytest.approx(1.001)
    scores[7, 2] = 4.0
    assert calibrate(scores).t1 == pytest.approx(4.004)


def test_coverage_of_new_parts() -> None:
    """Over many draws, about as many good parts reach T1 as promised."""
    rng = np.random.default_rng(0)
    above, promised = [], 0.0
    for _ in range(400):
        found = calibrate(rng.gamma(5.0, size=(120, 1)))
        above.append((rng.gamma(5.0, size=50) >= found.t1).mean())
        promised = found.overkill_t1
    assert np.mean(above) == pytest.approx(promised, abs=0.003)


def test_t2_lies_beyond_the_worst() -> None:
    found = calibrate(np.array([[1.0], [2.0], [3.0], [4.0], [5.0]]))
    assert found.t1 == pytest.approx(5.005)
    assert found.t2 == pytest.approx(5.0 + 0.25 * 2.0)


def test_units() -> None:
    found = calibrate(np.arange(1.0, 31.0)[:, None])
    scaled = found.in_units_of(found.t1)
    assert scaled.t1 == 1.0
    assert scaled.t2 == pytest.approx(found.t2 / found.t1)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_must_be_finite(bad: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        calibrate(np.array([[1.0], [bad]]))


def test_basis_states_what_is_known() -> None:
    basis = calibrate(np.arange(1.0, 31.0)[:, None]).basis()
    assert basis.n_good == 30
    assert basis.expected_escape is None
    assert basis.expected_overkill_t1 == pytest.approx(1 / 31)
    assert "unknown" in basis.method


def _defects(scores: np.ndarray, *, synthetic: bool = True) -> DefectScores:
    return DefectScores(scores.reshape(len(scores), -1), synthetic)


def _overlapping(n: int = 200, m: int = 200, seed: int = 0) -> tuple[np.ndarray, DefectScores]:
    rng = np.random.default_rng(seed)
    return rng.normal(1.0, 0.1, (n, 2)), _defects(rng.normal(1.6, 0.25, (m, 2)))


two_sides = st.tuples(st.integers(60, 200), st.integers(100, 200), st.integers(0, 1000)).map(
    lambda drawn: _overlapping(*drawn)
)
shares = st.floats(0.03, 0.5)


@given(two_sides)
def test_without_targets_t1_lies_between_the_two_quantiles(
    sides: tuple[np.ndarray, DefectScores],
) -> None:
    good, defects = sides
    with_defects, without = calibrate(good, defects), calibrate(good)
    assert with_defects.t1 <= without.t1
    assert with_defects.overkill_t1 <= max(TARGET_REVIEW, 1 / (len(good) + 1)) + 1e-12
    assert with_defects.overkill_t2 == pytest.approx(1 / (len(good) + 1))
    assert without.escapes is None


def test_defects_far_away_leave_t1_below_them_and_above_all_good_parts_they_allow() -> None:
    good = np.arange(1.0, 201.0)[:, None]
    assert calibrate(good, _defects(np.full(50, 1e4))).t1 == calibrate(good).t1
    # half of the defects lie among the best 5 % of good parts: T1 goes below them
    near = calibrate(good, _defects(np.r_[np.full(25, 193.0), np.full(25, 1e4)]))
    assert near.t1 < 193.0
    assert near.escapes is not None
    assert near.escapes.missed == 0
    # defects that score as good parts do are out of reach, and cost no review
    hopeless = calibrate(good, _defects(np.full(50, 100.0)))
    assert hopeless.t1 == calibrate(good).t1
    assert hopeless.escapes is not None
    assert hopeless.escapes.share == 1.0


@given(two_sides, shares, shares)
def test_a_stricter_escape_target_never_raises_t1(
    sides: tuple[np.ndarray, DefectScores], one: float, other: float
) -> None:
    strict, lax = (calibrate(*sides, Targets(max_escape=e)) for e in sorted((one, other)))
    assert strict.t1 <= lax.t1 <= calibrate(*sides).t1
    assert strict.escapes is not None
    assert strict.escapes.at_most <= min(one, other)


@given(two_sides, shares, shares)
def test_a_stricter_review_target_never_lowers_t1(
    sides: tuple[np.ndarray, DefectScores], one: float, other: float
) -> None:
    strict, lax = (calibrate(*sides, Targets(max_review=r)) for r in sorted((one, other)))
    assert strict.t1 >= lax.t1
    assert strict.review <= min(one, other) + 1e-9


@given(two_sides, shares, shares)
def test_a_stricter_overkill_target_never_lowers_t2(
    sides: tuple[np.ndarray, DefectScores], one: float, other: float
) -> None:
    strict, lax = (calibrate(*sides, Targets(max_overkill=o)) for o in sorted((one, other)))
    assert strict.t2 >= lax.t2
    assert strict.t1 == lax.t1
    assert strict.overkill_t2 <= min(one, other) + 1e-9


@given(two_sides, shares, shares, shares)
def test_all_promises_are_kept_on_the_parts_they_come_from_or_refused(
    sides: tuple[np.ndarray, DefectScores], escape: float, overkill: float, review: float
) -> None:
    targets = Targets(max_escape=escape, max_overkill=overkill, max_review=review)
    found: Calibration | None = None
    problem = ""
    try:
        found = calibrate(*sides, targets)
    except InputError as error:
        problem = str(error)
    if found is None:
        assert "cannot be met together" in problem
        return
    assert found.t1 <= found.t2
    assert found.review <= review + 1e-9
    assert found.overkill_t2 <= overkill + 1e-9
    assert found.escapes is not None
    assert found.escapes.at_most <= escape
    _check_counts(found, *sides)


def _check_counts(found: Calibration, good: np.ndarray, defects: DefectScores) -> None:
    """The shares are what a judge would find, with one more part for the next one."""
    parts, n = good.max(axis=1), len(good)
    assert found.overkill_t1 == pytest.approx((1 + (parts >= found.t1).sum()) / (n + 1))
    between = (parts >= found.t1) & (parts < found.t2)
    assert found.review == pytest.approx((1 + between.sum()) / (n + 1))
    assert found.escapes is not None
    missed = int((defects.scores.max(axis=1) < found.t1).sum())
    assert found.escapes.missed == missed
    assert found.escapes.at_most == upper_bound(missed, len(defects.scores))


def test_targets_that_cannot_be_met_together_name_the_trade() -> None:
    good = np.arange(1.0, 101.0)[:, None]
    defects = _defects(np.linspace(50.0, 150.0, 100))
    with pytest.raises(
        InputError, match=r"cannot be met together.*review load of 50.5%.*57.7% escapes"
    ) as e:
        calibrate(good, defects, Targets(max_escape=0.05, max_review=0.02))
    assert "0.05" in str(e.value)
    met = calibrate(good, defects, Targets(max_escape=0.05, max_review=0.02, max_overkill=0.6))
    assert met.review <= 0.02


@pytest.mark.parametrize(
    ("targets", "says"),
    [
        (Targets(max_overkill=0.01), r"--max-overkill 0.01: 50 held-out .* 1.96%; 99 good"),
        (Targets(max_review=0.001), r"--max-review 0.001: .*999 good"),
        (Targets(max_escape=0.02), r"--max-escape 0.02: 20 defects .* 13.91%.*149 would"),
    ],
)
def test_promises_beyond_the_images_are_refused(targets: Targets, says: str) -> None:
    good, defects = _overlapping(50, 20)
    with pytest.raises(InputError, match=says):
        calibrate(good, defects, targets)


def test_no_defects_no_promise_on_escapes() -> None:
    with pytest.raises(InputError, match="no less than nothing"):
        calibrate(np.arange(1.0, 51.0)[:, None], None, Targets(max_escape=0.5))


def test_coverage_of_escapes_and_of_t2() -> None:
    """New defects below T1: at most as many as promised in 95 of 100 calibrations."""
    rng = np.random.default_rng(1)
    kept, failed = [], []
    targets = Targets(max_escape=0.1, max_overkill=0.05)
    for _ in range(300):
        good, bad = rng.normal(0, 1, (80, 1)) + 9, rng.normal(2, 1, (120, 1)) + 9
        found = calibrate(good, DefectScores(bad, synthetic=False), targets)
        kept.append((rng.normal(2, 1, 2000) + 9 < found.t1).mean() <= 0.1)
        failed.append((rng.normal(0, 1, 500) + 9 >= found.t2).mean())
    assert np.mean(kept) >= 0.92
    assert np.mean(failed) <= 0.053


def test_known_and_made_up_defects_are_told_apart() -> None:
    good, defects = _overlapping()
    made_up = calibrate(good, defects).basis()
    assert (made_up.n_synthetic, made_up.n_defective) == (200, 0)
    assert made_up.expected_escape is None
    assert made_up.synthetic_escape_at_most is not None
    assert "synthetic" in made_up.method
    known = calibrate(good, DefectScores(defects.scores, synthetic=False)).basis()
    assert (known.n_synthetic, known.n_defective) == (0, 200)
    assert known.synthetic_escape is None
    assert known.escape_at_most is not None
    assert "known defects" in known.method


def test_a_proposal_stands_unless_targets_move_it() -> None:
    good, defects = _overlapping()
    assert calibrate(good, defects, proposed=(1.3, 1.9)).t1 == 1.3
    assert calibrate(good, defects, proposed=(1.3, 1.9)).t2 == 1.9
    moved = calibrate(good, defects, Targets(max_escape=0.05), proposed=(1.9, 1.9))
    assert moved.t1 < 1.9


def test_the_pixel_threshold_is_what_one_place_in_a_thousand_reaches() -> None:
    maps = np.arange(10_000, dtype=np.float32).reshape(4, 1, 50, 50)
    level = pixel_threshold(maps)
    assert (maps >= level).sum() <= 10
    assert (maps >= level * 0.998).sum() >= 5
    good = maps.max(axis=(2, 3)).astype(np.float64)
    found = calibrate(good, maps=maps)
    assert found.pixel is not None
    assert found.pixel <= found.t1
    assert found.in_units_of(2.0).pixel == found.pixel / 2.0
    assert calibrate(good).pixel is None


def test_the_outline_never_lies_above_t1() -> None:
    maps = np.arange(10_000, dtype=np.float32).reshape(4, 1, 50, 50)
    good = maps.max(axis=(2, 3)).astype(np.float64)
    low = _defects(np.full(100, 5000.0))
    found = calibrate(good, low, Targets(max_escape=0.05), maps=maps)
    assert found.pixel == found.t1 < pixel_threshold(maps)


def _t1_rank(parts: int, missed_less: int) -> int:
    """How many good parts reach T1, where each step down finds so many of 20 defects more."""
    good = np.arange(1.0, parts + 1)[:, None]
    steps = [parts - k - 0.5 for k in range(20 // missed_less)] if missed_less else [0.5]
    bad = np.repeat(steps, missed_less or 20)[:20, None]
    found = calibrate(good, DefectScores(bad, synthetic=True))
    return int((good[:, 0] >= found.t1).sum())


@pytest.mark.parametrize(
    ("parts", "missed_less", "reviewed"),
    # with few parts a step down that pays for itself is taken, up to three in review
    [(23, 1, 2), (23, 3, 2), (23, 0, 1), (100, 1, 3), (300, 0, 2), (300, 1, 13)],
)
def test_few_parts_put_t1_on_the_safe_side(parts: int, missed_less: int, reviewed: int) -> None:
    assert _t1_rank(parts, missed_less) == reviewed
