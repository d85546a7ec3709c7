"""``fit --all``: every category of a folder, one after the other."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
from typing_extensions import TypedDict

from inspector.errors import InputError
from inspector.inference.package import load_package
from training.batch import attempt
from training.evaluate import evaluate
from training.evaluation import Evaluation
from training.fit import Order, fit
from training.labelled_fit import LabelledFitter, Settings
from training.ledger import load_entry, save_entry
from training.methods import Report
from training.provenance import data_digest, package_fingerprint, work_key
from training.seeds import Say
from training.splits import labelled_samples
from training.trainer import SUPERVISED

LEDGER = ".fit-all"
SCHEMA = 1

State = Literal["trained", "kept", "failed"]


class Row(TypedDict):
    """Of one category; ``figures`` are None for a method that learns from the test images,
    and without test images. ``error`` says what failed: the training, if there is no
    ``package``, or else the measuring."""

    category: str
    state: State
    package: str | None
    fingerprint: str | None
    method: str
    fixture: str | None
    fit_seconds: float | None
    figures: Evaluation | None
    error: str | None


class AllRows(TypedDict):
    """The JSON document."""

    schema: int
    data: str
    rows: list[Row]


def fit_all(orders: Sequence[Order], report: Report, say: Say) -> list[Row]:
    """Trains and measures what is not finished; what fails is a row like the others."""
    rows = []
    report("categories", 0.0)
    for number, order in enumerate(orders):
        result = attempt(partial(_one, order, report))
        row = _failed(order, result) if isinstance(result, str) else result
        say(_line(row))
        rows.append(row)
        report("categories", (number + 1) / len(orders))
    return rows


def _one(order: Order, report: Report) -> Row:
    key = work_key(order, data_digest(order.category), work="fit-all")
    file = order.out / LEDGER / f"{order.category.name}-{key[:16]}.json"
    row: Any = load_entry(file, key)
    if row is not None:
        row = _found(order, row)
    state: State = "kept"
    if row is None:
        state, row = "trained", _trained(order, report)
        # before it is measured: a kill in between must not train it again
        save_entry(file, key, row)
    if row["figures"] is None and row["error"] is None:
        row = _measured(order, row, report)
        if row["error"] is None:
            save_entry(file, key, row)
    return cast("Row", row | {"state": state})


def _found(order: Order, row: dict[str, Any]) -> dict[str, Any] | None:
    """The row, if its package is still there and still what was written."""
    folder = order.out / order.category.name / Path(row["package"]).name
    if not folder.is_dir() or package_fingerprint(folder) != row["fingerprint"]:
        return None
    # the folder may be named from elsewhere than at the first time
    return row | {"package": str(folder)}


def _trained(order: Order, report: Report) -> dict[str, Any]:
    start = time.perf_counter()
    folder = _fit(order, report)
    manifest = load_package(folder).manifest
    return dict(
        Row(
            category=order.category.name,
            state="trained",
            package=str(folder),
            fingerprint=package_fingerprint(folder),
            method=manifest.training.method,
            fixture=manifest.fixture.kind,
            fit_seconds=round(time.perf_counter() - start, 2),
            figures=None,
            error=None,
        )
    )


def _fit(order: Order, report: Report) -> Path:
    if order.method not in SUPERVISED:
        return fit(order, report).folder
    samples = labelled_samples(order.category)
    fitter = LabelledFitter(order, samples, Settings())
    return fitter.fit(np.arange(len(samples)), order.version, report).folder


def _measured(order: Order, row: dict[str, Any], report: Report) -> dict[str, Any]:
    if order.method in SUPERVISED or not (order.category.path / "test").is_dir():
        return row
    try:
        return row | {"figures": evaluate(Path(row["package"]), order.category, report)}
    except InputError as error:
        return row | {"error": f"trained, but not measured: {error}"}


def _failed(order: Order, why: str) -> Row:
    return Row(
        category=order.category.name,
        state="failed",
        package=None,
        fingerprint=None,
        method=order.method,
        fixture=None,
        fit_seconds=None,
        figures=None,
        error=why,
    )


def _line(row: Row) -> str:
    if row["error"] is not None:
        return f"{row['category']}: {row['error']}"
    done = "kept, the same images and options" if row["state"] == "kept" else "trained"
    return f"{row['category']}: {done}: {row['package']}"
