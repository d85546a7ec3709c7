"""OpenCV's own threads, which all of the program share."""

from __future__ import annotations

import cv2
import numpy as np


def start_workers() -> None:
    """Makes OpenCV's worker threads now, by the thread that calls; harmless if they exist.

    They are made at the first parallel call and take over the priority of whoever makes
    it, for good: a background thread must not be the first, or whoever resizes a picture
    later waits for threads that stand back.
    """
    cv2.resize(np.zeros((1080, 1920, 3), np.uint8), (1280, 720))
