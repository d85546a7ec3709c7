from __future__ import annotations

import json
from dataclasses import replace

import pytest

from inspector.core.comparison import PartPair, compare_parts
from inspector.core.inspection import Verdict
from tests.support.replayed import found, true

P, R, F, X = Verdict.PASS, Verdict.REVIEW, Verdict.FAIL, Verdict.INVALID


def test_nothing_with_nothing():
    comparison = compare_parts([], [])
    assert (comparison.pairs, comparison.changed, comparison.truth_before) == ((), (), None)


def test_the_same_run_changes_nothing():
    parts = [found(0, P), found(1, F), found(2, X)]
    comparison = compare_parts(parts, parts)
    assert comparison.changed == ()
    assert comparison.counts == {(P, P): 1, (F, F): 1, (X, X): 1}


def test_parts_are_matched_by_their_frames_not_by_their_numbers():
    before = [found(0, F, 0, 9), found(1, P, 20, 29)]
    after = [found(0, P, 19, 30), found(1, R, 40, 49)]
    pairs = compare_parts(before, after).pairs
    assert [p.verdicts for p in pairs] == [(F, None), (P, P), (None, R)]
    assert [p.changed for p in pairs] == [True, False, True]
    assert [p.first_frame for p in pairs] == [0, 19, 40]


def test_parts_in_the_same_frame_keep_their_order():
    before = [replace(found(i, v, 5, 5), part_id=str(i)) for i, v in enumerate([X, P])]
    after = [replace(found(i, v, 5, 5), part_id=str(i)) for i, v in enumerate([X, F])]
    assert [p.verdicts for p in compare_parts(before, after).pairs] == [(X, X), (P, F)]


@pytest.mark.parametrize(
    ("before", "after", "bad", "right"),
    [
        (P, F, True, True),
        (F, P, True, False),
        (R, F, True, None),
        (P, R, False, False),
        (R, P, False, True),
        (None, P, False, True),
        (None, P, True, None),
        (F, None, True, False),
    ],
)
def test_whether_a_change_is_for_the_better(before, after, bad, right):
    parts = [None if v is None else found(0, v) for v in (before, after)]
    assert PartPair(*parts, true(0, bad=bad)).change_is_right is right
    assert PartPair(*parts).change_is_right is None


def test_both_runs_against_the_truth():
    truth = [true(0, bad=True), true(1)]
    comparison = compare_parts([found(0, P), found(1, P)], [found(0, F), found(1, R)], truth)
    assert comparison.truth_before.confusion.as_dict() == {"tp": 0, "fp": 0, "fn": 1, "tn": 1}
    assert comparison.truth_after.confusion.as_dict() == {"tp": 1, "fp": 1, "fn": 0, "tn": 0}


def test_the_document_is_json_without_nan():
    comparison = compare_parts([found(0, X)], [found(0, P)], [true(0)])
    document = json.loads(json.dumps(comparison.as_dict(), allow_nan=False))
    assert document["parts"] == 1
    assert document["changed"][0] == {
        "part": 0,
        "first_frame": 0,
        "before": "INVALID",
        "after": "PASS",
        "score_before": None,
        "score_after": 0.5,
        "defective": False,
    }
