"""``evaluate``: the exported package, through the station's predictor and judge()."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.geometry import Affine, Box
from inspector.core.inspection import Crop, Prediction, Verdict
from inspector.core.manifest import ProposedThresholds
from inspector.core.recipe import Recipe, Thresholds, judge
from inspector.errors import InputError
from inspector.inference.predictor import OnnxPredictor, open_predictor
from training import metrics
from training.datasets import GOOD, Category, Sample, read_image, read_mask
from training.methods import Report
from training.metrics import Flags, Rates, Scores


class ImageFigures(TypedDict):
    """Of whole images; rejected means at or above T1, or INVALID."""

    auroc: float
    auroc_ci95: list[float]
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


class PixelFigures(TypedDict):
    auroc: float
    pro: float


class TypeFigures(TypedDict):
    """Of one kind of defect against all good ones."""

    n: int
    auroc: float
    escapes: int
    review: int
    mean_score: float


class Evaluation(TypedDict):
    """The JSON document: a contract with other programs."""

    schema: int
    category: str
    protocol: str
    n_good: int
    n_defective: int
    thresholds: dict[str, float]
    image: ImageFigures
    pixel: PixelFigures | None
    by_defect_type: dict[str, TypeFigures]
    floors: dict[str, float]
    variant: str
    milliseconds_per_image: float


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A test image, its prediction and its verdict; ``size`` is (height, width)."""

    sample: Sample
    size: tuple[int, int]
    prediction: Prediction
    verdict: Verdict


def evaluate(
    package: Path, category: Category, report: Report, *, variant: str | None = None
) -> Evaluation:
    """On the official split: all of ``test``, at the thresholds that the package proposes.

    Raises PackageError and InputError for what cannot be used.
    """
    samples = category.test()
    predictor = open_predictor(package, variant=variant)
    try:
        trained = predictor.manifest.category
        if trained != category.name:
            raise InputError(
                f"{package} is a model of {trained!r}, not of {category.name!r}:"
                " give the category it was trained for"
            )
        outcomes = inspect_samples(samples, predictor, report)
        return figures(
            category.name,
            outcomes,
            protocol="official",
            thresholds=predictor.thresholds,
            variant=predictor.variant,
        )
    finally:
        predictor.close()


def inspect_samples(
    samples: Sequence[Sample], predictor: OnnxPredictor, report: Report
) -> list[Outcome]:
    """As the station would, at the thresholds that the package proposes."""
    recipe = _recipe(predictor)
    outcomes = []
    for i, sample in enumerate(samples):
        image = read_image(sample.path)
        [prediction] = predictor.predict([Crop(image)])
        verdict = judge(prediction.score, recipe)
        size = (image.shape[0], image.shape[1])
        outcomes.append(Outcome(sample, size, prediction, verdict))
        report("test images", (i + 1) / len(samples))
    return outcomes


def _recipe(predictor: OnnxPredictor) -> Recipe:
    proposed: ProposedThresholds = predictor.thresholds
    return Recipe(
        model_sha256=predictor.model_id.rpartition("#")[2],
        thresholds=Thresholds(t1=proposed.t1, t2=proposed.t2),
    )


def figures(
    category: str,
    outcomes: Sequence[Outcome],
    *,
    protocol: str,
    thresholds: ProposedThresholds,
    variant: str,
) -> Evaluation:
    """The document on some outcomes, good and defective ones among them."""
    defective = np.array([o.sample.is_defective for o in outcomes])
    scores = metrics.finite([o.prediction.score for o in outcomes])
    times = [o.prediction.prepare_ms + o.prediction.network_ms for o in outcomes]
    return Evaluation(
        schema=1,
        category=category,
        protocol=protocol,
        n_good=int((~defective).sum()),
        n_defective=int(defective.sum()),
        thresholds={"t1": thresholds.t1, "t2": thresholds.t2},
        image=_image_figures(outcomes, defective, scores),
        pixel=_pixel_figures(outcomes),
        by_defect_type=_by_type(outcomes, defective, scores),
        floors=_floors(defective),
        variant=variant,
        milliseconds_per_image=round(float(np.median(times)), 3),
    )


