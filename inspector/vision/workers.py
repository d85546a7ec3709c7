"""OpenCV's own threads, which all of the program share."""

from __future__ import annotations

import cv2
import numpy as np

MOST_WORKERS = 4


def limit_workers() -> None:
    """At most four threads: OpenCV has one a core, which turn in circles between two pictures.

    A 960 px region took as long with four as with sixteen on sixteen cores (0.30 and 0.34 ms,
    0.42 and 0.37 from memory), and the station burnt 7 to 9 ms of processor an inspection.
    """
    cv2.setNumThreads(min(cv2.getNumThreads(), MOST_WORKERS))


def start_workers() -> None:
    """Makes OpenCV's worker threads now, by the thread that calls; harmless if they exist.

    They are made at the first parallel call and take over the priority of whoever makes
    it, for good: a background thread must not be the first, or whoever resizes a picture
    later waits for threads that stand back.
    """
    cv2.resize(np.zeros((1080, 1920, 3), np.uint8), (1280, 720))
