"""What is done about duplicates: dropped within a split, an objection across."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from training.prepare.duplicates import Pair, exact_groups, near_pairs
from training.prepare.inventory import Picture
from training.prepare.items import TRAIN, UNLABELLED
from training.prepare.split import own_split


@dataclass(frozen=True, slots=True)
class Duplicates:
    """Pictures by index: ``repeated`` ones and which copy is kept, pairs that show the same."""

    repeated: dict[int, int]
    pairs: list[Pair]
    limit: float


@dataclass(frozen=True, slots=True)
class Leak:
    """A pair that makes a test dishonest: on both sides of the split, or of two kinds."""

    pair: Pair
    why: str


def find_duplicates(pictures: Sequence[Picture]) -> Duplicates:
    """Exact ones of all pictures, near ones of those that are labelled and not repeated."""
    groups = exact_groups([p.sha256 for p in pictures])
    repeated = {drop: keep for group in groups for drop, keep in _repeats(pictures, group)}
    rest = [i for i, p in enumerate(pictures) if i not in repeated and p.item.kind != UNLABELLED]
    near = near_pairs([pictures[i].thumb for i in rest])
    pairs = {
        (rest[p.first], rest[p.second]): Pair(rest[p.first], rest[p.second], p.correlation)
        for p in near.pairs
    }
    for a, b in _exact_pairs(groups, set(rest)):
        pairs[a, b] = Pair(a, b, 1.0)
    return Duplicates(repeated, [pairs[key] for key in sorted(pairs)], near.limit)


def _repeats(pictures: Sequence[Picture], group: Sequence[int]) -> Iterator[tuple[int, int]]:
    """(copy to drop, copy to keep): same kind and split, or one that adds nothing.

    A copy without a split adds nothing to one that has it, an unlabelled one to a labelled.
    """
    kept: list[int] = []
    for i in sorted(
        group, key=lambda i: (_unlabelled(pictures[i]), own_split(pictures[i]) is None)
    ):
        same = (k for k in kept if _adds_nothing(pictures[i], pictures[k]))
        twin = next(same, None)
        if twin is None:
            kept.append(i)
        else:
            yield i, twin


def _adds_nothing(copy: Picture, kept: Picture) -> bool:
    if _unlabelled(copy):
        return True
    return copy.item.kind == kept.item.kind and own_split(copy) in (None, own_split(kept))


def _unlabelled(picture: Picture) -> bool:
    return picture.item.kind == UNLABELLED


def _exact_pairs(groups: Sequence[Sequence[int]], rest: set[int]) -> Iterator[tuple[int, int]]:
    for group in groups:
        members = sorted(rest.intersection(group))
        yield from ((a, b) for n, a in enumerate(members) for b in members[n + 1 :])


def find_leaks(
    pictures: Sequence[Picture], pairs: Sequence[Pair], splits: Sequence[str]
) -> list[Leak]:
    """The pairs on both sides of the split, or with different labels."""
    leaks = []
    for pair in pairs:
        kinds = [pictures[i].item.kind for i in (pair.first, pair.second)]
        if splits[pair.first] != splits[pair.second]:
            leaks.append(Leak(pair, "in train and in test"))
        elif kinds[0] != kinds[1]:
            leaks.append(Leak(pair, f"labelled {kinds[0]} and {kinds[1]}"))
    return leaks


def left_out(pictures: Sequence[Picture], leaks: Sequence[Leak], splits: Sequence[str]) -> set[int]:
    """What goes once leakage is admitted: the copies in train.

    Of one file with two labels in one split both go: nobody knows which is right.
    """
    gone: set[int] = set()
    for a, b in ((leak.pair.first, leak.pair.second) for leak in leaks):
        if splits[a] != splits[b]:
            gone.add(a if splits[a] == TRAIN else b)
        elif pictures[a].sha256 == pictures[b].sha256:
            gone |= {a, b}
    return gone
