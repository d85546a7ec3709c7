"""All that a page tells of one category, measured anew or read from documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector.inference.package import load_package
from training.datasets import Category
from training.evaluate import Measured, measure
from training.evaluation import Evaluation
from training.methods import Report
from training.provenance import package_fingerprint
from training.report.folds import FoldFolder, JudgedFolds, judge_folds
from training.report.inventory import Inventory, take_inventory
from training.seeds import Seeds
from training.supervised import Supervised

BASELINE = "seed-cnn"


@dataclass(frozen=True, slots=True, eq=False)
class Packaged:
    """A package with its figures on the official test images.

    ``measured`` is None for one that has learnt from them; ``variants`` are all of its
    variants, the first being that of ``measured``.
    """

    folder: Path
    fingerprint: str
    measured: Measured | None
    variants: tuple[Evaluation, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """Of one category; ``supervised`` holds the documents of ``folds`` too."""

    category: Category
    inventory: Inventory
    packaged: Packaged | None
    supervised: tuple[Supervised, ...]
    seeds: tuple[Seeds, ...]
    folds: tuple[JudgedFolds, ...] = ()

    @property
    def main(self) -> Evaluation | None:
        """The figures that the page leads with: the package's, or the best method's folds."""
        if self.packaged is not None and self.packaged.measured is not None:
            return self.packaged.measured.document
        others = [s for s in self.supervised if s["method"] != BASELINE] or list(self.supervised)
        return others[0] if others else None


def gather(
    category: Category,
    package: Path | None,
    supervised: Sequence[Supervised],
    seeds: Sequence[Seeds],
    report: Report,
    folds: Sequence[FoldFolder] = (),
) -> Facts:
    """Raises InputError and PackageError for what cannot be used."""
    documents: list[Supervised] = []
    judged: list[JudgedFolds] = []
    for found in folds:
        if found.document["category"] == category.name and found.document not in documents:
            judged.append(judge_folds(found, category, report))
            documents.append(found.document)
    documents += [one for one in supervised if one not in documents]
    return Facts(
        category,
        take_inventory(category),
        None if package is None else _packaged(package, category, report),
        tuple(s for s in documents if s["category"] == category.name),
        tuple(s for s in seeds if s["category"] == category.name),
        tuple(judged),
    )


def newest(models: Path, name: str) -> Path | None:
    """The highest numbered version of a category, else the last by name; None for none."""
    folder = models / name
    found = (
        [p for p in folder.iterdir() if (p / "manifest.json").is_file()] if folder.is_dir() else []
    )
    return max(found, key=_age, default=None)


def _age(folder: Path) -> tuple[int, str]:
    return (int(folder.name) if folder.name.isdecimal() else -1, folder.name)


def _packaged(folder: Path, category: Category, report: Report) -> Packaged:
    manifest = load_package(folder).manifest
    fingerprint = package_fingerprint(folder)
    if "trained_on_defective" in manifest.training.options or not (category.path / "test").is_dir():
        return Packaged(folder, fingerprint, None, ())
    names = [v.name for v in manifest.variants]
    measured = [measure(folder, category, report, variant=name) for name in names]
    return Packaged(folder, fingerprint, measured[0], tuple(m.document for m in measured))
