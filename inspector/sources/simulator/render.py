"""From the plan of a part to its picture and its mask."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.sources.simulator.parts import CATEGORIES
from inspector.sources.simulator.spec import SimulatorSpec
from inspector.sources.simulator.surface import Sprite, enlarged, make_grid, photograph
from inspector.sources.simulator.truth import Flaw, PartPlan, Stream, generator

_VISIBLE = 9  # grey levels that a defect must change to count
_FINEST = 640  # pixels; a larger picture holds no more detail, as the lens blurs that much


def render_part(spec: SimulatorSpec, plan: PartPlan) -> Sprite:
    """The part as it lies in the region (the sprite has the region's size)."""
    return _render(spec, plan, plan.flaw)


def defect_mask(spec: SimulatorSpec, plan: PartPlan) -> NDArray[np.uint8]:
    """uint8 (S, S), 255 where the defect is visible; all 0 for a good part.

    Where the picture differs from the same part undamaged, closed over small gaps: what
    can't be seen can't be asked of an inspection.
    """
    if plan.flaw is None:
        return np.zeros((spec.roi.height, spec.roi.width), np.uint8)
    good, bad = (_over_grey(_render(spec, plan, flaw)) for flaw in (None, plan.flaw))
    changed = np.asarray(cv2.absdiff(good, bad)).max(axis=2)
    mask = np.where(changed >= _VISIBLE, 255, 0).astype(np.uint8)
    size = 2 * max(1, round(spec.roi.width / 200)) + 1
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    closed = cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)
    return np.asarray(closed, np.uint8)


def _render(spec: SimulatorSpec, plan: PartPlan, flaw: Flaw | None) -> Sprite:
    category = CATEGORIES[spec.category]
    size = min(spec.roi.width, _FINEST)
    zoom = size / spec.roi.width
    grid = make_grid(size, (plan.shift[0] * zoom, plan.shift[1] * zoom), plan.angle)
    surface = category.build(grid, generator(spec, Stream.LOOK, plan.index))
    if flaw is not None:
        damage = category.defects[flaw.kind]
        damage(surface, grid, flaw.severity, generator(spec, Stream.DAMAGE, plan.index))
    return enlarged(photograph(surface, grid), spec.roi.width)


def _over_grey(sprite: Sprite) -> NDArray[np.uint8]:
    """On an even background, so that shadows and openings count too."""
    belt = np.asarray(sprite.through, np.uint16) * 90 // 255
    return np.asarray(sprite.add + belt, np.uint8)
