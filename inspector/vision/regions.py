"""From an anomaly map to defects with a place, and to the score that counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.geometry import Affine, Box
from inspector.core.inspection import Defect, Prediction
from inspector.core.recipe import Recipe, RegionSpec, most_telling


@dataclass(frozen=True, slots=True)
class Finding:
    """The score to judge by, and the defects at or above T1."""

    score: float
    defects: tuple[Defect, ...]


def find(prediction: Prediction, region: RegionSpec, recipe: Recipe) -> Finding:
    """Defects of a prediction, and its score under the recipe's masks and least area.

    Without masks and least area the network's own score stands. With them the score is
    the highest value left in the map: outside the ignore masks, and not in a region at
    or above T1 that is smaller than the least area. A map with a non-finite value gives
    a NaN score.
    """
    if prediction.anomaly_map is None:
        return Finding(prediction.score, ())
    if not recipe.needs_map and prediction.score < recipe.thresholds.t1:
        return Finding(prediction.score, ())
    return _from_map(prediction, prediction.anomaly_map, region, recipe)


def _from_map(
    prediction: Prediction, heat: NDArray[np.float32], region: RegionSpec, recipe: Recipe
) -> Finding:
    if not np.isfinite(heat).all():
        return Finding(math.nan, ())
    keep = _outside_masks(heat.shape, region, prediction.to_image)
    kept = np.where(keep, heat, -np.inf)
    hot = kept >= recipe.thresholds.t1
    defects = []
    for defect, pixels in _components(heat, hot, prediction.to_image):
        if defect.area_px >= recipe.defects.smallest_area_px:
            defects.append(defect)
        else:
            kept[pixels] = -np.inf
    # masked everywhere: nothing was looked at, so nothing is known
    score = float(kept.max()) if recipe.needs_map else prediction.score
    if recipe.needs_map and not keep.any():
        score = math.nan
    elif score == -math.inf:
        score = float(np.nextafter(np.float32(recipe.thresholds.t1), np.float32(-np.inf)))
    return Finding(score, most_telling(tuple(defects)))


def _outside_masks(
    shape: tuple[int, ...], region: RegionSpec, to_image: Affine
) -> NDArray[np.bool_]:
    """bool (h, w): map pixels whose area touches no ignore mask only partly covered.

    A map pixel is left out only where the mask covers all of it: at a mask's edge the
    station rather looks once too often.
    """
    keep = np.ones(shape, np.bool_)
    if not region.ignored_boxes:
        return keep
    roi = region.region
    to_part = to_image.then(Affine.translation(-roi.x, -roi.y)) if roi else to_image
    from_part = to_part.inverse()
    for box in region.ignored_boxes:
        corners = [from_part.apply(x, y) for x in (box.x1, box.x2) for y in (box.y1, box.y2)]
        xs, ys = [c[0] for c in corners], [c[1] for c in corners]
        x1, y1 = (math.ceil(min(v) - 1e-6) for v in (xs, ys))
        x2, y2 = (math.floor(max(v) + 1e-6) for v in (xs, ys))
        keep[max(y1, 0) : max(y2, 0), max(x1, 0) : max(x2, 0)] = False
    return keep


def _components(
    heat: NDArray[np.float32], hot: NDArray[np.bool_], to_image: Affine
) -> list[tuple[Defect, NDArray[np.bool_]]]:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(hot.astype(np.uint8), connectivity=8)
    found = []
    for label in range(1, count):
        x, y, w, h, area = (int(v) for v in stats[label])
        pixels = labels == label
        defect = Defect(
            box=to_image.box(Box(x, y, x + w, y + h)),
            area_px=area * to_image.area_scale,
            peak=float(heat[pixels].max()),
        )
        found.append((defect, pixels))
    return found
