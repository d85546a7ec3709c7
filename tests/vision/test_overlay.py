"""Overlays at display size: pure functions, checked by what they leave and what they change."""

from __future__ import annotations

import os
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.core.geometry import Affine, Box
from inspector.core.inspection import Defect
from inspector.vision.overlay import Marks, OverlayStyle, render

GOLDEN = Path(__file__).parent / "golden"
VIEW = Box(0, 0, 80, 60)
T1 = 0.5


def _grey() -> np.ndarray:
    image = np.full((60, 80, 3), 90, np.uint8)
    image.flags.writeable = False
    return image


def _marks(peak: float = 1.0) -> Marks:
    """A hot cell at columns 4–5, rows 3–4 of a 8×6 map: image pixels 40–60, 30–50."""
    heat = np.zeros((6, 8), np.float32)
    heat[3:5, 4:6] = peak
    box = Box(40, 30, 60, 50)
    return Marks(heat, Affine.scaling(10, 10), T1, (Defect(box, 400.0, peak),))


def _changed(style: OverlayStyle | None, marks: list[Marks], view: Box = VIEW) -> np.ndarray:
    """bool (h, w): where the drawn picture differs from the bare one."""
    size = (view.width * 2, view.height * 2)
    bare = render(_grey(), view, size, [], None)
    return np.any(render(_grey(), view, size, marks, style) != bare, axis=2)


def test_without_a_style_or_marks_the_picture_is_bare():
    assert not _changed(None, [_marks()]).any()
    assert not _changed(OverlayStyle(boxes=True), []).any()


def test_a_good_map_leaves_the_picture_alone():
    assert not _changed(OverlayStyle(), [_marks(peak=0.4)]).any()


def test_heat_lies_where_the_map_says_in_image_coordinates():
    changed = _changed(OverlayStyle(contours=False), [_marks()])
    rows, columns = np.nonzero(changed)
    assert 70 <= columns.min() <= 82
    assert 118 <= columns.max() <= 132
    assert 50 <= rows.min() <= 62
    assert 98 <= rows.max() <= 112


def test_a_part_view_shows_the_same_heat_moved():
    """The view's corner is the new origin: nothing else may change."""
    whole = _changed(OverlayStyle(), [_marks()])
    part = _changed(OverlayStyle(), [_marks()], Box(30, 20, 70, 60))
    assert np.mean(whole[40:120, 60:140] != part) < 0.03


def test_heat_is_red_in_bgr_and_grows_with_the_opacity():
    style = OverlayStyle(contours=False)
    weak, strong = (
        render(_grey(), VIEW, (160, 120), [_marks()], OverlayStyle(o, contours=False))[80, 100]
        for o in (0.3, 0.9)
    )
    assert strong[2] > weak[2] > 90
    assert strong[0] < weak[0] < 90
    assert style.heat_opacity == 0.6


def test_contours_and_boxes_are_lines_not_areas():
    contour = _changed(OverlayStyle(heat=False), [_marks()])
    box = _changed(OverlayStyle(heat=False, contours=False, boxes=True), [_marks()])
    for lines in (contour, box):
        assert lines.any()
        assert not lines[75:85, 95:105].any()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_map_that_is_not_finite_draws_nothing(value: float):
    broken = Marks(np.full((6, 8), value, np.float32), Affine.scaling(10, 10), T1)
    assert not _changed(OverlayStyle(), [broken]).any()


def test_a_map_outside_the_view_draws_nothing():
    away = Marks(np.ones((6, 8), np.float32), Affine.translation(500, 500), T1)
    assert not _changed(OverlayStyle(), [away]).any()


def test_the_image_itself_is_never_altered():
    image = _grey()
    render(image, VIEW, (80, 60), [_marks()], OverlayStyle(boxes=True))
    assert (image == 90).all()


@pytest.mark.parametrize(
    ("name", "style"),
    [
        ("heat", OverlayStyle(contours=False)),
        ("contours", OverlayStyle(heat=False)),
        ("boxes", OverlayStyle(heat=False, contours=False, boxes=True)),
        ("all", OverlayStyle(heat_opacity=0.8, boxes=True)),
    ],
)
def test_overlays_look_as_they_did(name: str, style: OverlayStyle):
    """Golden images; UPDATE_GOLDEN=1 writes them anew (then look at them)."""
    rows, columns = np.mgrid[0:60, 0:80]
    ground = (60 + columns + rows // 2).astype(np.uint8)
    bump = np.exp(-((rows[::5, ::5] - 35) ** 2 + (columns[::5, ::5] - 50) ** 2) / 150)
    marks = Marks(
        bump.astype(np.float32), Affine.scaling(5, 5), T1, (Defect(Box(42, 27, 58, 43), 200.0, 1),)
    )
    drawn = render(np.dstack([ground] * 3), VIEW, (320, 240), [marks], style)
    path = GOLDEN / f"overlay-{name}.png"
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        cv2.imwrite(str(path), drawn)
    expected = cv2.imread(str(path))
    assert expected is not None, f"{path} is absent: UPDATE_GOLDEN=1"
    difference = np.abs(drawn.astype(int) - expected.astype(int))
    assert difference.mean() < 0.5
    assert np.mean(difference.max(axis=2) > 24) < 0.002
