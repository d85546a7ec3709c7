"""Contrast of the palettes, and shapes that differ without colour."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter

from inspector.core.inspection import Verdict
from inspector.gui.actions import ACTIONS
from inspector.gui.pages import PAGES
from inspector.gui.theme.icons import STROKES, icon_renderer
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme
from inspector.gui.theme.tokens import PALETTES, Palette, contrast

TEXT, LARGE = 4.5, 3.0
"""WCAG 2.2 AA: text, and large text or parts of controls."""
palettes = pytest.mark.parametrize("p", PALETTES.values(), ids=list(PALETTES))


def test_contrast_is_the_one_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@palettes
def test_text_is_readable_on_every_ground(p: Palette):
    for ground in (p.ground, p.surface, p.raised, p.sunken):
        for ink in (p.text, p.muted, p.good, p.warning, p.danger):
            assert contrast(ink, ground) >= TEXT, (ink, ground)
        assert contrast(p.focus, ground) >= LARGE
    for ink, fill in (
        (p.on_accent, p.accent),
        (p.on_danger, p.danger_fill),
        (p.on_warning, p.warning_fill),
        (p.text, p.pressed),
    ):
        assert contrast(ink, fill) >= (LARGE if fill == p.accent else TEXT), (ink, fill)


@palettes
@pytest.mark.parametrize("verdict", list(Verdict))
def test_verdicts_are_readable(p: Palette, verdict: Verdict):
    colours = p.verdicts[verdict]
    assert contrast(colours.ink, colours.fill) >= TEXT
    assert contrast(colours.tint, p.surface) >= TEXT
    assert contrast(colours.tint, p.ground) >= TEXT


def _drawn(verdict: Verdict) -> np.ndarray:
    """Black on white: what is left of a shape without its colour."""
    image = QImage(64, 64, QImage.Format.Format_Grayscale8)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    black, white = QColor("black"), QColor("white")
    paint_shape(painter, verdict, QRectF(0, 0, 64, 64), fill=black, ink=white)
    painter.end()
    return np.frombuffer(image.constBits(), np.uint8).reshape(64, 64).copy()


@pytest.mark.usefixtures("qapp")
def test_every_verdict_has_a_shape_of_its_own():
    for one, other in itertools.combinations(Verdict, 2):
        differing = np.mean(np.abs(_drawn(one).astype(int) - _drawn(other).astype(int)) > 100)
        assert differing > 0.05, (one, other)


@pytest.mark.usefixtures("qapp")
def test_every_icon_can_be_drawn_and_every_name_used_exists():
    assert all(icon_renderer(name, "#ffffff").isValid() for name in STROKES)
    assert {spec.icon for spec in ACTIONS} | {page.icon for page in PAGES} <= set(STROKES)


def test_the_theme_tells_of_its_change_once(theme: Theme):
    heard = []
    theme.changed.connect(lambda: heard.append(theme.palette.name))
    theme.toggle()
    theme.use(theme.palette.name)
    assert heard == ["light"]
    with pytest.raises(KeyError):
        theme.use("pink")
