"""Folds: stratified, disjoint, seeded; held-out types; pictures that stand twice."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.errors import InputError
from tests.support.parts_folder import disc, write_category, write_image
from training.datasets import GOOD, find_category
from training.splits import (
    Entry,
    Split,
    folds_by_kind,
    keep_for_validation,
    labelled_samples,
    make_split,
)

KINDS = st.lists(st.sampled_from([GOOD, "bent", "cut", "hole"]), min_size=1, max_size=120)
COUNTS = st.integers(2, 7)
SEEDS = st.integers(0, 2**32 - 1)


@given(KINDS, COUNTS, SEEDS)
def test_folds_are_stratified_to_one(kinds: list[str], count: int, seed: int) -> None:
    folds = folds_by_kind(kinds, count, seed)
    assert folds.min() >= 0
    assert folds.max() < count
    names = np.array(kinds)
    for chosen in [names != GOOD, *(names == kind for kind in set(kinds))]:
        sizes = np.bincount(folds[chosen], minlength=count)
        assert np.ptp(sizes) <= 1
    assert np.ptp(np.bincount(folds, minlength=count)) <= 1


@given(KINDS, COUNTS, SEEDS)
def test_the_seed_alone_decides(kinds: list[str], count: int, seed: int) -> None:
    np.testing.assert_array_equal(
        folds_by_kind(kinds, count, seed), folds_by_kind(kinds, count, seed)
    )


def test_another_seed_splits_otherwise() -> None:
    kinds = [GOOD] * 30 + ["cut"] * 10
    assert (folds_by_kind(kinds, 5, 0) != folds_by_kind(kinds, 5, 1)).any()


def _split(kinds: list[str], count: int, seed: int, hold_out: tuple[str, ...]) -> Split:
    folds = folds_by_kind(kinds, count, seed)
    entries = tuple(
        Entry(f"{i}.png", kind, "0" * 64, int(fold))
        for i, (kind, fold) in enumerate(zip(kinds, folds, strict=True))
    )
    return Split("nut", seed, count, hold_out, entries)


@given(KINDS, COUNTS, SEEDS, st.sets(st.sampled_from(["bent", "cut", "hole"])))
def test_every_image_is_tested_once_and_never_by_its_own_training(
    kinds: list[str], count: int, seed: int, hold_out: set[str]
) -> None:
    split = _split(kinds, count, seed, tuple(hold_out))
    tested = np.concatenate([split.test(fold) for fold in range(count)])
    assert sorted(tested) == list(range(len(kinds)))
    for fold in range(count):
        train, test = split.train(fold), split.test(fold)
        assert not set(train) & set(test)
        assert not {kinds[i] for i in train} & hold_out
        left_out = set(range(len(kinds))) - set(train) - set(test)
        assert {kinds[i] for i in left_out} <= hold_out


@given(KINDS, SEEDS)
def test_validation_images_are_taken_from_training(kinds: list[str], seed: int) -> None:
    chosen = np.flatnonzero(np.arange(len(kinds)) % 3 > 0)
    try:
        train, validation = keep_for_validation(kinds, chosen, seed)
    except InputError:
        counts = Counter(kinds[i] == GOOD for i in chosen)
        assert min(counts[True], counts[False]) < 5
        return
    assert sorted([*train, *validation]) == list(chosen)
    for part in (train, validation):
        assert len({kinds[i] == GOOD for i in part}) == 2


def test_split_of_a_folder(discs: Path) -> None:
    category = find_category(discs, "disc")
    samples = labelled_samples(category)
    assert Counter(s.kind for s in samples) == {GOOD: 17, "blot": 5}
    split = make_split(category, samples, count=5, seed=3)
    content = json.loads(split.document())
    assert (content["folds"], content["seed"], content["hold_out"]) == (5, 3, [])
    assert content["images"][0]["path"] == "test/blot/000.jpg"
    assert [e["fold"] for e in content["images"]] == [e.fold for e in split.entries]
    assert len(split.sha256) == 64
    assert make_split(category, samples, count=5, seed=3).sha256 == split.sha256
    assert make_split(category, samples, count=5, seed=4).sha256 != split.sha256


@pytest.mark.parametrize(
    ("count", "hold_out", "said"),
    [
        (5, ("rust",), "no such type of defect, only: blot"),
        (6, (), "5 defective images, fewer than the 6 folds"),
        (18, (), "17 good images, fewer than the 18 folds"),
    ],
)
def test_what_cannot_be_split(
    discs: Path, count: int, hold_out: tuple[str, ...], said: str
) -> None:
    category = find_category(discs, "disc")
    samples = labelled_samples(category)
    with pytest.raises(InputError, match=said):
        make_split(category, samples, count=count, seed=0, hold_out=hold_out)


def test_a_picture_under_two_names_is_refused(tmp_path: Path) -> None:
    root = write_category(tmp_path, good=5)
    folder = root / "disc"
    shutil.copy(folder / "train" / "good" / "001.png", folder / "test" / "blot" / "copy.png")
    category = find_category(root, "disc")
    with pytest.raises(InputError, match=r"001\.png is the same picture as .*copy\.png"):
        make_split(category, labelled_samples(category), count=2, seed=0)


def test_too_few_defects_to_validate_on() -> None:
    kinds = [GOOD] * 20 + ["cut"]
    with pytest.raises(InputError, match="too few to train"):
        keep_for_validation(kinds, np.arange(21), 0)


def test_a_folder_without_defects(tmp_path: Path) -> None:
    for i in range(3):
        write_image(tmp_path / "disc" / "train" / "good" / f"{i}.png", disc(i))
    with pytest.raises(InputError, match="nothing to evaluate"):
        labelled_samples(find_category(tmp_path, "disc"))
