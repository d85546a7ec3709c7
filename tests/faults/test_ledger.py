from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from tests.faults.ledger import Ledger, Row
from tests.faults.report import BEGIN, END, written


def row(**changes: object) -> Row:
    given: dict[str, object] = {"fault": "f", "where": "w", "expected": "e", "bounded": True}
    return Row(**(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "unmet"),
    [
        ({}, ""),
        ({"detected_s": 0.99, "recovered_s": 1.99}, ""),
        ({"detected_s": 1.01}, "declared after"),
        ({"recovered_s": 2.01}, "back after"),
        ({"recovered_s": 9.0, "bounded": False}, ""),
        ({"lost": 1, "bounded": False}, "lost"),
    ],
)
def test_a_bound_that_does_not_hold_is_said(changes: dict[str, object], unmet: str) -> None:
    found = row(**changes)
    assert unmet in found.unmet
    assert bool(found.unmet) is bool(unmet)
    assert ("not met" in found.cells()[-1]) is bool(unmet)


def test_the_table_takes_the_place_of_the_one_before() -> None:
    ledger = Ledger([row(meanwhile=Counter(PASS=2))])
    page = written(
        f"above {BEGIN} old {END} below", ledger, today=dt.date(2026, 1, 2), where="here"
    )
    assert "old" not in page
    assert page.startswith("above ")
    assert page.endswith(" below")
    assert "2026-01-02, here: 1 faults." in page
    assert "2 PASS" in page
