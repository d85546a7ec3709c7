"""Labelled discs in memory, 64 px: good, and with a dark or a bright blot."""

from __future__ import annotations

import cv2
import numpy as np

from inspector.vision.resize import resize
from tests.support.parts_folder import disc
from training.labelled import Labelled


def labelled_discs(*, good: int, bad: int, outlined: bool = True) -> Labelled:
    """The good ones first; the defective ones alternate between ``blot`` and ``spark``."""
    images, masks, kinds = [], [], []
    for i in range(good + bad):
        image = resize(disc(i), 64, 64).copy()
        mask = np.zeros((64, 64), np.uint8)
        if i >= good:
            cv2.circle(mask, (40 - 2 * (i % 3), 24 + 2 * (i % 4)), 5, 255, -1)
            image[mask > 0] = 20 if i % 2 else 250
        images.append(image)
        masks.append(mask)
        kinds.append("good" if i < good else ("blot" if i % 2 else "spark"))
    flags = np.array([outlined or kind == "good" for kind in kinds])
    n = good + bad
    return Labelled(
        np.stack(images), np.stack(masks), tuple(kinds), np.ones(n, np.bool_), flags, 1.0, False
    )
