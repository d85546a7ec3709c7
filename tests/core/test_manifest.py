"""What a manifest may say of its thresholds."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from inspector.core.manifest import ProposedThresholds, Targets, ThresholdBasis, first_problem


def test_thresholds_and_bases_of_older_packages_are_read():
    thresholds = ProposedThresholds.model_validate_json('{"t1": 1.0, "t2": 1.2}')
    assert thresholds.pixel is None
    basis = ThresholdBasis.model_validate_json(
        '{"method": "good parts only", "n_good": 30, "n_defective": 0,'
        ' "expected_overkill_t1": 0.03, "expected_overkill_t2": 0.03, "expected_escape": null}'
    )
    assert (basis.n_synthetic, basis.escape_at_most, basis.targets) == (0, None, Targets())


def test_promises_come_back_as_they_were_written():
    basis = ThresholdBasis(
        method="m",
        n_good=99,
        n_synthetic=100,
        synthetic_escape=0.0,
        synthetic_escape_at_most=0.03,
        expected_review=0.01,
        targets=Targets(max_overkill=0.01),
    )
    assert ThresholdBasis.model_validate_json(basis.model_dump_json()) == basis


@pytest.mark.parametrize("pixel", ["NaN", "Infinity"])
def test_a_pixel_threshold_is_finite(pixel):
    with pytest.raises(ValidationError):
        ProposedThresholds.model_validate_json(f'{{"t1": 1.0, "t2": 1.2, "pixel": {pixel}}}')


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1])
def test_a_target_is_a_share(share):
    with pytest.raises(ValidationError):
        Targets(max_escape=share)


def test_a_refusal_is_short_whatever_the_document_says():
    """Found by fuzzing: a key of three thousand brackets was told in full."""
    with pytest.raises(ValidationError) as caught:
        Targets.model_validate_json('{"' + "[" * 3000 + '": 0}')
    told = first_problem(caught.value)
    assert told.startswith("[[[")
    assert len(told) < 500
