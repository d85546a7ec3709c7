"""Pictures without a split get one: seeded, by content, near duplicates together."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.prepare.duplicates import Pair
from training.prepare.inventory import Picture
from training.prepare.items import TEST, TRAIN, UNLABELLED, Item
from training.prepare.leakage import find_leaks, left_out
from training.prepare.split import split_pictures


def picture(name: object, kind: str = "good", split: str | None = None) -> Picture:
    digest = hashlib.sha256(str(name).encode()).hexdigest()
    item = Item(Path(f"{name}.png"), kind, split)
    return Picture(item, digest, 8, 8, np.zeros((64, 64), np.uint8))


def alone(count: int) -> list[list[int]]:
    return [[i] for i in range(count)]


@given(st.integers(2, 60), st.floats(0, 1), st.integers(0, 5))
def test_share_goes_to_test_and_neither_side_is_empty(count: int, share: float, seed: int) -> None:
    splits = split_pictures(
        [picture(i) for i in range(count)], alone(count), test_share=share, seed=seed
    )
    if share == 0:
        assert TEST not in splits
    else:
        assert splits.count(TEST) == min(max(round(count * share), 1), count - 1)


def test_names_and_order_do_not_matter_but_the_seed_does() -> None:
    pictures = [picture(i) for i in range(40)]
    first = split_pictures(pictures, alone(40), test_share=0.3, seed=0)
    turned = split_pictures(pictures[::-1], alone(40), test_share=0.3, seed=0)
    other = split_pictures(pictures, alone(40), test_share=0.3, seed=1)
    assert first == turned[::-1]
    assert first != other


def test_given_splits_stay_and_defects_are_for_testing() -> None:
    pictures = [
        picture("a", split=TRAIN),
        picture("b", split=TEST),
        picture("c", "scratch"),
        picture("d", "scratch", TRAIN),
        picture("e", UNLABELLED, UNLABELLED),
    ]
    splits = split_pictures(pictures, alone(5), test_share=0.5, seed=0)
    assert splits == [TRAIN, TEST, TEST, TEST, UNLABELLED]


@pytest.mark.parametrize("seed", range(8))
def test_near_duplicates_stay_on_one_side(seed: int) -> None:
    pictures = [picture(i) for i in range(12)]
    groups = [[0, 1, 2], [3, 4], *([i] for i in range(5, 12))]
    splits = split_pictures(pictures, groups, test_share=0.3, seed=seed)
    assert len({splits[i] for i in (0, 1, 2)}) == len({splits[i] for i in (3, 4)}) == 1
    assert 1 <= splits.count(TEST) <= 4


@pytest.mark.parametrize("given", [TRAIN, TEST])
def test_a_near_duplicate_joins_the_one_that_has_a_split(given: str) -> None:
    pictures = [picture(0), picture(1, split=given), picture(2), picture(3)]
    splits = split_pictures(pictures, [[0, 1], [2], [3]], test_share=0.5, seed=0)
    assert splits[:2] == [given, given]


def test_leaks_and_what_goes_once_they_are_admitted() -> None:
    pictures = [
        picture("a"),
        picture("b"),
        picture("c"),
        picture("d", "scratch"),
        picture("c", "dent"),
    ]
    splits = [TRAIN, TEST, TEST, TEST, TEST]
    pairs = [Pair(0, 1, 0.99), Pair(1, 3, 0.99), Pair(2, 4, 1.0)]
    leaks = find_leaks(pictures, pairs, splits)
    assert [leak.why for leak in leaks] == [
        "in train and in test",
        "labelled good and scratch",
        "labelled good and dent",
    ]
    # the copy in train; both of one file with two labels
    assert left_out(pictures, leaks, splits) == {0, 2, 4}
    assert find_leaks(pictures, [Pair(1, 2, 0.99)], splits) == []
