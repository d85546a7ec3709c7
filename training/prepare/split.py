"""Which pictures train and which test, where their source does not say."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from training.prepare.inventory import Picture
from training.prepare.items import TEST, TRAIN, UNLABELLED


def split_pictures(
    pictures: Sequence[Picture], groups: Sequence[Sequence[int]], *, test_share: float, seed: int
) -> list[str]:
    """TRAIN, TEST or UNLABELLED for each picture.

    Those with a split keep it, but for defects: training learns from good parts, so defects
    are for testing. Of the other good ones ``test_share`` (0..1) go to TEST, chosen by seed
    and content (not by name or order), the ``groups`` of near duplicates together: with
    those of their group that have a split, if there are any.
    """
    splits = [own_split(p) for p in pictures]
    free = [[i for i in group if splits[i] is None] for group in groups]
    for group, members in zip(groups, free, strict=True):
        given = {splits[i] for i in group} - {None, UNLABELLED}
        if given:
            for i in members:
                splits[i] = TEST if TEST in given else TRAIN
    # a group with a split is settled whole: what is left are whole groups
    open_groups = [members for members in free if members and splits[members[0]] is None]
    wanted = _wanted(sum(map(len, open_groups)), test_share)
    for members in sorted(open_groups, key=lambda m: _rank(pictures, m, seed)):
        # a group that does not fit is left to training, and a smaller one tried
        fits = len(members) <= wanted
        wanted -= len(members) if fits else 0
        for i in members:
            splits[i] = TEST if fits else TRAIN
    return [split or TRAIN for split in splits]


def own_split(picture: Picture) -> str | None:
    if picture.item.split == UNLABELLED or picture.item.is_good:
        return picture.item.split
    return TEST


def _wanted(count: int, share: float) -> int:
    """At least one of each where there are two, unless none are wanted."""
    if share == 0 or count < 2:
        return 0
    return min(max(round(count * share), 1), count - 1)


def _rank(pictures: Sequence[Picture], members: Sequence[int], seed: int) -> str:
    """A number drawn from seed and content: new pictures leave the order of others alone."""
    content = min(pictures[i].sha256 for i in members)
    return hashlib.sha256(f"{seed}:{content}".encode()).hexdigest()
