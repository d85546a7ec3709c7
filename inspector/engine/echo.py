"""Tells a network that looks from one that says the same whatever it is shown."""

from __future__ import annotations

import numpy as np

from inspector.core.frame import Image
from inspector.core.inspection import Prediction
from inspector.engine.alike import look_alike

SAME_ANSWERS = 10
"""Different pictures in a row with one answer, to the last bit, from which on it is a fault."""


class EchoWatch:
    """Follows the answers for one region (one thread).

    Score and map together: a score may stand at the end of its scale, a map over another
    picture never repeats itself bit by bit. Equal pictures prove nothing, in either sense.
    The last picture is held, not copied: it is looked at only where the answer was the same.
    """

    def __init__(self) -> None:
        self._pixels: Image | None = None
        self._answer: Prediction | None = None
        self._repeats = 0

    def problem(self, pixels: Image, answer: Prediction) -> str | None:
        """Why the answer cannot be trusted; ``pixels`` uint8 (h, w, 3) is what was shown."""
        before, self._pixels = self._pixels, pixels
        same = self._answer is not None and _equal(self._answer, answer)
        self._answer = answer
        if not same:
            self._repeats = 0
        elif before is not None and not look_alike(before, pixels):
            self._repeats += 1
        return self._words()

    def _words(self) -> str | None:
        count = self._repeats + 1
        if count < SAME_ANSWERS:
            return None
        return f"the network gives the same answer for {count} different pictures in a row"


def _equal(a: Prediction, b: Prediction) -> bool:
    if a.score != b.score:
        return False
    if a.anomaly_map is None or b.anomaly_map is None:
        return a.anomaly_map is b.anomaly_map
    return np.array_equal(a.anomaly_map, b.anomaly_map)
