"""What images a category has: counts, imbalance, sizes, pictures on both sides of the split."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.errors import InputError
from inspector.vision.image_header import image_size
from training.datasets import GOOD, Category, Sample, list_images, read_bytes


@dataclass(frozen=True, slots=True)
class Inventory:
    """``sizes`` counts images by (width, height); ``shared`` those in train and test alike."""

    train_good: int
    test: dict[str, int]
    masks: dict[str, int]
    sizes: dict[tuple[int, int], int]
    shared: int

    @property
    def good(self) -> int:
        return self.train_good + self.test.get(GOOD, 0)

    @property
    def defective(self) -> int:
        return sum(count for kind, count in self.test.items() if kind != GOOD)


def take_inventory(category: Category) -> Inventory:
    """Reads every file once; raises InputError naming one that cannot be read."""
    train = list_images(category.path / "train" / GOOD)
    try:
        test: Sequence[Sample] = category.test()
    except InputError:
        # a category may have none: then there is a model and nothing to measure it on
        test = ()
    sizes: Counter[tuple[int, int]] = Counter()
    digests: list[set[bytes]] = [set(), set()]
    for side, paths in enumerate((train, [s.path for s in test])):
        for path in paths:
            data = read_bytes(path)
            sizes[image_size(data) or (0, 0)] += 1
            digests[side].add(hashlib.sha256(data).digest())
    return Inventory(
        train_good=len(train),
        test=dict(Counter(s.kind for s in test)),
        masks=dict(Counter(s.kind for s in test if s.mask is not None)),
        sizes=dict(sizes),
        shared=len(digests[0] & digests[1]),
    )
