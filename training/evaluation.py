"""The evaluation document, ``--json`` of ``evaluate`` and ``cross-validate``.

A contract with other programs; docs/training.md describes it. Schema 2 added ``model``,
``ci95``, ``at_t2``, ``review_load``, ``type_confusion``, ``scores`` and the parts of
``milliseconds``; nothing of schema 1 was taken away.
"""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

SCHEMA = 2

Interval = list[float]
"""[low, high] of 95 %."""


class ImageFigures(TypedDict):
    """Of whole images; rejected means at or above T1, or INVALID.

    ``ci95`` has an interval for each share under its own name, and for ``escape_rate`` (of
    defective ones) and ``overkill_rate`` (of good ones).
    """

    auroc: float
    auroc_ci95: Interval
    average_precision: float
    accuracy: float
    precision: float
    recall: float
    f1: float
    confusion: dict[str, int]
    escapes: int
    overkills: int
    review: int
    fpr_at_tpr1: float
    tpr_at_fpr0: float
    ci95: dict[str, Interval]
    review_load: dict[str, float]
    at_t2: dict[str, int]


class PixelFigures(TypedDict):
    """``ci95`` is a bootstrap over images."""

    auroc: float
    pro: float
    ci95: dict[str, Interval]


class TypeFigures(TypedDict):
    """Of one kind of defect against all good ones."""

    n: int
    auroc: float
    escapes: int
    review: int
    mean_score: float
    auroc_ci95: Interval
    escape_ci95: Interval


class ImageScore(TypedDict):
    """Of one test image; ``image`` is relative to the category's folder, with slashes.

    ``score`` is None where it was not finite; ``fault`` then says why, if anybody knows.
    """

    image: str
    kind: str
    score: float | None
    verdict: str
    named: str | None
    fault: str | None


class Evaluation(TypedDict):
    """``type_confusion`` counts, for every type of defect, the types that ``class_scores``
    named; None where the package has none. ``region_pixels`` is there where test images
    with more pixels than that on the shorter side were reduced to them."""

    schema: int
    category: str
    model: str
    protocol: str
    n_good: int
    n_defective: int
    thresholds: dict[str, float]
    image: ImageFigures
    pixel: PixelFigures | None
    by_defect_type: dict[str, TypeFigures]
    type_confusion: dict[str, dict[str, int]] | None
    floors: dict[str, float]
    variant: str
    milliseconds_per_image: float
    milliseconds: dict[str, float]
    scores: list[ImageScore]
    region_pixels: NotRequired[int]