def _image_figures(outcomes: Sequence[Outcome], defective: Flags, scores: Scores) -> ImageFigures:
    rejected = np.array([o.verdict.is_reject for o in outcomes])
    rates = Rates.count(defective, rejected)
    area = metrics.auroc(defective, scores)
    interval = metrics.auroc_interval(area, int((~defective).sum()), int(defective.sum()))
    return ImageFigures(
        auroc=area,
        auroc_ci95=list(interval),
        average_precision=metrics.average_precision(defective, scores),
        accuracy=rates.accuracy,
        precision=rates.precision,
        recall=rates.recall,
        f1=rates.f1,
        confusion=asdict(rates),
        escapes=rates.fn,
        overkills=rates.fp,
        review=_count(outcomes, Verdict.REVIEW),
        fpr_at_tpr1=metrics.fpr_at_full_recall(defective, scores),
        tpr_at_fpr0=metrics.tpr_at_no_overkill(defective, scores),
    )


def _count(outcomes: Sequence[Outcome], verdict: Verdict) -> int:
    return sum(o.verdict is verdict for o in outcomes)


def _by_type(
    outcomes: Sequence[Outcome], defective: Flags, scores: Scores
) -> dict[str, TypeFigures]:
    kinds = np.array([o.sample.kind for o in outcomes])
    result = {}
    for kind in sorted(set(kinds.tolist()) - {GOOD}):
        chosen = kinds == kind
        against_good = chosen | ~defective
        mine = [o for o in outcomes if o.sample.kind == kind]
        result[kind] = TypeFigures(
            n=len(mine),
            auroc=metrics.auroc(chosen[against_good], scores[against_good]),
            escapes=_count(mine, Verdict.PASS),
            review=_count(mine, Verdict.REVIEW),
            mean_score=float(scores[chosen].mean()),
        )
    return result


def _floors(defective: Flags) -> dict[str, float]:
    """What a model gets that has learnt nothing."""
    nothing = np.zeros_like(defective)
    return {
        "all_pass_accuracy": Rates.count(defective, nothing).accuracy,
        "all_fail_f1": Rates.count(defective, ~nothing).f1,
    }


def _pixel_figures(outcomes: Sequence[Outcome]) -> PixelFigures | None:
    """None without masks or maps; left out are defective images whose defect nobody
    outlined, and images whose part was not located: those have no map, only a verdict."""
    usable = [
        o
        for o in outcomes
        if (o.sample.mask or not o.sample.is_defective) and o.prediction.fault is None
    ]
    heats = [o.prediction.anomaly_map for o in usable]
    known = [h for h in heats if h is not None and np.isfinite(h).all()]
    if len(known) < len(usable) or not any(o.sample.mask for o in usable):
        return None
    low, high = min(float(h.min()) for h in known), max(float(h.max()) for h in known)
    counted = metrics.pixel_scores(_labelled(usable), low, high)
    if not len(counted.regions):
        return None
    return PixelFigures(auroc=counted.auroc(), pro=counted.pro())


def _labelled(
    outcomes: Sequence[Outcome],
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int32]]]:
    """Maps at the size of their image, with the defect regions numbered from 1."""
    for outcome in outcomes:
        heat, (height, width) = outcome.prediction.anomaly_map, outcome.size
        full = _on_image(np.asarray(heat), outcome.prediction.to_image, height, width)
        labels = np.zeros((height, width), np.int32)
        if outcome.sample.mask:
            mask = read_mask(outcome.sample.mask, height, width).astype(np.uint8)
            labels = cv2.connectedComponents(mask, connectivity=8)[1]  # type: ignore[assignment]
        yield full, labels


def _on_image(
    heat: NDArray[np.float32], to_image: Affine, height: int, width: int
) -> NDArray[np.float32]:
    """The map laid over its image; what a fixture cut off is as low as the map's lowest."""
    # warpAffine maps pixel centres, Affine maps edges: shift by half a pixel both ways
    centred = Affine.translation(0.5, 0.5).then(to_image).then(Affine.translation(-0.5, -0.5))
    h, w = heat.shape
    shown = to_image.box(Box(0, 0, w, h))
    covers = min(shown.x1, shown.y1) <= 0 and shown.x2 >= width and shown.y2 >= height
    full: NDArray[np.float32] = cv2.warpAffine(  # type: ignore[assignment]
        heat,
        centred.as_array(),
        (width, height),
        borderMode=cv2.BORDER_REPLICATE if covers else cv2.BORDER_CONSTANT,
        borderValue=float(heat.min()),
    )
    return full
