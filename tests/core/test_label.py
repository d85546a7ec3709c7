"""A person's word: signed, reasoned, and usable by training."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.label import Judgement, Label, check_type
from inspector.errors import InputError
from tests.support.records import NOW
from training.datasets import GOOD
from training.prepare.labels import kind_of


def label(judgement: Judgement = Judgement.BAD, **changes) -> Label:
    fields = {"part_id": "P" * 26, "at": NOW, "who": "anna", "why": "seen under the lamp"}
    return Label(judgement=judgement, **(fields | changes))


@pytest.mark.parametrize(
    ("judgement", "defect_type", "word"),
    [
        (Judgement.GOOD, None, "good"),
        (Judgement.BAD, "bent lead", "bent lead"),
        (Judgement.BAD, None, "bad"),
        (Judgement.WITHDRAWN, None, None),
    ],
)
def test_what_training_reads(judgement, defect_type, word) -> None:
    assert label(judgement, defect_type=defect_type).word == word


@pytest.mark.parametrize("changes", [{"who": " "}, {"why": ""}, {"why": "x" * 501}])
def test_unsigned_or_without_a_reason_is_refused(changes) -> None:
    with pytest.raises(InputError, match="a label needs"):
        label(**changes)


@pytest.mark.parametrize("judgement", [Judgement.GOOD, Judgement.WITHDRAWN])
def test_only_a_bad_part_has_a_type(judgement) -> None:
    with pytest.raises(InputError, match="only a bad part"):
        label(judgement, defect_type="scratch")


@pytest.mark.parametrize(
    "word", ["", " ", "12", "??", "x" * 61, "good", "OK", "goood", "unlabelled"]
)
def test_what_is_no_type_of_defect(word: str) -> None:
    with pytest.raises(InputError, match="type of defect"):
        check_type(word)


@given(st.text(max_size=70))
def test_whatever_is_accepted_means_a_defect_to_training(word: str) -> None:
    try:
        check_type(word)
    except InputError:
        return
    assert kind_of(word) not in (None, GOOD)
