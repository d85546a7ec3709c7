"""What each part and each remedy of the classifier buys: one switch changed at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TypedDict

from training.finetune import Options
from training.fit import Order
from training.labelled_fit import Settings
from training.methods import Report
from training.supervised import Folding, Supervised, cross_validate

VARIATIONS: Mapping[str, Mapping[str, object]] = {
    "as it is": {},
    "without good distances": {"distance": False},
    "without the local head": {"local": False},
    "without masks": {"masks": False},
    "with the tuned end": {"tuned": True},
    "the tuned end alone": {"distance": False, "local": False, "tuned": True, "masks": False},
    "without oversampling": {"balance": "none"},
    "class weights instead": {"balance": "weights"},
    "focal loss, exponent 2": {"focal": 2.0},
    "batches of 64": {"batch": 64},
    "without dropout": {"dropout": 0.0},
    "without weight decay": {"weight_decay": 0.0},
    "without early stopping": {"patience": 0},
    "without augmentation": {"copies": 0},
}


class Row(TypedDict):
    """Pooled over the folds; ``changed`` is a key of ``VARIATIONS``."""

    changed: str
    auroc: float
    accuracy: float
    f1: float
    escapes: int
    overkills: int
    seconds: float


def ablate(
    order: Order,
    folding: Folding,
    report: Report,
    *,
    options: Options,
    only: Callable[[str], bool],
) -> list[Row]:
    """Cross-validates every wanted variation of ``options`` on the same split."""
    rows: list[Row] = []
    for name, change in VARIATIONS.items():
        if only(name):
            settings = Settings(options=replace(options, **change))  # type: ignore[arg-type]
            varied = replace(order, out=order.out / str(len(rows)))
            result = cross_validate(varied, folding, settings, _named(report, name))
            rows.append(_row(name, result.document))
    return rows


def markdown(rows: list[Row]) -> str:
    """A table, one line a variation."""
    lines = [
        "| changed | AUROC | accuracy | F1 | escapes | overkills | seconds to train |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {r['changed']} | {r['auroc']:.4f} | {r['accuracy']:.3f} | {r['f1']:.3f} |"
        f" {r['escapes']} | {r['overkills']} | {r['seconds']:.0f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def _named(report: Report, name: str) -> Report:
    def named(step: str, share: float) -> None:
        report(f"{name}: {step}", share)

    return named


def _row(name: str, document: Supervised) -> Row:
    image = document["image"]
    return Row(
        changed=name,
        auroc=image["auroc"],
        accuracy=image["accuracy"],
        f1=image["f1"],
        escapes=image["escapes"],
        overkills=image["overkills"],
        seconds=sum(fold["train_seconds"] for fold in document["folds"]),
    )
