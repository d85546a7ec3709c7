"""What the peak of a map is measured against: where parts lie, and the picture's own level.

A camera that is a little softer, noisier or darker than the pictures that were learnt from
lifts the whole map, sound places and defects alike, and with it the highest score of good
parts, which is where thresholds come from. So of what the quietest tenth of a map's places has
more than usual half is taken off again, counted up to the most that good parts have shown, but
for the few that T1 may send to review. A defect of up to nine tenths of the picture does not move
that level, and what is wrong all over is excused no further than a good part would be
(docs/decisions/0023).

Where a fixture has centred the part, ground that no good part covers counts a little less: dirt
on it is no defect of the part.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from inspector.core.frame import Image
from training.foreground import foreground
from training.promises import left_out, review_share

GROUND = 0.9
"""Of a distance on ground that good parts never cover; what a broken part leaves there, a
bent lead or a splinter, keeps nine tenths of it."""
COVERED = 0.5
"""Share of good parts that cover a place of full weight."""

SHARE = 0.5
"""Of the excess that is taken off."""


@dataclass(frozen=True, slots=True)
class Level:
    """On the scale of distances. The default takes nothing off."""

    usual: float = 0.0
    most: float = 0.0

    @classmethod
    def of(cls, maps: NDArray[np.float32]) -> Level:
        """From maps (n, v, h, w) of good parts by detectors that have not seen them.

        ``usual`` is the median of the stills (view 0); ``most`` is that of the part which is
        highest in its worst view, left out as many parts as T1 may leave out: one spoilt
        picture among them excuses nothing.
        """
        levels = levels_of(maps)
        usual, n = float(np.median(levels[:, 0])), len(levels)
        highest = float(np.sort(levels.max(axis=1))[n - 1 - left_out(review_share(n), n)])
        return cls(usual, max(highest - usual, 0.0))

    def excess(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """What is taken off maps of these levels."""
        return SHARE * np.clip(levels - self.usual, 0.0, self.most)

    def apply(self, maps: NDArray[np.float32]) -> NDArray[np.float32]:
        """Maps (…, h, w) without their excess; the quietest places may fall below 0."""
        excess = self.excess(levels_of(maps))[..., None, None]
        return np.asarray(maps - excess, np.float32)

    def apply_to(self, maps: Tensor) -> Tensor:
        """The same of float32 (n, h, w)."""
        places = maps.flatten(1)
        levels = places.kthvalue(quiet_places(places.shape[1]), dim=1).values
        excess = SHARE * (levels - self.usual).clamp(0.0, self.most)
        return maps - excess[:, None, None]


def quiet_places(count: int) -> int:
    """How many of a map's places are its quietest tenth."""
    return max(1, count // 10)


def levels_of(maps: NDArray[np.float32]) -> NDArray[np.float64]:
    """float64 (…) of maps (…, h, w): the highest of the quietest places."""
    places = maps.reshape(*maps.shape[:-2], -1)
    last = quiet_places(places.shape[-1]) - 1
    return np.asarray(np.partition(places, last, axis=-1)[..., last], np.float64)


def ground_weights(stills: Image, grid: tuple[int, int]) -> Tensor:
    """float32 (h, w) of good parts uint8 (n, H, W, 3): 1 on the part and next to it.

    1 everywhere for pictures without a ground, as of textures.
    """
    # counted one by one: masks of all parts at once are as large as the pictures
    share = np.mean([_shrunk(foreground(still[None])[0], grid) for still in stills], axis=0)
    near = cv2.dilate(share, np.ones((3, 3), np.uint8))
    weights = GROUND + (1.0 - GROUND) * np.clip(near / COVERED, 0.0, 1.0)
    return torch.from_numpy(weights.astype(np.float32))


def _shrunk(mask: NDArray[np.bool_], grid: tuple[int, int]) -> NDArray[np.float32]:
    height, width = grid
    small = cv2.resize(mask.astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.float32)
