"""Thresholds from validation images, good and defective."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_WIDTH = 1.0
"""Logits by which an image may as well have scored higher or lower."""
_CANDIDATES = np.linspace(-4.0, 4.0, 161)


def choose_thresholds(
    scores: NDArray[np.float64], defective: NDArray[np.bool_]
) -> tuple[float, float]:
    """(T1, T2) for probabilities, from images that were not trained on.

    T1 makes the fewest errors, counted softly, since a handful of defects would else set
    it by the one that happens to score lowest; good and defective ones count alike,
    however many there are of each. T2 is T1, or lies just above the highest
    good image where that one reaches T1.

    Raises ValueError unless there are both good and defective images.
    """
    if defective.all() or not defective.any():
        raise ValueError("thresholds need good and defective images")
    logits = _logit(scores)
    t1 = float(_CANDIDATES[np.argmin(_soft_errors(logits, defective))])
    highest = float(logits[~defective].max())
    t2 = max(t1, highest + 1e-3) if highest >= t1 else t1
    return _sigmoid(t1), _sigmoid(t2)


def _soft_errors(logits: NDArray[np.float64], defective: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Of each candidate."""
    wrong_side = np.where(defective, -1.0, 1.0)
    beyond = (logits - _CANDIDATES[:, None]) * wrong_side / _WIDTH
    soft = 1 / (1 + np.exp(-beyond))
    return np.asarray(soft[:, defective].mean(axis=1) + soft[:, ~defective].mean(axis=1))


def _logit(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    safe = np.clip(scores, 1e-7, 1 - 1e-7)
    return np.asarray(np.log(safe / (1 - safe)))


def _sigmoid(logit: float) -> float:
    return float(1 / (1 + np.exp(-logit)))
