"""What sharp pictures look like, kept from one run to the next."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from functools import reduce
from typing import TypeAlias

from inspector.core.frame import SourceInfo
from inspector.core.geometry import Box, Roi

ALIKE = 0.5
"""Of the area that two regions cover together, so much in both: they show the same thing."""

Measured: TypeAlias = tuple[float, float]
"""Of a picture: its ratio of fine to coarse detail, and its coarse detail."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a measure of sharpness holds: pictures of this size, this product, this region.

    ``product`` is the model's category. Neither its version nor the recipe's thresholds count:
    who tunes those has not touched the lens.
    """

    width: int
    height: int
    product: str
    region: Roi | None

    @classmethod
    def of(cls, info: SourceInfo, product: str, region: Roi | None) -> Place:
        return cls(info.width, info.height, product, region)

    def resembles(self, other: Place) -> bool:
        """The same, or a region that was moved or resized a little."""
        same = (self.width, self.height, self.product)
        if same != (other.width, other.height, other.product):
            return False
        a, b = self._box, other._box
        width = min(a.x2, b.x2) - max(a.x1, b.x1)
        height = min(a.y2, b.y2) - max(a.y1, b.y1)
        both = max(0, width) * max(0, height)
        return both >= ALIKE * (a.area + b.area - both)

    @property
    def _box(self) -> Box:
        return self.region.box if self.region else Box(0, 0, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Sharp:
    """The least ratio of fine to coarse detail that a sharp picture has, and whether every
    part had structure enough for one without any to be called blurred.
    """

    least_ratio: float = 0.0
    is_rich: bool = False

    def joined(self, other: Sharp) -> Sharp:
        """The stricter of both: a lens that grows soft from run to run gains nothing by it."""
        return Sharp(max(self.least_ratio, other.least_ratio), self.is_rich or other.is_rich)


class FocusMemory:
    """Of one camera, for one run after the other."""

    def __init__(self) -> None:
        self._known: dict[Place, Sharp] = {}
        self._begun: dict[Place, list[Measured]] = {}

    def recall(self, place: Place) -> Sharp:
        """What is known of places like this; of none: any picture is sharp enough."""
        alike = (sharp for known, sharp in self._known.items() if known.resembles(place))
        return reduce(Sharp.joined, alike, Sharp())

    def begun(self, place: Place) -> list[Measured]:
        """The pictures measured so far, to be added to: runs may be short."""
        return self._begun.setdefault(place, [])

    def keep(self, place: Place, sharp: Sharp) -> Sharp:
        """With what was known before; returns both, joined. Learning begins anew."""
        self._begun.pop(place, None)
        joined = self._known[place] = self.recall(place).joined(sharp)
        return joined


class FocusMemories:
    """Of one process, so that whoever means it forgets by starting the program anew.

    Without them, stopping a line and starting it again would make a blurred camera the measure
    of its own sharpness. A camera is in one run at a time.
    """

    def __init__(self) -> None:
        self._cameras: dict[Hashable, FocusMemory] = {}

    def of(self, camera: Hashable) -> FocusMemory:
        """``camera``: whatever tells it from others, its settings among it."""
        return self._cameras.setdefault(camera, FocusMemory())
