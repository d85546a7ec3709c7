"""Labelled images as the station would judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from inspector.core.frame import Image
from inspector.core.geometry import Affine
from inspector.core.inspection import Crop, Prediction, Verdict
from inspector.core.manifest import ModelManifest, ProposedThresholds
from inspector.core.recipe import Recipe, Thresholds, judge
from inspector.errors import PackageError
from inspector.inference.predictor import OnnxPredictor
from training.camera_model import reduced
from training.datasets import Sample, read_image
from training.methods import Report

LEAST_REGION, MOST_REGION = 64, 8192
"""Pixels on the shorter side of what a station may inspect."""


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A test image, its prediction and its verdict.

    The prediction is in coordinates of the image as it is on disk. ``size`` is (height, width);
    ``t1`` the threshold that it was judged at; ``named`` the label with the highest of
    ``class_scores``, None where the model has none or gave no answer.
    """

    sample: Sample
    size: tuple[int, int]
    prediction: Prediction
    verdict: Verdict
    t1: float
    named: str | None = None


def region_of(manifest: ModelManifest) -> int | None:
    """Pixels on the shorter side of the pictures it was trained on; None: as they were.

    Raises PackageError for a manifest that says something else.
    """
    told = manifest.training.options.get("region_pixels", 0)
    if told == 0:
        return None
    if not isinstance(told, int) or not LEAST_REGION <= told <= MOST_REGION:
        raise PackageError(
            f"manifest of {manifest.title}: training option region_pixels is {told!r}, expected 0"
            f" or {LEAST_REGION} to {MOST_REGION}: train the model again"
        )
    return told


def inspect_samples(
    samples: Sequence[Sample],
    predictor: OnnxPredictor,
    report: Report,
    *,
    region_pixels: int | None = None,
) -> list[Outcome]:
    """As the station would, at the thresholds that the package proposes.

    Images with more than ``region_pixels`` on the shorter side are reduced to them first, as
    ``fit`` does it.
    """
    recipe, labels = _recipe(predictor), predictor.manifest.labels
    outcomes = []
    for i, sample in enumerate(samples):
        image = read_image(sample.path)
        prediction = _predict(predictor, image, region_pixels)
        verdict = judge(prediction.score, recipe)
        size = (image.shape[0], image.shape[1])
        named = _named(prediction, labels)
        t1 = recipe.thresholds.t1
        outcomes.append(Outcome(sample, size, prediction, verdict, t1, named))
        report("test images", (i + 1) / len(samples))
    return outcomes


def _predict(predictor: OnnxPredictor, image: Image, region_pixels: int | None) -> Prediction:
    shown = reduced(image, region_pixels)
    [prediction] = predictor.predict([Crop(shown)])
    if shown is image:
        return prediction
    enlarged = Affine.scaling(image.shape[1] / shown.shape[1], image.shape[0] / shown.shape[0])
    return replace(prediction, to_image=prediction.to_image.then(enlarged))


def _recipe(predictor: OnnxPredictor) -> Recipe:
    proposed: ProposedThresholds = predictor.thresholds
    return Recipe(
        model_sha256=predictor.model_id.rpartition("#")[2],
        thresholds=Thresholds(t1=proposed.t1, t2=proposed.t2),
    )


def _named(prediction: Prediction, labels: Sequence[str]) -> str | None:
    scores = prediction.class_scores
    if not labels or scores is None or prediction.fault is not None:
        return None
    return labels[int(scores.argmax())]
