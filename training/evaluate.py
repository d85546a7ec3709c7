"""``evaluate``: the exported package, through the station's predictor and judge()."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.core.manifest import ModelManifest
from inspector.errors import InputError
from inspector.inference.predictor import open_predictor
from training.datasets import Category, fingerprint
from training.evaluation import Evaluation
from training.figures import figures
from training.methods import Report
from training.outcomes import (
    LEAST_REGION,
    MOST_REGION,
    Outcome,
    inspect_samples,
    region_of,
)
from training.splits import labelled_samples


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The document, what it was counted from, and the package's own account."""

    document: Evaluation
    outcomes: list[Outcome]
    manifest: ModelManifest


def evaluate(
    package: Path,
    category: Category,
    report: Report,
    *,
    variant: str | None = None,
    region_pixels: int | None = None,
) -> Evaluation:
    """On the official split: all of ``test``, at the thresholds that the package proposes.

    Images with more than ``region_pixels`` on the shorter side are reduced to them; 0 takes
    all as they are, None reduces them as the package's training images were, if they were.

    Raises PackageError and InputError for what cannot be used, and for another number.
    """
    return measure(package, category, report, variant=variant, region_pixels=region_pixels).document


def measure(
    package: Path,
    category: Category,
    report: Report,
    *,
    variant: str | None = None,
    region_pixels: int | None = None,
) -> Measured:
    """As ``evaluate``, with the judged images."""
    if region_pixels and not LEAST_REGION <= region_pixels <= MOST_REGION:
        raise InputError(
            f"--region-pixels {region_pixels}: expected 0 or {LEAST_REGION} to {MOST_REGION}"
        )
    samples = category.test()
    predictor = open_predictor(package, variant=variant)
    try:
        _check_fits(predictor.manifest, category, package)
        trained = region_of(predictor.manifest)
        region = trained if region_pixels is None else region_pixels or None
        outcomes = inspect_samples(samples, predictor, report, region_pixels=region)
        document = figures(
            category,
            outcomes,
            protocol="official",
            model=predictor.model_id,
            thresholds=predictor.thresholds,
            variant=predictor.variant,
        )
        if region is not None:
            document["region_pixels"] = region
        return Measured(document, outcomes, predictor.manifest)
    finally:
        predictor.close()


def _check_fits(manifest: ModelManifest, category: Category, package: Path) -> None:
    if manifest.category != category.name:
        raise InputError(
            f"{package} is a model of {manifest.category!r}, not of {category.name!r}:"
            " give the category it was trained for"
        )
    if "trained_on_defective" not in manifest.training.options:
        return
    everything = [sample.path for sample in labelled_samples(category)]
    if fingerprint(everything).sha256 == manifest.data.sha256:
        raise InputError(
            f"{package} has learnt from the test images of {category.path}: its figures on them"
            " would mean nothing; measure the method with cross-validate"
        )
