"""Where in a picture the part is: for placing made-up defects, and for the weight of the ground
around parts that a fixture has centred (``level``)."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image

_LEAST, _MOST = 0.04, 0.85
_BORDER = 0.04
_BORDER_SHARE = 0.35
"""Share of the border that may be foreground: beyond it the picture has no background."""


def foreground(images: Image) -> NDArray[np.bool_]:
    """bool (n, H, W) of uint8 (n, H, W, 3) BGR: what differs from the colour at the border.

    Where that is no separate thing, as in pictures of textures, all of the picture is.
    """
    masks = np.stack([_differs(image) for image in images])
    border = _border(masks.shape[1:])
    share, at_border = masks.mean(), masks[:, border].mean()
    if not _LEAST <= share <= _MOST or at_border > _BORDER_SHARE:
        return np.ones_like(masks)
    empty = masks.mean((1, 2)) < _LEAST / 2
    masks[empty] = True
    return masks


def _differs(image: Image) -> NDArray[np.bool_]:
    smooth = cv2.GaussianBlur(image, (0, 0), max(min(image.shape[:2]) / 100, 0.5))
    ground = np.median(smooth[_border(image.shape[:2])], axis=0)
    far = np.abs(smooth.astype(np.float32) - ground).max(axis=2)
    level, _ = cv2.threshold(
        far.clip(0, 255).astype(np.uint8), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU
    )
    return np.asarray(far > max(level, 8.0))


def _border(shape: tuple[int, ...]) -> NDArray[np.bool_]:
    rim = max(round(_BORDER * min(shape)), 1)
    border = np.ones(shape, np.bool_)
    border[rim:-rim, rim:-rim] = False
    return border
