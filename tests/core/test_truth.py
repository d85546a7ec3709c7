from __future__ import annotations

import datetime as dt

import pytest

from inspector.core.inspection import Part, Verdict
from inspector.core.truth import parse_truth, score_parts
from inspector.errors import ConfigError

HEADER = "part,first_frame,last_frame,rest_first,rest_last,label,defect_type,image\n"
TRUTH = parse_truth(
    HEADER + "0,0,9,3,6,good,good,a\n1,20,29,23,26,defective,cut,b\n2,40,49,43,46,good,good,c\n",
    "t.csv",
)


def part(index: int, first: int, last: int, verdict: Verdict) -> Part:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    return Part(
        str(index), "r", index, verdict, 0.5, first, last, 1, 1, first, (), "m", "r", now, now
    )


P, R, F, X = Verdict.PASS, Verdict.REVIEW, Verdict.FAIL, Verdict.INVALID


@pytest.mark.parametrize(
    ("verdicts", "confusion"),
    [
        ([P, F, P], (1, 0, 0, 2)),
        ([P, R, P], (1, 0, 0, 2)),
        ([X, P, R], (0, 2, 1, 0)),
    ],
)
def test_rejects_are_all_but_pass(verdicts, confusion):
    parts = [part(i, 20 * i + 1, 20 * i + 8, v) for i, v in enumerate(verdicts)]
    c = score_parts(parts, TRUTH).confusion
    assert (c.tp, c.fp, c.fn, c.tn) == confusion


def test_a_missed_defective_part_is_an_escape():
    report = score_parts([part(0, 0, 9, P), part(1, 40, 49, P)], TRUTH)
    assert (report.parts_matched, report.confusion.fn, report.confusion.tn) == (2, 1, 2)
    assert report.as_dict()["escapes"] == 1


def test_one_part_cannot_stand_for_two():
    report = score_parts([part(0, 0, 49, P)], TRUTH)
    assert report.parts_matched == 1
    assert report.confusion.fn + report.confusion.fp == 2


def test_the_larger_overlap_wins_and_the_rest_is_unexpected():
    parts = [part(0, 0, 2, F), part(1, 3, 9, P), part(2, 100, 110, F)]
    report = score_parts(parts, TRUTH)
    assert report.confusion.tn == 1
    assert (report.parts_matched, report.unexpected) == (1, 2)


def test_rates_by_hand():
    rates = score_parts([part(0, 0, 9, F), part(1, 20, 29, F), part(2, 40, 49, P)], TRUTH).as_dict()
    assert rates["accuracy"] == pytest.approx(2 / 3, abs=1e-6)
    assert (rates["precision"], rates["recall"]) == (0.5, 1.0)
    assert rates["f1"] == pytest.approx(2 / 3, abs=1e-6)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no column"),
        ("part,first_frame\n", "last_frame"),
        (HEADER, "no parts"),
        (HEADER + "0,x,9,0,0,good,good,a\n", "line 2"),
        (HEADER + "0,9,0,0,0,good,good,a\n", "before"),
        (HEADER + "0,0,9,0,0,fine,good,a\n", "fine"),
    ],
)
def test_bad_truth(text, says):
    with pytest.raises(ConfigError, match=says):
        parse_truth(text, "t.csv")
