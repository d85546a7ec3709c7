"""Overlays for people: verdict by word, shape and colour together, never on the original."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.geometry import Affine, Box, Roi
from inspector.core.inspection import Inspection, Prediction, Verdict

_COLOURS = MappingProxyType(
    {
        Verdict.PASS: (96, 168, 40),
        Verdict.REVIEW: (20, 150, 240),
        Verdict.FAIL: (48, 48, 214),
        Verdict.INVALID: (170, 60, 150),
        Verdict.NO_PART: (130, 130, 130),
    }
)
"""BGR, apart in lightness too; the word and the shape say the same."""

_WHITE = (255, 255, 255)
_FONT = cv2.FONT_HERSHEY_SIMPLEX


def annotate(
    image: Image,
    inspections: Sequence[Inspection],
    predictions: Sequence[Prediction | None],
    rois: Sequence[Roi | None],
    *,
    width: int,
    caption: str = "",
    heat_from: float,
) -> Image:
    """A new BGR image of ``width`` pixels with regions, heat, defects and a verdict bar.

    Args:
        image: uint8 (H, W, 3) BGR; not altered.
        inspections, predictions, rois: one each a region.
        heat_from: anomaly value from which on heat is shown (half of T1, say).
    """
    scale = width / image.shape[1]
    height = round(image.shape[0] * scale)
    # area means are slow and only needed where bilinear would skip pixels
    how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    canvas: Image = cv2.resize(image, (width, height), interpolation=how)  # type: ignore[assignment]
    to_canvas = Affine.scaling(scale, scale)
    for inspection, prediction, roi in zip(inspections, predictions, rois, strict=True):
        if prediction is not None and prediction.anomaly_map is not None:
            _heat(canvas, prediction.anomaly_map, prediction.to_image.then(to_canvas), heat_from)
        _region(canvas, inspection, roi, to_canvas)
    return np.vstack([_bar(width, inspections, caption), canvas])


def _heat(canvas: Image, heat: NDArray[np.float32], to_canvas: Affine, heat_from: float) -> None:
    """Blends red over ``canvas`` in place, stronger with the anomaly, none below the start."""
    strength = np.clip((heat - heat_from) / max(heat_from, 1e-6), 0.0, 1.0) * 0.65
    if not strength.any():
        return
    h, w = heat.shape
    box = to_canvas.box(Box(0, 0, w, h)).clipped(canvas.shape[1], canvas.shape[0])
    # warpAffine maps pixel centres, Affine maps edges: shift by half a pixel both ways
    centred = Affine.translation(0.5, 0.5).then(to_canvas)
    centred = centred.then(Affine.translation(-0.5 - box.x1, -0.5 - box.y1))
    alpha = cv2.warpAffine(strength.astype(np.float32), centred.as_array(), (box.width, box.height))
    place = canvas[box.y1 : box.y2, box.x1 : box.x2]
    red = np.full_like(place, (40, 40, 255))
    cv2.blendLinear(red, place.copy(), alpha, 1.0 - alpha, dst=place)


def _region(canvas: Image, inspection: Inspection, roi: Roi | None, to_canvas: Affine) -> None:
    colour = _COLOURS[inspection.verdict]
    if roi is not None:
        box = to_canvas.box(roi.box)
        cv2.rectangle(canvas, (box.x1, box.y1), (box.x2 - 1, box.y2 - 1), colour, 2)
    for defect in inspection.defects:
        box = to_canvas.box(defect.box)
        cv2.rectangle(canvas, (box.x1, box.y1), (box.x2, box.y2), _WHITE, 3)
        cv2.rectangle(canvas, (box.x1, box.y1), (box.x2, box.y2), colour, 1)


def _bar(width: int, inspections: Sequence[Inspection], caption: str) -> Image:
    """uint8 (h, width, 3): shape, word, score and caption on the verdict's colour."""
    height = max(32, width // 20)
    telling = max(inspections, key=lambda i: (i.verdict != Verdict.NO_PART, i.score))
    verdict = telling.verdict
    bar = np.full((height, width, 3), _COLOURS[verdict], np.uint8)
    _shape(bar, verdict, height)
    word = "no part" if verdict is Verdict.NO_PART else verdict.value
    if np.isfinite(telling.score):
        word += f"  {telling.score:.2f}"
    scale = height / 44
    cv2.putText(bar, word, (height + 4, int(height * 0.72)), _FONT, scale, _WHITE, 2, cv2.LINE_AA)
    (wide, _), _ = cv2.getTextSize(caption, _FONT, scale * 0.6, 1)
    at = (width - wide - 12, int(height * 0.68))
    cv2.putText(bar, caption, at, _FONT, scale * 0.6, _WHITE, 1, cv2.LINE_AA)
    return bar


def _shape(bar: Image, verdict: Verdict, height: int) -> None:
    """Tick, question mark, cross, or ring: readable without colour."""
    c, r = height // 2, height // 4
    match verdict:
        case Verdict.PASS:
            points = np.array([(c - r, c), (c - r // 3, c + r), (c + r, c - r)], np.int32)
            cv2.polylines(bar, [points], isClosed=False, color=_WHITE, thickness=3)
        case Verdict.FAIL:
            cv2.line(bar, (c - r, c - r), (c + r, c + r), _WHITE, 3)
            cv2.line(bar, (c - r, c + r), (c + r, c - r), _WHITE, 3)
        case Verdict.REVIEW:
            cv2.putText(bar, "?", (c - r, c + r), _FONT, height / 40, _WHITE, 3)
        case Verdict.INVALID:
            cv2.putText(bar, "!", (c - r // 2, c + r), _FONT, height / 40, _WHITE, 3)
        case Verdict.NO_PART:
            cv2.circle(bar, (c, c), r, _WHITE, 2)
