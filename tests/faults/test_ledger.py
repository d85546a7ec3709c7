from __future__ import annotations

import datetime as dt
from collections import Counter

import pytest

from tests.faults.ledger import Ledger, Row
from tests.faults.report import BEGIN, END, written
from tests.faults.soak import Look, problems


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


def look(number: int, **changes: float) -> Look:
    given = {"rss_mb": 100.0, "handles": 9, "threads": 5, "log_mb": 4.0, "age_p99_ms": 1.0}
    return Look(frames=1000 * number, seconds=number, **(given | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        (lambda n: {}, ""),
        (lambda n: {"rss_mb": 100.0 + n}, "memory"),
        (lambda n: {"handles": 9 + n}, "handles"),
        (lambda n: {"threads": 5 + n // 30}, "threads"),
        (lambda n: {"log_mb": 10.0 * n}, "log"),
    ],
)
def test_what_grows_in_a_soak_is_told(changes: object, word: str) -> None:
    looks = [look(n, **changes(n)) for n in range(40)]  # type: ignore[operator]
    found = problems(looks)
    assert bool(found) is bool(word)
    assert word in " ".join(found)
