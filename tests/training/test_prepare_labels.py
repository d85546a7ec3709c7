"""Words for good and bad, and names that are safe as folders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.prepare.items import safe_name
from training.prepare.labels import kind_of


@pytest.mark.parametrize("word", ["good", " OK ", "Non-Defective", "NORMAL", "no defect", "pass"])
def test_words_for_good(word: str) -> None:
    assert kind_of(word) == "good"


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("bad", "bad"),
        ("NG", "NG"),
        ("scratch", "scratch"),
        ("bent lead", "bent_lead"),
        ("abnormal", "abnormal"),
        ("not ok", "not_ok"),
        ("Größe", "Größe"),
    ],
)
def test_kinds_of_defect(word: str, kind: str) -> None:
    assert kind_of(word) == kind


@pytest.mark.parametrize("word", ["", "  ", "0", "1", "goood", "normals", "pas", "unlabelled"])
def test_what_says_nothing_is_neither(word: str) -> None:
    assert kind_of(word) is None


@given(st.text())
def test_names_stay_inside_their_folder(text: str) -> None:
    name = safe_name(text)
    assert name not in ("", ".", "..")
    assert not {"/", "\\", ":", "\0", " "} & set(name)
    assert len(name) <= 100
