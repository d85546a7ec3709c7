"""What sharp pictures look like, kept from one run to the next."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.core.frame import SourceInfo
from inspector.core.geometry import Roi


@dataclass(frozen=True, slots=True)
class Place:
    """Where a measure of sharpness holds: this camera, this size, this product, this region.

    ``product`` is the model's category. Neither its version nor the recipe's thresholds count:
    who tunes those has not touched the lens.
    """

    source_id: str
    width: int
    height: int
    product: str
    region: Roi | None

    @classmethod
    def of(cls, info: SourceInfo, product: str, region: Roi | None) -> Place:
        return cls(info.source_id, info.width, info.height, product, region)


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
    """Of one process, so that whoever means it forgets by starting the program anew.

    Without it, stopping a line and starting it again would make a blurred camera the measure
    of its own sharpness. A place belongs to one run at a time.
    """

    def __init__(self) -> None:
        self._known: dict[Place, Sharp] = {}

    def recall(self, place: Place) -> Sharp:
        """Nothing learnt: any picture is sharp enough."""
        return self._known.get(place, Sharp())

    def keep(self, place: Place, sharp: Sharp) -> Sharp:
        """With what was known before; returns both, joined."""
        joined = self._known[place] = self.recall(place).joined(sharp)
        return joined
