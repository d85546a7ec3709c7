from __future__ import annotations

import numpy as np
import pytest

from inspector.core.inspection import Verdict
from inspector.core.timeline import NOT_YET, Goal, Mark, Timeline, marks_of
from tests.support.replayed import found, true

P, R, F, X = Verdict.PASS, Verdict.REVIEW, Verdict.FAIL, Verdict.INVALID
PARTS = [found(0, P), found(1, F, key=25), found(2, R), found(3, F), found(4, X)]
TRUTH = [true(0), true(1, bad=True), true(2), true(3), true(4, bad=True)]


def line(parts=PARTS, truth=None, frames: int = 100) -> Timeline:
    codes = np.zeros(frames, np.uint8)
    scores = np.full(frames, np.nan, np.float32)
    return Timeline(scores, codes, marks_of(parts, truth), 0.5, 0.8)


@pytest.mark.parametrize(
    ("frame", "goal", "forward", "index"),
    [
        (0, Goal.FAIL, True, 1),
        (24, Goal.FAIL, True, 1),
        (25, Goal.FAIL, True, 3),
        (90, Goal.FAIL, True, None),
        (90, Goal.FAIL, False, 3),
        (25, Goal.FAIL, False, None),
        (0, Goal.REVIEW, True, 2),
        (44, Goal.REJECT, True, 3),
        (0, Goal.PART, True, 0),
        (0, Goal.DISAGREEMENT, True, 2),
        (44, Goal.DISAGREEMENT, True, 3),
        (64, Goal.DISAGREEMENT, True, None),
    ],
)
def test_jumps(frame, goal, forward, index):
    mark = line(truth=TRUTH).jump(frame, goal, forward=forward)
    assert (mark.part.part_index if mark else None) == index


def test_nothing_disagrees_with_a_truth_that_is_not_known():
    assert line().jump(-1, Goal.DISAGREEMENT) is None
    assert not any(m.disagrees for m in line().marks)


def test_a_missed_and_an_unexpected_part_disagree():
    marks = marks_of([found(0, P), found(2, F)], [true(0), true(1, bad=True)])
    assert [(m.part is None, m.true is None, m.disagrees) for m in marks] == [
        (False, False, False),
        (True, False, True),
        (False, True, True),
    ]
    assert marks[1].at == 24


def test_parts_to_come_are_not_missed():
    assert len(marks_of([found(0, P)], [true(0), true(1), true(2)])) == 1


@pytest.mark.parametrize(
    ("verdict", "bad", "disagrees"),
    [(P, False, False), (P, True, True), (R, False, True), (R, True, False), (X, True, False)],
)
def test_review_and_invalid_are_rejects(verdict, bad, disagrees):
    assert Mark(found(0, verdict), true(0, bad=bad)).disagrees is disagrees


@pytest.mark.parametrize(("frame", "index"), [(0, 0), (9, 0), (10, None), (25, 1), (200, None)])
def test_which_part_a_frame_shows(frame, index):
    mark = line().mark_at(frame)
    assert (mark.part.part_index if mark and mark.part else None) == index


def test_frames_not_reached_are_not_done():
    codes = np.array([0, 1, 4, NOT_YET, NOT_YET], np.uint8)
    timeline = Timeline(np.zeros(5, np.float32), codes, (), 0.5, 0.8)
    assert (timeline.frame_count, timeline.frames_done) == (5, 3)
    assert timeline.jump(0, Goal.FAIL) is None
    assert timeline.mark_at(2) is None
