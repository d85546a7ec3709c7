"""A category's images while they are prepared: decoded as long as there is room for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import overload

import numpy as np

from inspector.core.frame import Image
from training.datasets import is_grey
from training.methods import Report
from training.threads import in_threads

ROOM = 1_500_000_000
"""Bytes. What finds no room is decoded again each time it is looked at."""


class Pictures(Sequence[Image]):
    """The pictures that ``read`` makes of files, uint8 (H, W, 3) BGR each, in their order.

    All are read once at the start, so that one that cannot be read is told then; for several
    threads afterwards.

    Attributes:
        aspect: median of width over height.
        monochrome: none has any colour.
    """

    def __init__(
        self,
        files: Sequence[Path],
        read: Callable[[Path], Image],
        report: Report,
        *,
        room: int = ROOM,
    ) -> None:
        """Raises what ``read`` raises."""
        self._files, self._read = files, read
        self._kept: dict[int, Image] = {}
        self.monochrome = True
        aspects = []
        for i, image in enumerate(in_threads(read, files)):
            aspects.append(image.shape[1] / image.shape[0])
            self.monochrome = self.monochrome and is_grey(image)
            room -= image.nbytes
            if room >= 0:
                self._kept[i] = image
            report("images", (i + 1) / len(files))
        self.aspect = float(np.median(aspects))

    def __len__(self) -> int:
        return len(self._files)

    @overload
    def __getitem__(self, index: int) -> Image: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Image]: ...

    def __getitem__(self, index: int | slice) -> Image | Sequence[Image]:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        kept = self._kept.get(range(len(self))[index])
        return self._read(self._files[index]) if kept is None else kept
