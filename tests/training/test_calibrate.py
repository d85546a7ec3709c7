"""Folds and conformal thresholds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from training.calibrate import TARGET_OVERKILL, calibrate, folds

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
