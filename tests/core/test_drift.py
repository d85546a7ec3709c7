"""Whether scores moved: by how much, and not by chance."""

from __future__ import annotations

import numpy as np
import pytest

from inspector.core.drift import LEAST, Drift, compare, ks_distance, stability_index

RNG = np.random.default_rng(5)
REFERENCE = RNG.normal(0.3, 0.05, 1000)


@pytest.mark.parametrize(
    ("recent", "state"),
    [
        (RNG.normal(0.3, 0.05, 1000), Drift.STABLE),
        (RNG.normal(0.32, 0.05, 1000), Drift.MODERATE),
        (RNG.normal(0.4, 0.05, 1000), Drift.MAJOR),
        (RNG.normal(0.3, 0.15, 1000), Drift.MAJOR),
        (REFERENCE[: LEAST - 1], Drift.UNKNOWN),
    ],
)
def test_what_is_told(recent: np.ndarray, state: Drift) -> None:
    assert compare(list(REFERENCE), list(recent)).state is state


def test_psi_by_hand() -> None:
    before = np.arange(100.0)
    now = np.concatenate([np.full(50, 0.0), np.full(50, 99.0)])
    # deciles hold 0.1 each before; afterwards the first and last hold a half, the others none
    empty = 1e-4
    expected = 2 * 0.4 * np.log(5) + 8 * (empty - 0.1) * np.log(empty / 0.1)
    assert stability_index(before, now) == pytest.approx(expected)


def test_equal_samples_are_at_no_distance() -> None:
    assert stability_index(REFERENCE, REFERENCE) == 0
    assert ks_distance(REFERENCE, REFERENCE) == 0
    assert ks_distance(REFERENCE, REFERENCE + 10) == 1


def test_one_value_only_is_no_drift() -> None:
    same = [0.5] * LEAST
    assert compare(same, same).state is Drift.STABLE
