"""How well anomaly maps show the place of defects, against outlined ones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.geometry import Affine, Box
from training import metrics
from training.datasets import read_mask
from training.evaluation import PixelFigures
from training.intervals import bootstrap
from training.outcomes import Outcome


def pixel_figures(outcomes: Sequence[Outcome]) -> PixelFigures | None:
    """None without masks or maps; left out are defective images whose defect nobody
    outlined, and images whose part was not located: those have no map, only a verdict."""
    usable = [
        o
        for o in outcomes
        if (o.sample.mask or not o.sample.is_defective) and o.prediction.fault is None
    ]
    heats = [o.prediction.anomaly_map for o in usable]
    known = [h for h in heats if h is not None and np.isfinite(h).all()]
    if len(known) < len(usable) or not any(o.sample.mask for o in usable):
        return None
    low, high = min(float(h.min()) for h in known), max(float(h.max()) for h in known)
    counted = metrics.pixel_scores(_labelled(usable), low, high)
    if not (counted.regions.any() and counted.good.any()):
        return None
    return PixelFigures(
        auroc=counted.auroc(),
        pro=counted.pro(),
        ci95={
            "auroc": bootstrap(counted.auroc, len(usable)),
            "pro": bootstrap(counted.pro, len(usable)),
        },
    )


def _labelled(
    outcomes: Sequence[Outcome],
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """Maps at the size of their image, with the defect regions numbered from 1."""
    for outcome in outcomes:
        heat, (height, width) = outcome.prediction.anomaly_map, outcome.size
        full = map_on_image(np.asarray(heat), outcome.prediction.to_image, height, width)
        labels = np.zeros((height, width), np.int32)
        if outcome.sample.mask:
            mask = read_mask(outcome.sample.mask, height, width).astype(np.uint8)
            labels = cv2.connectedComponents(mask, connectivity=8)[1]  # type: ignore[assignment]
        yield full, labels


def map_on_image(
    heat: NDArray[np.float32], to_image: Affine, height: int, width: int
) -> NDArray[np.float32]:
    """float32 (height, width): the map laid over its image; what a fixture cut off is as
    low as the map's lowest."""
    # warpAffine maps pixel centres, Affine maps edges: shift by half a pixel both ways
    centred = Affine.translation(0.5, 0.5).then(to_image).then(Affine.translation(-0.5, -0.5))
    h, w = heat.shape
    shown = to_image.box(Box(0, 0, w, h))
    covers = min(shown.x1, shown.y1) <= 0 and shown.x2 >= width and shown.y2 >= height
    full: NDArray[np.float32] = cv2.warpAffine(  # type: ignore[assignment]
        heat,
        centred.as_array(),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE if covers else cv2.BORDER_CONSTANT,
        borderValue=float(heat.min()),
    )
    return full
