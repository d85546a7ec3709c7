from __future__ import annotations

import datetime as dt

import numpy as np
import pytest

from inspector.core.geometry import Affine, Box, Roi
from inspector.core.inspection import Defect, Inspection, Prediction, Verdict
from inspector.vision.draw import annotate

ROI = Roi(40, 0, 80, 80)
DEFECT = Defect(Box(60, 20, 80, 40), 400.0, 1.5)


def inspection(verdict: Verdict, score: float = 1.5) -> Inspection:
    defects = (DEFECT,) if verdict is Verdict.FAIL else ()
    return Inspection(
        "r", 1, "part", verdict, score, defects, "m", "r", dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    )


def draw(verdict: Verdict, *, hot: bool = False, level: int = 120, width: int = 320) -> np.ndarray:
    image = np.full((80, 160, 3), level, np.uint8)
    heat = np.zeros((8, 8), np.float32)
    if hot:
        heat[2:4, 2:4] = 1.5
    to_image = Affine.scaling(10, 10).then(Affine.translation(40, 0))
    prediction = Prediction(1.5, heat, None, to_image, "m")
    before = image.copy()
    drawn = annotate(
        image, [inspection(verdict)], [prediction], [ROI], width=width, caption="c", heat_from=0.5
    )
    assert (image == before).all(), "the original must stay as it is"
    return drawn


def test_every_verdict_has_a_bar_of_its_own():
    bars = {v: draw(v)[:32].tobytes() for v in Verdict}
    assert len(set(bars.values())) == len(Verdict)


@pytest.mark.parametrize("width", [80, 160, 320, 640])
def test_the_picture_has_the_width_asked_for(width):
    drawn = draw(Verdict.PASS, width=width)
    assert drawn.shape[1] == width
    assert drawn.shape[0] == max(32, width // 20) + width // 2


def test_heat_is_red_where_the_map_is_hot_and_nowhere_else():
    cold, hot = (draw(Verdict.PASS, hot=h)[32:].astype(int) for h in (False, True))
    changed = np.abs(hot - cold).sum(axis=2) > 0
    rows, columns = np.nonzero(changed)
    # map cells 2..3 lie at image x 60..80, y 20..40, drawn twice as large
    assert 100 <= columns.min() <= 120 <= 160 <= columns.max() <= 180
    assert 20 <= rows.min() <= 40 <= 80 <= rows.max() <= 100
    blue, _, red = hot[60, 140]
    assert red > blue + 50


def test_text_and_boxes_show_on_black_and_white_pictures():
    for level in (0, 255):
        with_box, without = draw(Verdict.FAIL, level=level), draw(Verdict.PASS, level=level)
        assert (with_box[32:] != without[32:]).any()
