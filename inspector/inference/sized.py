"""Batches of any size on sessions that each see one size and no other.

ONNX Runtime's convolutions hold one cuDNN plan, that of the shape they saw last: another
shape replaces it and frees the kernels that cuDNN had compiled for it. A CUDA graph recorded
before still launches them (seen on an H100: illegal instruction, misaligned address, or a
crash, at the next replay). So a session that records graphs is never shown a second shape.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.inference.lanes import Split
from inspector.inference.recorded import RecordedRunner


def sizes_up_to(most: int) -> tuple[int, ...]:
    """1, 2, 4, … and ``most``: the batch sizes that get a session of their own."""
    doubled = itertools.takewhile(lambda n: n < most, (1 << k for k in itertools.count()))
    return (*doubled, most)


class SizedRunner:
    """A batch runs on the session of the next size, filled up with copies of its last picture.

    Larger batches than the largest run in pieces. Thread-safe, as its runners are, each of
    which has a stream of its own: two sizes may be on the device at once.
    """

    runs_beside = True

    def __init__(self, by_size: Mapping[int, RecordedRunner]) -> None:
        """Takes the runners over."""
        self._by_size = dict(sorted(by_size.items()))
        self._most = max(self._by_size)
        self._asked = self._by_size[self._most]

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> list[NDArray[np.float32]]:
        """As ``RecordedRunner``, and raises what it raises."""
        pieces = [
            self._piece(images[start : start + self._most], None if start else meanwhile)
            for start in range(0, len(images), self._most)
        ]
        if len(pieces) == 1:
            return pieces[0]
        return [np.concatenate(values) for values in zip(*pieces, strict=True)]

    def takes(self, image: Image) -> bool:
        return self._asked.takes(image)

    @property
    def sizes(self) -> tuple[int, ...]:
        return tuple(self._by_size)

    @property
    def last(self) -> Split | None:
        return self._asked.last

    @property
    def unpinned(self) -> str | None:
        return next((r.unpinned for r in self._by_size.values() if r.unpinned), None)

    def close(self) -> None:
        """All are freed, or where one does not come back from the driver, none."""
        runners = list(self._by_size.values())
        came_back = [runner.retire() for runner in runners]
        if all(came_back):
            for runner in runners:
                runner.free()
        else:
            self.abandon()

    def abandon(self) -> None:
        for runner in self._by_size.values():
            runner.abandon()

    def _piece(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None
    ) -> list[NDArray[np.float32]]:
        count = len(images)
        size = next(size for size in self._by_size if size >= count)
        self._asked = runner = self._by_size[size]
        found = runner([*images, *[images[-1]] * (size - count)], meanwhile)
        return found if size == count else [values[:count] for values in found]
