"""The timeline: where a frame is on screen, and what is drawn of few and many parts."""

from __future__ import annotations

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from pytestqt.qtbot import QtBot

from inspector.core.inspection import Verdict
from inspector.core.timeline import NOT_YET, VERDICT_CODES, Timeline, marks_of
from inspector.gui.replay.timeline import PAD, TimelineView, column_peaks, column_verdicts
from inspector.gui.theme.theme import Theme
from tests.support.replayed import found, true

NAN = float("nan")
KINDS = (Verdict.PASS, Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID)


def timeline(parts: int, frames: int, *, done: int | None = None) -> Timeline:
    """Parts of equal length side by side, their verdicts in turn, the first one mistaken."""
    step = frames // max(1, parts)
    made = [found(i, KINDS[i % 4], i * step, i * step + max(0, step - 2)) for i in range(parts)]
    codes = np.full(frames, NOT_YET, np.uint8)
    codes[: frames if done is None else done] = VERDICT_CODES.index(Verdict.PASS)
    scores = np.linspace(0, 1, frames, dtype=np.float32)
    truth = [true(0, 0, bad=True)] if parts else None
    return Timeline(scores, codes, marks_of(made, truth), 0.5, 0.8)


@pytest.mark.parametrize(
    ("scores", "frames", "columns", "peaks"),
    [
        ([], 0, 2, [NAN, NAN]),
        ([NAN, NAN], 2, 2, [NAN, NAN]),
        ([1, 2, 3, 4], 4, 2, [2, 4]),
        ([1, NAN, 3, 4], 8, 2, [4, NAN]),
        ([5, 1], 2, 4, [5, NAN, 1, NAN]),
        ([float("inf"), 1], 2, 1, [1]),
    ],
)
def test_the_highest_score_of_each_column(scores, frames, columns, peaks):
    found_peaks = column_peaks(np.array(scores, np.float32), frames, columns)
    assert np.array_equal(found_peaks, peaks, equal_nan=True)


@pytest.mark.parametrize(
    ("parts", "frames", "columns", "worst"),
    [
        ([], 10, 2, [None, None]),
        ([found(0, Verdict.PASS, 0, 4)], 10, 2, [Verdict.PASS, None]),
        ([found(0, Verdict.FAIL, 0, 9)], 10, 3, [Verdict.FAIL] * 3),
        (
            [found(0, Verdict.PASS, 0, 6), found(1, Verdict.REVIEW, 7, 9)],
            10,
            2,
            [Verdict.PASS, Verdict.REVIEW],
        ),
        ([found(i, v, i, i) for i, v in enumerate(KINDS)], 4, 1, [Verdict.FAIL]),
    ],
)
def test_the_worst_verdict_of_each_column(parts, frames, columns, worst):
    assert column_verdicts(marks_of(parts, None), frames, columns) == worst


@pytest.fixture
def view(qtbot: QtBot, theme: Theme) -> TimelineView:
    made = TimelineView(theme)
    qtbot.addWidget(made)
    made.resize(400 + 2 * PAD, made.sizeHint().height())
    return made


@pytest.mark.parametrize(
    ("x", "frame"), [(-50, 0), (PAD, 0), (PAD + 200, 50), (PAD + 399, 99), (5000, 99)]
)
def test_which_frame_a_place_means(view: TimelineView, x: float, frame: int):
    view.set_timeline(timeline(4, 100))
    assert view.frame_at(x) == frame
    if 0 < frame < 99:
        assert view.frame_at(view.x_of(frame + 0.5)) == frame


def test_a_press_and_a_drag_seek(qtbot: QtBot, view: TimelineView):
    asked: list[int] = []
    view.seek_wanted.connect(asked.append)
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(PAD + 100, 20))
    assert asked == []
    view.set_timeline(timeline(4, 100))
    qtbot.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(PAD + 100, 20))
    assert asked == [25]
    qtbot.mouseClick(view, Qt.MouseButton.RightButton, pos=QPoint(PAD + 200, 20))
    assert asked == [25]


@pytest.mark.parametrize(("parts", "frames"), [(0, 0), (0, 10), (1, 10), (24, 720), (5000, 20000)])
def test_it_can_be_painted_with_nothing_little_and_much(
    view: TimelineView, parts: int, frames: int
):
    for other in (None, timeline(parts, frames)):
        view.set_timeline(timeline(parts, frames, done=frames // 2), other, frames)
        view.set_position(frames // 2)
        image = view.grab().toImage()
        assert image.width() == view.width()


def test_verdicts_show_by_colour_and_a_second_run_gets_a_lane(view: TimelineView, theme: Theme):
    view.set_timeline(timeline(4, 400))
    alone = view.sizeHint().height()
    image = view.grab().toImage()
    lane = int(view._lane_top(0)) + 3
    for number, verdict in enumerate(KINDS):
        x = int(view.x_of(number * 100 + 10))
        assert image.pixelColor(x, lane).name() == theme.verdict(verdict).fill
    view.set_timeline(timeline(4, 400), timeline(3, 400))
    assert view.sizeHint().height() > alone
    assert "FAIL 1" in view.accessibleDescription()


def test_narrow_parts_differ_in_height_too(view: TimelineView):
    view.set_timeline(timeline(120, 480))
    image = view.grab().toImage()
    top = int(view._lane_top(0)) + 1
    colours = {image.pixelColor(int(view.x_of(4 * n + 1)), top).name() for n in (0, 1)}
    assert len(colours) == 2
