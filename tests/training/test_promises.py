"""How many images a promise takes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.manifest import Targets
from inspector.core.whatif import upper_bound
from inspector.errors import InputError
from training.promises import (
    allowed_escapes,
    allowed_good,
    check_supported,
    defects_needed,
    expected_share,
    good_needed,
)


@pytest.mark.parametrize(
    ("share", "good", "defects"), [(0.5, 1, 5), (0.05, 19, 59), (0.02, 49, 149), (0.01, 99, 299)]
)
def test_images_that_a_promise_takes(share: float, good: int, defects: int) -> None:
    assert good_needed(share) == good
    assert defects_needed(share) == defects


@given(st.floats(0.001, 0.999))
def test_so_many_are_enough_and_one_fewer_is_not(share: float) -> None:
    good, defects = good_needed(share), defects_needed(share)
    assert allowed_good(share, good) >= 0
    assert good == 1 or allowed_good(share, good - 1) < 0
    assert allowed_escapes(share, defects) >= 0
    assert defects == 1 or allowed_escapes(share, defects - 1) < 0


@given(st.floats(0.001, 0.999), st.integers(0, 200))
def test_what_is_allowed_keeps_the_promise(share: float, n: int) -> None:
    missed, reaching = allowed_escapes(share, n), allowed_good(share, n)
    assert missed < 0 or upper_bound(missed, n) <= share
    assert reaching < 0 or expected_share(reaching, n) <= share + 1e-9


def test_a_refusal_names_target_and_numbers() -> None:
    check_supported(Targets(), 2, 0)
    check_supported(Targets(max_overkill=0.02, max_review=0.02, max_escape=0.02), 49, 149)
    with pytest.raises(InputError, match=r"--max-overkill 0.02: 48 .* 49 good images"):
        check_supported(Targets(max_overkill=0.02), 48, 149)
    with pytest.raises(InputError, match=r"--max-escape 0.02: 148 defects .* 149 would be needed"):
        check_supported(Targets(max_escape=0.02), 49, 148)
