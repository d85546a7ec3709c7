"""The picture that regions are drawn on: image pixels, whatever the screen shows."""

from __future__ import annotations

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from inspector.core.geometry import Roi
from inspector.gui.jobs.canvas import Drawn, RegionCanvas
from inspector.gui.theme.theme import Theme


@pytest.fixture
def canvas(theme: Theme, qtbot: QtBot) -> RegionCanvas:
    made = RegionCanvas(theme)
    made.resize(320, 240)
    qtbot.addWidget(made)
    made.show()
    return made


def picture() -> np.ndarray:
    return np.zeros((960, 1280, 3), np.uint8)


@pytest.mark.parametrize(("live", "pixels"), [(False, (960, 1280)), (True, (240, 320))])
def test_a_live_picture_draws_fewer_pixels_over_the_same_place(
    canvas: RegionCanvas, live: bool, pixels: tuple[int, int]
):
    canvas.set_image(picture())
    canvas.set_image(picture(), live=live)
    item = canvas._image
    assert item.image.shape[:2] == pixels
    place = item.mapRectToParent(item.boundingRect())
    assert (place.width(), place.height()) == pytest.approx((1280, 960))


def test_a_rectangle_that_is_let_go_is_told_in_whole_pixels_of_the_picture(
    canvas: RegionCanvas, qtbot: QtBot
):
    canvas.set_image(picture())
    canvas.set_drawn([Drawn("region:0", Roi(10, 20, 300, 200), "part", False, True)])
    _, item, _ = canvas._items["region:0"]
    with qtbot.waitSignal(canvas.moved) as told:
        item.setPos((-40.4, 800.6))
    # what left the picture is cut off
    assert told.args == ["region:0", Roi(0, 801, 260, 159)]


def test_setting_what_stands_already_tells_nobody(canvas: RegionCanvas, qtbot: QtBot):
    canvas.set_image(picture())
    with qtbot.assertNotEmitted(canvas.moved):
        for x in (10, 50):
            canvas.set_drawn([Drawn("region:0", Roi(x, 20, 30, 20), "part", False, False)])
        canvas.set_drawn([])
    assert canvas._items == {}


def test_without_a_picture_words_stand_there(canvas: RegionCanvas):
    canvas.set_image(picture())
    canvas.set_image(None)
    assert not canvas.has_image
    assert canvas.words.isVisible()
