"""The 64×64 grey thumbnail that presence is decided on (`inspector.core.presence`)."""

from __future__ import annotations

import cv2
import numpy as np

from inspector.core.frame import Image
from inspector.core.geometry import Roi
from inspector.core.presence import SIDE, Thumbnail


def thumbnail(image: Image, roi: Roi | None = None) -> Thumbnail:
    """uint8 (64, 64) grey of a region of a uint8 (H, W, 3) BGR image.

    Every n-th row and column first (so that at least 2×4 pixels remain for each of the
    thumbnail's), then area means, which have a third of the sensor's noise. Rows are what
    costs: a fresh frame is in no cache, and every row touched is fetched whole. The green
    channel stands for grey: it has the most weight in luma and costs no conversion.
    """
    box = roi.box if roi else None
    view = image[box.y1 : box.y2, box.x1 : box.x2, 1] if box else image[..., 1]
    step_y, step_x = max(1, view.shape[0] // (2 * SIDE)), max(1, view.shape[1] // (4 * SIDE))
    coarse = np.ascontiguousarray(view[::step_y, ::step_x])
    result: Thumbnail = cv2.resize(  # type: ignore[assignment]
        coarse, (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    return result
