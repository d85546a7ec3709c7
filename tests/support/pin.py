"""A part that lies at any angle, as a picture."""

from __future__ import annotations

import cv2
import numpy as np

from inspector.core.frame import Image


def pin(angle: float, side: int = 160) -> Image:
    """A pin with a head on a plain ground, turned by ``angle`` degrees."""
    image = np.full((side, side, 3), 200, np.uint8)
    middle = (side // 2, side // 2)
    for length, width in ((0.35, 0.05), (0.1, 0.14)):
        box = np.array(
            [[-width, -0.35], [width, -0.35], [width, 0.7 * length], [-width, 0.7 * length]]
        )
        if length == 0.1:
            box[:, 1] = [-0.38, -0.38, -0.2, -0.2]
        turn = np.deg2rad(angle)
        rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
        points = (box @ rotation.T * side + middle).round().astype(np.int32)
        cv2.fillConvexPoly(image, points, (60, 70, 80))
    rng = np.random.default_rng(round(angle * 1000))
    noise = rng.normal(0, 2, image.shape)
    return (image + noise).clip(0, 255).astype(np.uint8)
