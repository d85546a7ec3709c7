"""``inspector-train cross-validate``, and ``fit`` for the supervised methods."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import cv2
import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from inspector.errors import InputError
from training.ablation import VARIATIONS, ablate, markdown
from training.datasets import find_category
from training.finetune import Options
from training.fit import Order
from training.fixturing import FixtureName
from training.labelled_fit import LabelledFitter, Settings
from training.methods import find_method
from training.progress import progress
from training.show import evaluation_table, promised, write_bytes, write_json
from training.splits import labelled_samples
from training.staging import NEW, move_in, staging
from training.supervised import Folding, Result, Supervised
from training.supervised import cross_validate as run
from training.target_options import CategoryName, Data
from training.trainer import SUPERVISED, find_supervised
from training.variants.show import variants_shown

_SIZE = 256


def cross_validate(
    data: Data,
    category: CategoryName,
    method: Annotated[
        str, typer.Option(help="classifier, seed-cnn or memory-bank.")
    ] = "classifier",
    folds: Annotated[int, typer.Option(min=2, max=50, help="Stratified by defect type.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Decides everything that is drawn.")] = 0,
    hold_out: Annotated[
        list[str] | None,
        typer.Option(help="A type of defect that no training sees; may be given several times."),
    ] = None,
    size: Annotated[
        int | None, typer.Option(min=64, max=1024, help="Side of the input, a multiple of 32.")
    ] = None,
    fixture: Annotated[
        FixtureName | None, typer.Option(help="none by default; auto for memory-bank.")
    ] = None,
    augmentation: Annotated[
        str, typer.Option(help="Classifier: auto (by category), fixed, loose, free or original.")
    ] = "auto",
    balance: Annotated[
        Literal["oversample", "weights", "none"] | None,
        typer.Option(help="Classifier: what is done about few defects."),
    ] = None,
    focal: Annotated[
        float | None, typer.Option(min=0, max=5, help="Classifier: exponent, 0 for none.")
    ] = None,
    batch: Annotated[int | None, typer.Option(min=2, max=512, help="Classifier.")] = None,
    dropout: Annotated[float | None, typer.Option(min=0, max=0.9, help="Classifier.")] = None,
    weight_decay: Annotated[float | None, typer.Option(min=0, max=1, help="Classifier.")] = None,
    epochs: Annotated[int | None, typer.Option(min=1, max=1000, help="Classifier.")] = None,
    patience: Annotated[
        int | None, typer.Option(min=0, help="Classifier: of the early stop, 0 for none.")
    ] = None,
    distance: Annotated[
        bool | None, typer.Option(help="Classifier: distance from good patches as the base.")
    ] = None,
    local: Annotated[
        bool | None, typer.Option(help="Classifier: the head on frozen features.")
    ] = None,
    tuned: Annotated[
        bool | None, typer.Option(help="Classifier: fine-tune the end of the network.")
    ] = None,
    masks: Annotated[
        bool | None, typer.Option(help="Classifier: teach the place of outlined defects.")
    ] = None,
    json: Annotated[
        Path | None,
        typer.Option(help="File for the figures (- for standard output); the split beside it."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="New folder for the packages, the split and a sheet.")
    ] = None,
) -> None:
    """Measure a method on all labelled images of a category, in stratified folds.

    Every image is tested once, by an exported package that has not seen it.
    """
    switches = {
        "balance": balance,
        "focal": focal,
        "batch": batch,
        "dropout": dropout,
        "weight_decay": weight_decay,
        "epochs": epochs,
        "patience": patience,
        "distance": distance,
        "local": local,
        "tuned": tuned,
        "masks": masks,
    }
    settings = Settings(augmentation, _options(method, switches))
    order = Order(
        find_category(data, category),
        Path(),
        method=method,
        size=_size(method, size),
        fixture=fixture or ("none" if method in SUPERVISED else "auto"),
        seed=seed,
    )
    console = Console(stderr=True, highlight=False)
    folding = Folding(folds, tuple(hold_out or ()))
    with _folder(out) as folder:
        with progress(console) as report:
            result = run(replace(order, out=folder), folding, settings, report)
        write_beside(folder, result)
    console.print(evaluation_table(result.document), _fold_table(result.document))
    if json is not None:
        write_json(json, result.document)
        if str(json) != "-":
            write_bytes(json.with_suffix(".split.json"), result.split.document())


def ablation(
    data: Data,
    category: CategoryName,
    folds: Annotated[int, typer.Option(min=2, max=50, help="Stratified by defect type.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Decides everything that is drawn.")] = 0,
    size: Annotated[
        int | None, typer.Option(min=64, max=1024, help="Side of the input, a multiple of 32.")
    ] = None,
    fixture: Annotated[FixtureName, typer.Option(help="How the part is found first.")] = "none",
    epochs: Annotated[int | None, typer.Option(min=1, max=1000)] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="A row of the table; may be given several times.")
    ] = None,
) -> None:
    """Cross-validate the classifier with one switch changed at a time; prints a table."""
    unknown = sorted(set(only or ()) - set(VARIATIONS))
    if unknown:
        raise InputError(f"--only {unknown[0]}: choose from {', '.join(VARIATIONS)}")
    options = _options("classifier", {"epochs": epochs}) or Options()
    console = Console(stderr=True, highlight=False)
    with _folder(None) as folder, progress(console) as report:
        order = Order(
            find_category(data, category),
            folder,
            method="classifier",
            size=_size("classifier", size),
            fixture=fixture,
            seed=seed,
        )
        rows = ablate(
            order,
            Folding(folds),
            report,
            options=options,
            only=lambda name: not only or name in only,
        )
    typer.echo(markdown(rows), nl=False)


def fit_supervised(order: Order, console: Console) -> None:
    """``fit`` for a method that learns from defects too: on all images of the category."""
    samples = labelled_samples(order.category)
    fitter = LabelledFitter(order, samples, Settings())
    with progress(console) as report:
        trained = fitter.fit(np.arange(len(samples)), order.version, report)
    fitted = trained.fitted
    console.print(
        f"{trained.manifest.title}, from {len(fitted.validation)} images kept from training"
        f" (they chose how long to train, too)\n{promised(trained.calibration)}\n"
        f"export differs from torch by {trained.parity:.1e}\n"
        f"{variants_shown(trained.manifest, trained.refused)}\nwritten to {trained.folder}\n"
        "it has learnt from the test images too: measure this method with cross-validate"
    )


def _options(method: str, switches: Mapping[str, Any]) -> Options | None:
    given = {name: value for name, value in switches.items() if value is not None}
    if method not in SUPERVISED:
        find_method(method)
    if method != "classifier":
        if given:
            name = min(given).replace("_", "-")
            raise InputError(f"--{name} is for --method classifier, not for {method}")
        return None
    return replace(Options(), **given)


def _size(method: str, size: int | None) -> int:
    if size is None:
        return int(find_supervised(method).SIZE) if method in SUPERVISED else _SIZE
    if size % 32:
        raise InputError(f"--size {size}: expected a multiple of 32")
    return size


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    """Where the packages go: ``out`` once all is done, or nowhere that lasts."""
    if out is None:
        with tempfile.TemporaryDirectory(prefix="cross-validate-") as folder:
            yield Path(folder)
        return
    if out.exists():
        raise InputError(f"--out {out} exists: name a new folder")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with staging(out.parent, ".cross-validate-") as staged:
            (staged / NEW).mkdir()
            yield staged / NEW
            move_in(staged, out)
    except OSError as error:
        raise InputError(f"{out} cannot be written: {error.strerror or error}") from None


def write_beside(folder: Path, result: Result) -> None:
    """The figures, the split and the sheet of pictures, for people and for ``report``."""
    write_json(folder / "supervised.json", result.document)
    write_bytes(folder / "split.json", result.split.document())
    if result.sheet is not None:
        done, data = cv2.imencode(".jpg", result.sheet)
        if done:
            write_bytes(folder / "augmented.jpg", data.tobytes())


def _fold_table(document: Supervised) -> Table:
    table = Table(title=f"{document['method']}, folds")
    for name in ("fold", "train", "test", "T1", "tp", "fp", "fn", "tn", "seconds"):
        table.add_column(name, justify="right")
    for fold in document["folds"]:
        counts = [str(fold["confusion"][name]) for name in ("tp", "fp", "fn", "tn")]
        table.add_row(
            str(fold["fold"] + 1),
            str(fold["n_train"]),
            str(fold["n_test"]),
            f"{fold['thresholds']['t1']:.3f}",
            *counts,
            f"{fold['train_seconds']:.0f}",
        )
    return table
