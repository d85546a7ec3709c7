"""One protocol with several seeds: each one's figures, their mean and its interval."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from typing_extensions import TypedDict

from inspector.errors import InputError
from training.evaluate import evaluate
from training.evaluation import Evaluation
from training.fit import Order, fit
from training.intervals import mean_interval
from training.labelled_fit import Settings
from training.ledger import load_entry, save_entry
from training.methods import Report
from training.provenance import data_digest, order_options, package_fingerprint, work_key
from training.supervised import Folding, Supervised, cross_validate
from training.trainer import SUPERVISED

Say = Callable[[str], None]
"""Told of whatever is finished, in a line."""

Protocol = Literal["official", "supervised"]
SCHEMA = 1


class SeedFigures(TypedDict):
    """Of one seed; errors are counted at T1. ``fit_seconds`` are of all folds together,
    ``milliseconds`` of one image, fixture and network."""

    seed: int
    auroc: float
    average_precision: float
    pixel_auroc: float | None
    pro: float | None
    accuracy: float
    f1: float
    escapes: int
    overkills: int
    review: int
    milliseconds: float
    fit_seconds: float
    package: str | None


class Summary(TypedDict):
    """Over the seeds; ``ci95`` is Student's t interval of the mean, None for one seed."""

    mean: float
    sd: float | None
    ci95: list[float] | None
    lowest: float
    highest: float


class Seeds(TypedDict):
    """The JSON document; ``summary`` is by the names in ``SeedFigures``."""

    schema: int
    category: str
    protocol: str
    method: str
    options: dict[str, Any]
    data_sha256: str
    n_good: int
    n_defective: int
    floors: dict[str, float]
    seeds: list[SeedFigures]
    summary: dict[str, Summary]


class _Kept(TypedDict):
    """What the ledger holds of one seed."""

    figures: SeedFigures
    evaluation: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which seeds, by which protocol.

    ``folder`` holds the finished seeds of each category, and the packages of the official
    protocol. ``folds`` counts for the supervised one alone.
    """

    seeds: tuple[int, ...]
    protocol: Protocol
    folder: Path
    folds: int = 5

    @property
    def fold_count(self) -> int:
        """Of the protocol in use: 0 for the official one, which has none."""
        return self.folds if self.protocol == "supervised" else 0


RATES = ("auroc", "average_precision", "pixel_auroc", "pro", "accuracy", "f1")
COUNTS = ("escapes", "overkills", "review")
COSTS = ("milliseconds", "fit_seconds")


def run_seeds(order: Order, plan: Plan, report: Report, say: Say) -> Seeds:
    """Trains and measures ``order`` with every seed of ``plan`` that is not yet finished.

    ``say`` is told of each seed when it is finished or skipped. The document holds all.

    Raises InputError for what cannot be used, and for a method that the protocol is not for.
    """
    check_protocol(order.method, plan.protocol)
    data = data_digest(order.category)
    kept = []
    report("seeds", 0.0)
    for number, seed in enumerate(plan.seeds):
        seeded = replace(order, seed=seed)
        kept.append(_one_seed(seeded, plan, data, report, say))
        report("seeds", (number + 1) / len(plan.seeds))
    return _document(order, plan, data, kept)


def check_protocol(method: str, protocol: Protocol) -> None:
    """Raises InputError for a method that the protocol is not for."""
    if protocol == "official" and method in SUPERVISED:
        raise InputError(
            f"--method {method} learns from defects, and the official protocol keeps them for"
            " the test: use --protocol supervised"
        )


def _one_seed(order: Order, plan: Plan, data: str, report: Report, say: Say) -> _Kept:
    place = plan.folder / plan.protocol / order.category.name
    file = place / order.method / f"seed-{order.seed}.json"
    key = work_key(order, data, protocol=plan.protocol, folds=plan.fold_count)
    found = load_entry(file, key)
    if found is not None:
        say(f"{order.category.name}, seed {order.seed}: finished before, kept")
        return cast("_Kept", found)
    measured = _official if plan.protocol == "official" else _supervised
    kept = measured(order, plan, report)
    save_entry(file, key, kept)
    figures = kept["figures"]
    say(
        f"{order.category.name}, seed {order.seed}: AUROC {figures['auroc']:.4f},"
        f" F1 {figures['f1']:.3f}, escapes {figures['escapes']},"
        f" overkills {figures['overkills']}, {figures['fit_seconds']:.0f} s"
    )
    return kept


def _official(order: Order, plan: Plan, report: Report) -> _Kept:
    start = time.perf_counter()
    version = f"{order.method}-seed-{order.seed}"
    out = plan.folder / "models"
    # one that stands there has other inputs, or was written just before a kill
    trained = fit(replace(order, out=out, version=version, force=True), report)
    seconds = time.perf_counter() - start
    result = evaluate(trained.folder, order.category, report)
    package = package_fingerprint(trained.folder)
    return _Kept(figures=_figures(order.seed, result, seconds, package), evaluation=dict(result))


def _supervised(order: Order, plan: Plan, report: Report) -> _Kept:
    with tempfile.TemporaryDirectory(prefix="seeds-") as folder:
        moved = replace(order, out=Path(folder))
        result: Supervised = cross_validate(moved, Folding(plan.folds), Settings(), report).document
    seconds = sum(fold["train_seconds"] for fold in result["folds"])
    return _Kept(figures=_figures(order.seed, result, seconds, None), evaluation=dict(result))


def _figures(seed: int, result: Evaluation, seconds: float, package: str | None) -> SeedFigures:
    image, pixel = result["image"], result["pixel"]
    return SeedFigures(
        seed=seed,
        auroc=image["auroc"],
        average_precision=image["average_precision"],
        pixel_auroc=pixel["auroc"] if pixel else None,
        pro=pixel["pro"] if pixel else None,
        accuracy=image["accuracy"],
        f1=image["f1"],
        escapes=image["escapes"],
        overkills=image["overkills"],
        review=image["review"],
        milliseconds=result["milliseconds_per_image"],
        fit_seconds=round(seconds, 2),
        package=package,
    )


def _document(order: Order, plan: Plan, data: str, kept: Sequence[_Kept]) -> Seeds:
    rows = [k["figures"] for k in kept]
    first = kept[0]["evaluation"]
    options = order_options(order)
    del options["seed"]
    return Seeds(
        schema=SCHEMA,
        category=order.category.name,
        protocol=plan.protocol,
        method=order.method,
        options=options | ({"folds": plan.folds} if plan.fold_count else {}),
        data_sha256=data,
        n_good=first["n_good"],
        n_defective=first["n_defective"],
        floors=first["floors"],
        seeds=rows,
        summary={
            name: _summary(values, share=name in RATES)
            for name in (*RATES, *COUNTS, *COSTS)
            if (values := [row[name] for row in rows if row[name] is not None])  # type: ignore[literal-required]
        },
    )


def _summary(values: Sequence[float], *, share: bool) -> Summary:
    low, high = (0.0, 1.0) if share else (0.0, float("inf"))
    around = mean_interval(values)
    return Summary(
        mean=float(np.mean(values)),
        sd=float(np.std(values, ddof=1)) if len(values) > 1 else None,
        # no share lies beyond 0 and 1, and no count or time below 0
        ci95=[min(max(v, low), high) for v in around] if around else None,
        lowest=float(min(values)),
        highest=float(max(values)),
    )
