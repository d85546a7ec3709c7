"""The supervised protocol: stratified folds, each tested by a package that never saw it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from typing_extensions import TypedDict

from inspector.core.frame import Image
from inspector.core.manifest import ProposedThresholds
from inspector.errors import InputError
from inspector.inference.predictor import open_predictor
from training.datasets import GOOD, Category, Sample
from training.evaluation import Evaluation, ImageFigures
from training.figures import figures
from training.fit import Order
from training.fit import fit as fit_good
from training.labelled import Indices
from training.labelled_fit import LabelledFitter, Settings
from training.methods import Report
from training.metrics import Rates
from training.outcomes import Outcome, inspect_samples, region_of
from training.splits import Split, labelled_samples, make_split
from training.trainer import SUPERVISED

Curves = dict[str, list[float]]


class FoldFigures(TypedDict):
    """Of one fold, tested by a model of its own; rejected as in ``ImageFigures``."""

    fold: int
    n_train: int
    n_test: int
    thresholds: dict[str, float]
    confusion: dict[str, int]
    train_seconds: float
    curves: Curves


class Supervised(Evaluation):
    """The JSON document of the protocol: counts are pooled over the folds.

    ``model`` is the method, ``thresholds`` are the medians of the folds' own, and
    ``open_set`` the figures of the held-out types against all good images.
    """

    method: str
    seed: int
    hold_out: list[str]
    split_sha256: str
    folds: list[FoldFigures]
    open_set: ImageFigures | None


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """The document, the split it stands on, and a picture of augmented images if there is one."""

    document: Supervised
    split: Split
    sheet: Image | None


@dataclass(frozen=True, slots=True)
class Folding:
    """How to split: ``count`` folds, and types of defect that no training sees."""

    count: int = 5
    hold_out: tuple[str, ...] = ()


class _Fitter(Protocol):
    """Trains on some of the samples and writes a package."""

    def fit(self, chosen: Indices, version: str, report: Report) -> tuple[Path, Curves]:
        """Its folder, and the training curves."""
        ...

    def sheet(self) -> Image | None: ...


@dataclass(frozen=True, slots=True)
class _Supervised:
    labelled: LabelledFitter

    def fit(self, chosen: Indices, version: str, report: Report) -> tuple[Path, Curves]:
        trained = self.labelled.fit(chosen, version, report)
        epochs = trained.fitted.epochs
        return trained.folder, {
            "train_loss": [e.train_loss for e in epochs],
            "validation_loss": [e.validation_loss for e in epochs],
        }

    def sheet(self) -> Image | None:
        return self.labelled.contact_sheet()


@dataclass(frozen=True, slots=True)
class _GoodFitter:
    """For methods that learn from good images alone."""

    order: Order
    samples: Sequence[Sample]

    def fit(self, chosen: Indices, version: str, report: Report) -> tuple[Path, Curves]:
        good = tuple(self.samples[i].path for i in chosen if not self.samples[i].is_defective)
        part = _Chosen(self.order.category.name, self.order.category.path, good)
        return fit_good(replace(self.order, category=part, version=version), report).folder, {}

    def sheet(self) -> Image | None:
        return None


@dataclass(frozen=True, slots=True)
class _Chosen(Category):
    """A category whose training images are named one by one."""

    files: tuple[Path, ...] = ()

    def train_good(self) -> list[Path]:
        if len(self.files) < 2:
            raise InputError(f"too few good images of {self.name} are left to train on")
        return list(self.files)


def fold_version(fold: int) -> str:
    """The name of the package of a fold, numbered from 0."""
    return f"fold-{fold + 1}"


def cross_validate(order: Order, protocol: Folding, settings: Settings, report: Report) -> Result:
    """All images of ``order.category``; packages are written to ``order.out``, one a fold.

    Raises InputError for images that cannot be used, ConfigError for an unknown method.
    """
    # the figures are of fp32, and a fold's package is not shipped
    order = replace(order, variants=("fp32",))
    samples = labelled_samples(order.category)
    split = make_split(
        order.category,
        samples,
        count=protocol.count,
        seed=order.seed,
        hold_out=protocol.hold_out,
    )
    fitter: _Fitter = _GoodFitter(order, samples)
    if order.method in SUPERVISED:
        fitter = _Supervised(LabelledFitter(order, samples, settings))
    outcomes: list[Outcome] = []
    folds: list[FoldFigures] = []
    for fold in range(split.count):
        found, figure = _one_fold(fold, split, samples, fitter, report)
        outcomes += found
        folds.append(figure)
    return Result(_document(order, split, outcomes, folds), split, fitter.sheet())


def _one_fold(
    fold: int, split: Split, samples: Sequence[Sample], fitter: _Fitter, report: Report
) -> tuple[list[Outcome], FoldFigures]:
    def of_this_fold(step: str, share: float) -> None:
        report(f"{step} {fold + 1}/{split.count}", share)

    start = time.perf_counter()
    chosen, tested = split.train(fold), split.test(fold)
    package, curves = fitter.fit(chosen, fold_version(fold), of_this_fold)
    seconds = time.perf_counter() - start
    outcomes, proposed = judge_fold(package, [samples[i] for i in tested], of_this_fold)
    figure = FoldFigures(
        fold=fold,
        n_train=len(chosen),
        n_test=len(tested),
        thresholds=proposed.model_dump(include={"t1", "t2"}),
        confusion=asdict(_rates(outcomes)),
        train_seconds=round(seconds, 2),
        curves=curves,
    )
    return outcomes, figure


def judge_fold(
    package: Path, tested: Sequence[Sample], report: Report
) -> tuple[list[Outcome], ProposedThresholds]:
    """As the station would judge the images, and the package's thresholds."""
    predictor = open_predictor(package)
    try:
        region = region_of(predictor.manifest)
        outcomes = inspect_samples(tested, predictor, report, region_pixels=region)
        return outcomes, predictor.thresholds
    finally:
        predictor.close()


def _rates(outcomes: Sequence[Outcome]) -> Rates:
    return Rates.count(
        np.array([o.sample.is_defective for o in outcomes]),
        np.array([o.verdict.is_reject for o in outcomes]),
    )


def _document(
    order: Order,
    split: Split,
    outcomes: Sequence[Outcome],
    folds: list[FoldFigures],
) -> Supervised:
    limits = {
        name: float(np.median([fold["thresholds"][name] for fold in folds]))
        for name in ("t1", "t2")
    }
    pooled = figures(
        order.category,
        outcomes,
        protocol="supervised",
        model=order.method,
        thresholds=ProposedThresholds(**limits),
        variant="fp32",
    )
    if order.region_pixels is not None:
        pooled["region_pixels"] = order.region_pixels
    return Supervised(
        **pooled,
        method=order.method,
        seed=order.seed,
        hold_out=list(split.hold_out),
        split_sha256=split.sha256,
        folds=folds,
        open_set=_open_set(order, split, outcomes, limits),
    )


def _open_set(
    order: Order, split: Split, outcomes: Sequence[Outcome], limits: dict[str, float]
) -> ImageFigures | None:
    if not split.hold_out:
        return None
    part = [o for o in outcomes if o.sample.kind in (GOOD, *split.hold_out)]
    return figures(
        order.category,
        part,
        protocol="supervised",
        model=order.method,
        thresholds=ProposedThresholds(**limits),
        variant="fp32",
    )["image"]
