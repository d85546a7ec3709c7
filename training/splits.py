"""The supervised protocol's split: stratified folds, seeded, written down."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from inspector.errors import InputError
from training.datasets import GOOD, Category, Sample, read_bytes
from training.labelled import Indices

VALIDATION_PARTS = 5
"""One part in so many of a training set is kept from training, to stop and to set T1."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An image of the split; ``path`` is relative to the category's folder, with slashes."""

    path: str
    kind: str
    sha256: str
    fold: int


@dataclass(frozen=True, slots=True)
class Split:
    """Which image is tested in which fold, and which types are kept out of all training."""

    category: str
    seed: int
    count: int
    hold_out: tuple[str, ...]
    entries: tuple[Entry, ...]

    def test(self, fold: int) -> Indices:
        """Indices of the images that the fold is tested on, held-out types included."""
        return np.array([i for i, e in enumerate(self.entries) if e.fold == fold], np.int64)

    def train(self, fold: int) -> Indices:
        """Indices of all others but those of held-out types."""
        return np.array(
            [
                i
                for i, e in enumerate(self.entries)
                if e.fold != fold and e.kind not in self.hold_out
            ],
            np.int64,
        )

    def document(self) -> bytes:
        """The split file: JSON, the same bytes for the same split."""
        content = {
            "schema": 1,
            "category": self.category,
            "protocol": "supervised",
            "seed": self.seed,
            "folds": self.count,
            "hold_out": list(self.hold_out),
            "images": [
                {"path": e.path, "kind": e.kind, "fold": e.fold, "sha256": e.sha256}
                for e in self.entries
            ],
        }
        return (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode()

    @property
    def sha256(self) -> str:
        """Of the split file."""
        return hashlib.sha256(self.document()).hexdigest()


def labelled_samples(category: Category) -> list[Sample]:
    """All images of the category, ``train/good`` and ``test``, sorted by path.

    Raises InputError where good or defective ones are missing.
    """
    good = [Sample(path, GOOD) for path in category.train_good()]
    return sorted([*good, *category.test()], key=lambda s: s.path.relative_to(category.path))


def make_split(
    category: Category,
    samples: Sequence[Sample],
    *,
    count: int,
    seed: int,
    hold_out: Sequence[str] = (),
) -> Split:
    """Raises InputError for too few images, unknown types and pictures that stand twice."""
    kinds = [sample.kind for sample in samples]
    _check_kinds(category.name, kinds, count, hold_out)
    digests = [hashlib.sha256(read_bytes(s.path)).hexdigest() for s in samples]
    _check_distinct(samples, digests)
    entries = tuple(
        Entry(s.path.relative_to(category.path).as_posix(), s.kind, digest, int(fold))
        for s, digest, fold in zip(samples, digests, folds_by_kind(kinds, count, seed), strict=True)
    )
    return Split(category.name, seed, count, tuple(sorted(set(hold_out))), entries)


def folds_by_kind(kinds: Sequence[str], count: int, seed: int) -> Indices:
    """The fold 0..count-1 of each image.

    Of every kind, of all defective images and of all images, any two folds hold numbers
    that differ by at most one.
    """
    rng = np.random.default_rng(seed)
    folds = np.empty(len(kinds), np.int64)
    names, at = np.array(kinds), 0
    for kind in sorted(set(kinds), key=lambda kind: (kind != GOOD, kind)):
        members = rng.permutation(np.flatnonzero(names == kind))
        # dealt like cards: the next kind goes on where this one ended
        folds[members] = (at + np.arange(len(members))) % count
        at += len(members)
    return folds


def keep_for_validation(
    kinds: Sequence[str], chosen: Indices, seed: int
) -> tuple[Indices, Indices]:
    """Parts ``chosen`` into those to train on and those to validate on, stratified.

    Raises InputError unless both get good and defective images.
    """
    parts = folds_by_kind([kinds[i] for i in chosen], VALIDATION_PARTS, seed)
    train, validation = chosen[parts != 0], chosen[parts == 0]
    for part in (train, validation):
        if len({kinds[i] == GOOD for i in part}) < 2:
            raise InputError(
                f"{len(chosen)} images are too few to train and to validate on: at least"
                f" {VALIDATION_PARTS} good and {VALIDATION_PARTS} defective ones are needed"
            )
    return train, validation


def _check_kinds(name: str, kinds: Sequence[str], count: int, hold_out: Sequence[str]) -> None:
    found = Counter(kinds)
    types = sorted(set(found) - {GOOD})
    for wanted in hold_out:
        if wanted not in types:
            raise InputError(
                f"--hold-out {wanted}: {name} has no such type of defect, only: {', '.join(types)}"
            )
    for what, n in (("good", found[GOOD]), ("defective", sum(found.values()) - found[GOOD])):
        if n < count:
            raise InputError(
                f"{name} has {n} {what} images, fewer than the {count} folds: every fold needs"
                " one to be tested on; add images, or give fewer --folds"
            )


def _check_distinct(samples: Sequence[Sample], digests: Sequence[str]) -> None:
    first: dict[str, Sample] = {}
    for sample, digest in zip(samples, digests, strict=True):
        other = first.setdefault(digest, sample)
        if other is not sample:
            raise InputError(
                f"{sample.path} is the same picture as {other.path}: it would be trained on and"
                " tested on; remove one of them"
            )
