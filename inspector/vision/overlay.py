"""What is drawn over a picture at the size it is shown: heat, contours, boxes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.geometry import Affine, Box
from inspector.core.inspection import Defect
from inspector.vision.resize import resize

_WARM, _HOT = (30, 170, 255), (40, 30, 235)
_BELOW, _SPAN = 0.08, 0.4
"""Heat begins so far below T1 and is hottest so far above that, in shares of T1."""
_SHARES = np.arange(256, dtype=np.float32) / 255
_COLOURS = (np.outer(1 - _SHARES, _WARM) + np.outer(_SHARES, _HOT)).astype(np.uint8)[:, None]
_LINE, _EDGE = (255, 255, 255), (20, 20, 20)


@dataclass(frozen=True, slots=True)
class OverlayStyle:
    """Which layers are drawn. ``heat_opacity`` 0..1 where the map is hottest."""

    heat_opacity: float = 0.6
    heat: bool = True
    contours: bool = True
    boxes: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Marks:
    """Of one region: what the network said and what was found in it.

    Attributes:
        heat: float32 (h, w) anomaly map, or None.
        to_image: from its pixels to image coordinates.
        t1: anomaly value from which on a place counts as a defect.
        defects: in image coordinates.
    """

    heat: NDArray[np.float32] | None
    to_image: Affine
    t1: float
    defects: tuple[Defect, ...] = ()


def render(
    image: Image,
    view: Box,
    size: tuple[int, int],
    marks: Sequence[Marks],
    style: OverlayStyle | None,
) -> Image:
    """``view`` of ``image`` at ``size`` (width, height) with the marks over it.

    Returns:
        uint8 (height, width, 3) BGR, new and contiguous; ``image`` is not altered.
        Without a style the bare picture.
    """
    width, height = size
    canvas = resize(image[view.y1 : view.y2, view.x1 : view.x2], height, width)
    if style is None:
        return canvas
    to_canvas = Affine.translation(-view.x1, -view.y1).then(
        Affine.scaling(width / view.width, height / view.height)
    )
    for mark in marks:
        _draw(canvas, mark, mark.to_image.then(to_canvas), to_canvas, style)
    return canvas


def _draw(
    canvas: Image, mark: Marks, map_to_canvas: Affine, image_to_canvas: Affine, style: OverlayStyle
) -> None:
    usable = mark.heat is not None and bool(np.isfinite(mark.heat).all())
    if usable and mark.heat is not None and (style.heat or style.contours):
        box, heat = _placed(mark.heat, map_to_canvas, canvas)
        if box.area and style.heat:
            _blend(canvas, box, heat, mark.t1, style.heat_opacity)
        if box.area and style.contours:
            _contours(canvas, box, heat >= mark.t1)
    if style.boxes:
        for defect in mark.defects:
            _box(canvas, image_to_canvas.box(defect.box))


def _placed(
    heat: NDArray[np.float32], to_canvas: Affine, canvas: Image
) -> tuple[Box, NDArray[np.float32]]:
    """The map warped to the canvas, and the place it covers there."""
    h, w = heat.shape
    box = to_canvas.box(Box(0, 0, w, h)).clipped(canvas.shape[1], canvas.shape[0])
    if not box.area:
        return box, heat
    # warpAffine maps pixel centres, Affine maps edges: shift by half a pixel both ways
    centred = Affine.translation(0.5, 0.5).then(to_canvas)
    centred = centred.then(Affine.translation(-0.5 - box.x1, -0.5 - box.y1))
    floor = float(heat.min())
    warped = cv2.warpAffine(
        heat,
        centred.as_array(),
        (box.width, box.height),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=floor,
    )
    return box, np.asarray(warped, np.float32)


def _blend(canvas: Image, box: Box, heat: NDArray[np.float32], t1: float, opacity: float) -> None:
    """Warm from just below T1, hot well above it; nothing where the part looks as it should.

    In 255 levels and where something is hot alone: the window draws this while a line runs.
    """
    reach = max(abs(t1), 1e-6)
    low, per_level = t1 - _BELOW * reach, 255.0 / (_SPAN * reach)
    level = cv2.convertScaleAbs(np.maximum(heat, low), alpha=per_level, beta=-low * per_level)
    x, y, width, height = cv2.boundingRect(level)
    if not width:
        return
    level = level[y : y + height, x : x + width]
    place = canvas[box.y1 + y : box.y1 + y + height, box.x1 + x : box.x1 + x + width]
    alpha = (opacity * np.sqrt(_SHARES)).astype(np.float32)
    place[:] = cv2.blendLinear(
        cv2.applyColorMap(level, _COLOURS),
        place.copy(),
        cv2.LUT(level, alpha),
        cv2.LUT(level, 1.0 - alpha),
    )


def _contours(canvas: Image, box: Box, inside: NDArray[np.bool_]) -> None:
    """White on a dark edge: seen on bright and on dark parts."""
    found, _ = cv2.findContours(
        inside.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE, offset=(box.x1, box.y1)
    )
    thick = max(1, round(canvas.shape[0] / 360))
    cv2.polylines(
        canvas, found, isClosed=True, color=_EDGE, thickness=thick + 2, lineType=cv2.LINE_AA
    )
    cv2.polylines(canvas, found, isClosed=True, color=_LINE, thickness=thick, lineType=cv2.LINE_AA)


def _box(canvas: Image, box: Box) -> None:
    thick = max(1, round(canvas.shape[0] / 360))
    for colour, width in ((_EDGE, thick + 2), (_LINE, thick)):
        cv2.rectangle(canvas, (box.x1, box.y1), (box.x2 - 1, box.y2 - 1), colour, width)
