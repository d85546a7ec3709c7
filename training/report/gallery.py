"""The worst errors and what came nearest to one, each with its heat map beside it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.inspection import Verdict
from inspector.errors import InputError
from training.datasets import read_image, read_mask
from training.outcomes import Outcome
from training.pixel_figures import map_on_image

_WIDTH = 360
"""Of each picture, pixels: two stand side by side in a card."""
_QUALITY = 82
_OUTLINE = (255, 220, 60)
"""BGR of a defect's true outline: bright blue, unlike any heat."""


@dataclass(frozen=True, slots=True, eq=False)
class Card:
    """One image: as it is with the outline of its defect, and under its heat map.

    ``score`` is None where the part was not located; ``heat`` then too. Pictures are JPEG.
    """

    name: str
    kind: str
    verdict: str
    score: float | None
    t1: float
    fault: str | None
    plain: bytes
    heat: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Cards of one sort, the worst first, and how many there are in all."""

    title: str
    explanation: str
    total: int
    cards: list[Card]


def gallery(outcomes: Sequence[Outcome], *, most: int) -> list[Group]:
    """At most ``most`` cards a group; a group without errors is there, and empty."""
    good = [o for o in outcomes if not o.sample.is_defective]
    bad = [o for o in outcomes if o.sample.is_defective]
    passed: Callable[[Outcome], bool] = lambda o: o.verdict is Verdict.PASS  # noqa: E731
    groups = (
        ("Escapes", "defective, yet passed", sorted(filter(passed, bad), key=_rank)),
        (
            "Overkills",
            "good, yet rejected",
            sorted((o for o in good if not passed(o)), key=_rank, reverse=True),
        ),
        (
            "Nearly passed",
            "defective ones that scored lowest of those rejected",
            sorted((o for o in bad if not passed(o) and _rank(o) < math.inf), key=_rank)[:most],
        ),
        (
            "Nearly rejected",
            "good ones that scored highest of those passed",
            sorted(filter(passed, good), key=_rank, reverse=True)[:most],
        ),
    )
    return [
        Group(title, text, len(found), [_card(o) for o in found[:most]])
        for title, text, found in groups
    ]


def _rank(outcome: Outcome) -> float:
    """INVALID ones, of which nobody knows, count as the highest."""
    score = outcome.prediction.score
    return score if math.isfinite(score) else math.inf


def _card(outcome: Outcome) -> Card:
    image = read_image(outcome.sample.path)
    shown = _outlined(_fitted(image), outcome)
    score = outcome.prediction.score
    return Card(
        name=outcome.sample.path.name,
        kind=outcome.sample.kind,
        verdict=outcome.verdict.value,
        score=float(score) if math.isfinite(score) else None,
        t1=outcome.t1,
        fault=outcome.prediction.fault,
        plain=_jpeg(shown),
        heat=_heat(image, outcome),
    )


def _fitted(image: Image) -> Image:
    height = max(round(image.shape[0] * _WIDTH / image.shape[1]), 1)
    how = cv2.INTER_AREA if image.shape[1] > _WIDTH else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(image, (_WIDTH, height), interpolation=how))


def _outlined(shown: Image, outcome: Outcome) -> Image:
    if outcome.sample.mask is None:
        return shown
    mask = read_mask(outcome.sample.mask, *outcome.size).astype(np.uint8)
    small = cv2.resize(mask, (shown.shape[1], shown.shape[0]), interpolation=cv2.INTER_NEAREST)
    lines, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    marked = shown.copy()
    cv2.drawContours(marked, lines, -1, _OUTLINE, 2)
    return marked


def _heat(image: Image, outcome: Outcome) -> bytes | None:
    heat = outcome.prediction.anomaly_map
    if heat is None or outcome.prediction.fault is not None or not np.isfinite(heat).all():
        return None
    shown = _fitted(image)
    full = map_on_image(heat, outcome.prediction.to_image, *outcome.size)
    small = cv2.resize(full, (shown.shape[1], shown.shape[0]), interpolation=cv2.INTER_LINEAR)
    return _jpeg(_blend(shown, np.asarray(small, np.float32), outcome.t1))


def _blend(shown: Image, heat: NDArray[np.float32], t1: float) -> Image:
    """Nothing below half of T1, red from T1 on, brighter beyond; the picture stays grey."""
    scale = max(abs(t1), 1e-6)
    strength = np.clip((heat - 0.5 * t1) / scale, 0.0, 1.0)
    colours = cv2.applyColorMap((strength * 255).astype(np.uint8), cv2.COLORMAP_INFERNO)
    grey = cv2.cvtColor(cv2.cvtColor(shown, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR)
    alpha = np.clip(strength * 1.6, 0.0, 0.8)[..., None]
    return np.asarray(grey * (1 - alpha) + colours * alpha, np.uint8)


def _jpeg(image: Image) -> bytes:
    done, data = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise InputError("a picture for the report cannot be encoded as JPEG")
    return data.tobytes()
