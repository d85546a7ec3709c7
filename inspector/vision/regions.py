"""From an anomaly map to defects with a place, and to the score that counts."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.geometry import Affine, Box
from inspector.core.inspection import Defect, Prediction
from inspector.core.recipe import Recipe, RegionSpec

MOST_DEFECTS = 32
_MOST_IN_16_BITS = 65_000
_ONE_SPOT = 2
"""The ground counts, too."""
_EDGE = 1e-6
"""Pixels; rounding noise of a composed map must not open a seam."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The score to judge by, and the defects that reach T1."""

    score: float
    defects: tuple[Defect, ...]


def find(prediction: Prediction, region: RegionSpec, recipe: Recipe) -> Finding:
    """Defects of a prediction, and its score under the recipe's masks and least area.

    A defect is a connected region at or above the recipe's pixel threshold that reaches
    T1: what raised the alarm, with what belongs to it. Where a pixel threshold is set, a
    part that is not passed has at least one: the map's highest places, if it stays below.

    Without masks and least area the network's own score stands. With them the score is
    the highest value left in the map: outside the ignore masks, and without what reaches T1
    in a region smaller than the least area. A lower pixel threshold only lets
    regions grow, so it never hides what a higher one shows. A map with a non-finite
    value gives a NaN score.
    """
    if prediction.anomaly_map is None:
        return Finding(prediction.score, ())
    if not _all_finite(prediction.anomaly_map):
        return Finding(math.nan, ())
    if prediction.score < recipe.thresholds.t1 and not recipe.needs_map:
        return Finding(prediction.score, ())
    return _from_map(prediction, prediction.anomaly_map, region, recipe)


def _all_finite(heat: NDArray[np.float32]) -> bool:
    """In one pass where all is well: a sum is finite only where every term is."""
    return math.isfinite(np.add.reduce(heat, axis=None)) or bool(np.isfinite(heat).all())


def _from_map(
    prediction: Prediction, heat: NDArray[np.float32], region: RegionSpec, recipe: Recipe
) -> Finding:
    keep = _outside_masks(heat.shape, region, prediction.to_image)
    kept = heat if keep is None else np.where(keep, heat, -np.inf)
    highest = float(kept.max())
    outline, seed = _levels(highest, recipe)
    spots = _spots(heat, kept >= outline, highest)
    scale, least = prediction.to_image.area_scale, recipe.defects.smallest_area_px
    seed = float(np.float32(seed))  # as a map's values are compared
    reaching = [i for i, peak in enumerate(spots.peaks) if peak >= seed]
    too_small = [i for i in reaching if spots.pixels(i) * scale < least]
    if too_small:
        small = np.isin(spots.labels, [1 + i for i in too_small])
        # what lies around a small hot place stays: its own value must still be seen
        kept = np.where(small & (kept >= seed), -np.inf, kept)
        reaching = [i for i in reaching if spots.pixels(i) * scale >= least]
    # the most telling ones: a ruined picture must not fill the disk
    reaching.sort(key=spots.peaks.__getitem__, reverse=True)
    defects = tuple(
        Defect(
            box=prediction.to_image.box(spots.box(i)),
            area_px=spots.pixels(i) * scale,
            peak=spots.peaks[i],
        )
        for i in reaching[:MOST_DEFECTS]
    )
    return Finding(_score(prediction, kept, keep, recipe), defects)


def _levels(peak: float, recipe: Recipe) -> tuple[float, float]:
    """Where regions are outlined, and what a region must reach to be a defect.

    Where the score is the map's maximum, an outline above T1 would lose what the verdict
    was for, and the least area with it. Where the score is something else, the map may
    stay below both although the part is rejected: its highest places are shown then.
    """
    t1, pixel = recipe.thresholds.t1, recipe.pixel_threshold
    if pixel is None:
        return t1, t1
    if recipe.needs_map:
        return min(pixel, t1), t1
    seed = min(t1, peak)
    return (seed, seed) if pixel > peak else (pixel, seed)


def _score(
    prediction: Prediction,
    kept: NDArray[np.float32],
    keep: NDArray[np.bool_] | None,
    recipe: Recipe,
) -> float:
    if not recipe.needs_map:
        return prediction.score
    if keep is not None and not keep.any():
        # masked everywhere: nothing was looked at, so nothing is known
        return math.nan
    score = float(kept.max())
    # all that was hot is too small to count: just below T1
    below = float(np.nextafter(np.float32(recipe.thresholds.t1), np.float32(-np.inf)))
    return below if score == -math.inf else score


def _outside_masks(
    shape: tuple[int, ...], region: RegionSpec, to_image: Affine
) -> NDArray[np.bool_] | None:
    """bool (h, w): the map pixels that no ignore mask covers wholly; None where there is none.

    Masks are in pixels of the region. A map pixel is left out only where all four of its
    corners, brought to the region, lie in one mask: at a mask's edge, and under a turned
    map, the station rather looks once too often.
    """
    if not region.ignored_boxes:
        return None
    h, w = shape[0], shape[1]
    keep = np.ones((h, w), np.bool_)
    roi = region.region
    to_part = to_image.then(Affine.translation(-roi.x, -roi.y)) if roi else to_image
    columns, rows = np.meshgrid(np.arange(w + 1), np.arange(h + 1))
    xs = to_part.a * columns + to_part.b * rows + to_part.c
    ys = to_part.d * columns + to_part.e * rows + to_part.f
    for box in region.ignored_boxes:
        inside = (xs >= box.x1 - _EDGE) & (xs <= box.x2 + _EDGE)
        inside &= (ys >= box.y1 - _EDGE) & (ys <= box.y2 + _EDGE)
        covered = inside[:-1, :-1] & inside[1:, :-1] & inside[:-1, 1:] & inside[1:, 1:]
        keep &= ~covered
    return keep


@dataclass(frozen=True, slots=True)
class _Spots:
    """Connected regions: ``labels`` (h, w) from 1 on; of each its highest value, and x, y, width,
    height and number of its pixels. Plain numbers: they are few.
    """

    labels: NDArray[np.integer]
    peaks: list[float]
    stats: list[list[int]]

    def box(self, index: int) -> Box:
        x, y, w, h, _ = self.stats[index]
        return Box(x, y, x + w, y + h)

    def pixels(self, index: int) -> int:
        return self.stats[index][cv2.CC_STAT_AREA]


def _spots(heat: NDArray[np.float32], hot: NDArray[np.bool_], highest: float) -> _Spots:
    """``highest`` of all that may be hot."""
    # half the time of the usual 32 bits; a square of two by two holds one region at most
    most = ((hot.shape[0] + 1) // 2) * ((hot.shape[1] + 1) // 2)
    kind = cv2.CV_16U if most < _MOST_IN_16_BITS else cv2.CV_32S
    count, found, stats, _ = cv2.connectedComponentsWithStatsWithAlgorithm(
        hot.view(np.uint8), 8, kind, cv2.CCL_DEFAULT
    )
    labels: NDArray[np.integer] = np.asarray(found)
    if count == _ONE_SPOT:
        return _Spots(labels, [highest], stats[1:].tolist())
    peaks = np.full(count, -np.inf, np.float32)
    # of the hot places alone: they are few, and `at` takes a quarter of a millisecond for all
    np.maximum.at(peaks, labels[hot], heat[hot])
    return _Spots(labels, peaks[1:].tolist(), stats[1:].tolist())
