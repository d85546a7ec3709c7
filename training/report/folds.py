"""A cross-validation's own packages, shown their test images again: for pictures of errors."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from typing_extensions import TypedDict

from inspector.errors import InputError
from training.datasets import Category, Sample, read_bytes
from training.methods import Report
from training.outcomes import Outcome
from training.report.documents import load, load_supervised
from training.splits import Entry, Split, labelled_samples
from training.supervised import Supervised, fold_version, judge_fold


class _ImageFile(TypedDict):
    path: str
    kind: str
    fold: int
    sha256: str


class _SplitFile(TypedDict):
    """What ``Split.document`` writes."""

    category: str
    seed: int
    folds: int
    hold_out: list[str]
    images: list[_ImageFile]


@dataclass(frozen=True, slots=True, eq=False)
class FoldFolder:
    """What ``cross-validate --out`` wrote: a package for each fold, the figures and the split."""

    folder: Path
    document: Supervised
    split: Split


@dataclass(frozen=True, slots=True, eq=False)
class JudgedFolds:
    """Every image judged by the package of its fold, at that package's own T1."""

    document: Supervised
    outcomes: tuple[Outcome, ...]


def load_folds(folder: Path) -> FoldFolder:
    """Raises InputError for another folder, and for a split that is not the document's."""
    [document] = load_supervised([folder / "supervised.json"])
    path = folder / "split.json"
    told: _SplitFile = load(path, _SplitFile, "cross-validate --out")
    entries = tuple(Entry(i["path"], i["kind"], i["sha256"], i["fold"]) for i in told["images"])
    split = Split(told["category"], told["seed"], told["folds"], tuple(told["hold_out"]), entries)
    if split.sha256 != document["split_sha256"] or split.category != document["category"]:
        raise InputError(f"{path} is not the split of supervised.json beside it: run it again")
    return FoldFolder(folder, document, split)


def judge_folds(found: FoldFolder, category: Category, report: Report) -> JudgedFolds:
    """Raises InputError for images that are not those of the split and for packages that are
    not those of the document, PackageError for packages that cannot be used."""
    samples = _samples(found, category)
    outcomes: list[Outcome] = []
    for figures in found.document["folds"]:
        fold = figures["fold"]
        package = found.folder / category.name / fold_version(fold)
        tested = [samples[i] for i in found.split.test(fold)]
        judged, proposed = judge_fold(package, tested, report)
        if proposed.model_dump(include={"t1", "t2"}) != figures["thresholds"]:
            raise InputError(
                f"{package} is not the package that supervised.json tells of: its thresholds are"
                " others; run cross-validate again"
            )
        outcomes += judged
    return JudgedFolds(found.document, tuple(outcomes))


def _samples(found: FoldFolder, category: Category) -> list[Sample]:
    """Those of the split, in its order."""
    by_path = {s.path.relative_to(category.path).as_posix(): s for s in labelled_samples(category)}
    for entry in found.split.entries:
        sample = by_path.get(entry.path)
        if sample is None or hashlib.sha256(read_bytes(sample.path)).hexdigest() != entry.sha256:
            raise InputError(
                f"{category.path / entry.path} is not the picture that {found.folder} was tested"
                " on: give the folder of images that cross-validate had, or run it again"
            )
    return [by_path[entry.path] for entry in found.split.entries]
