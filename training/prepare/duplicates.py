"""Pictures that are one picture: byte for byte, or saved, scaled or lit anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 64
"""Side of the grey pictures that are compared, pixels."""
HAMMING = 12
"""Bits of 64 in which the hashes of copies may differ: 6 was the most among copies saved as
JPEG at quality 50, scaled to a quarter, brightened, blurred or with noise. Distinct parts in
a fixed pose often agree in all of them, so that the hash can only say who is not a copy."""
DISTANCE = 0.02
"""Largest distance (1 − correlation) of copies. Measured on six categories: copies .0102 and
less, distinct parts .034 and more, but .007 for bottle caps that all look alike."""
SHARE = 0.05
"""Nor may it exceed this share of the usual distance to the tenth nearest picture: in a
category whose parts all look alike, only what is far closer than usual is a copy."""
_NEIGHBOUR = 10
_FEW = 8
_DISTANCE_OF_FEW = 0.01
_SAMPLE = 512
_BLUR = 2.0
_FLAT = 0.5
"""Grey levels r.m.s. below which a picture has no structure to compare."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pictures by index, ``first`` < ``second``, and their correlation, 1 if exact."""

    first: int
    second: int
    correlation: float


@dataclass(frozen=True, slots=True)
class Near:
    """The near pairs, and the distance that was allowed."""

    pairs: list[Pair]
    limit: float


def exact_groups(digests: Sequence[str]) -> list[list[int]]:
    """Indices of equal digests, for those that occur more than once, in order."""
    groups: defaultdict[str, list[int]] = defaultdict(list)
    for index, digest in enumerate(digests):
        groups[digest].append(index)
    return [group for group in groups.values() if len(group) > 1]


def near_pairs(thumbs: Sequence[NDArray[np.uint8]]) -> Near:
    """Pairs that show the same, of uint8 (SIDE, SIDE) grey pictures.

    A hash of 64 bits says which pairs are worth a look; then the correlation of what is
    finer than a blur decides, for brightness and contrast say nothing of the part. Copies
    that were turned, mirrored, cropped or shifted (two pixels can be enough) are not
    recognised, nor pictures without structure.
    """
    if len(thumbs) < 2:
        return Near([], DISTANCE)
    stack = np.stack(list(thumbs))
    features = _features(stack)
    limit = _limit(features)
    pairs = [
        Pair(i, int(j), float(correlation))
        for i, others in _candidates(_hashes(stack))
        for j, correlation in zip(others, features[others] @ features[i], strict=True)
        if correlation >= 1 - limit
    ]
    return Near(pairs, limit)


def clusters(count: int, pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The ``count`` indices, those that pairs connect together; each sorted, by first index."""
    root = list(range(count))

    def find(i: int) -> int:
        while root[i] != i:
            root[i] = root[root[i]]
            i = root[i]
        return i

    for a, b in pairs:
        low, high = sorted((find(a), find(b)))
        root[high] = low
    groups: defaultdict[int, list[int]] = defaultdict(list)
    for i in range(count):
        groups[find(i)].append(i)
    return list(groups.values())


def _features(stack: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 (n, SIDE²) of length 1: the fine structure; all 0 where there is none."""
    features = np.empty((len(stack), SIDE * SIDE), np.float32)
    for i, thumb in enumerate(stack):
        grey = thumb.astype(np.float32)
        fine = (grey - cv2.GaussianBlur(grey, (0, 0), _BLUR)).ravel()
        length = float(np.linalg.norm(fine))
        features[i] = fine / length if length > _FLAT * SIDE else 0
    return features


def _limit(features: NDArray[np.float32]) -> float:
    """The distance allowed, from how much the pictures of this category differ."""
    count = len(features)
    if count < _FEW:
        return _DISTANCE_OF_FEW
    neighbour = min(_NEIGHBOUR, count // 2)
    sample = features[:: -(-count // _SAMPLE)]
    # each is its own nearest, at distance 0
    usual = np.partition(1 - sample @ features.T, neighbour, axis=1)[:, neighbour]
    return min(DISTANCE, SHARE * float(np.median(usual)))


def _hashes(stack: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """uint64 (n,): which of the 64 slowest waves (DCT) lie above their median."""
    hashes = np.empty(len(stack), np.uint64)
    for i, thumb in enumerate(stack):
        small = cv2.resize(thumb, (32, 32), interpolation=cv2.INTER_AREA)
        waves = cv2.dct(small.astype(np.float32))[:8, :8].ravel()
        hashes[i] = np.packbits(waves > np.median(waves)).view(np.uint64)[0]
    return hashes


def _candidates(hashes: NDArray[np.uint64]) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """Each index with the later ones whose hash is close."""
    for i, own in enumerate(hashes[:-1]):
        close = np.bitwise_count(hashes[i + 1 :] ^ own) <= HAMMING
        yield i, np.flatnonzero(close) + i + 1
