"""Labelled images as the station would judge them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inspector.core.inspection import Crop, Prediction, Verdict
from inspector.core.manifest import ProposedThresholds
from inspector.core.recipe import Recipe, Thresholds, judge
from inspector.inference.predictor import OnnxPredictor
from training.datasets import Sample, read_image
from training.methods import Report


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A test image, its prediction and its verdict.

    ``size`` is (height, width); ``named`` the label with the highest of ``class_scores``,
    None where the model has none or gave no answer.
    """

    sample: Sample
    size: tuple[int, int]
    prediction: Prediction
    verdict: Verdict
    named: str | None = None


def inspect_samples(
    samples: Sequence[Sample], predictor: OnnxPredictor, report: Report
) -> list[Outcome]:
    """As the station would, at the thresholds that the package proposes."""
    recipe, labels = _recipe(predictor), predictor.manifest.labels
    outcomes = []
    for i, sample in enumerate(samples):
        image = read_image(sample.path)
        [prediction] = predictor.predict([Crop(image)])
        verdict = judge(prediction.score, recipe)
        size = (image.shape[0], image.shape[1])
        named = _named(prediction, labels)
        outcomes.append(Outcome(sample, size, prediction, verdict, named))
        report("test images", (i + 1) / len(samples))
    return outcomes


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
