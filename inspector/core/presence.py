"""Is there a part, and has it come to rest? Decided on 64×64 thumbnails alone.

Every captured frame passes here before any may be dropped, so it must be cheap: 4,096
grey values are counted once against the empty belt and, where a part is there, once against
the frame before (0.02 ms each). What is asked of the differences is read off the counts.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from inspector.core.manifest import Strict
from inspector.errors import ConfigError

SIDE = 64
Thumbnail: TypeAlias = NDArray[np.uint8]
"""uint8 (64, 64), grey."""
MAX_LIGHT = 8
"""Grey levels of flicker that are taken out: 3 % of full scale, as lamps have it."""


class Presence(StrEnum):
    """What a frame shows. UNKNOWN: no reference taught, or no usable picture."""

    EMPTY = "EMPTY"
    MOVING = "MOVING"
    SETTLED = "SETTLED"
    UNKNOWN = "UNKNOWN"


class PresenceRule(Strict):
    """How a part is told from the empty belt.

    Attributes:
        reference: base64 of 64×64 grey bytes of the taught empty belt; None until taught.
        roi: x, y, width, height to watch; default: around the inspected regions.
        difference: grey levels by which a pixel must differ from the reference.
        min_share: share of differing pixels from which on a part is present.
        motion: grey levels by which a pixel must differ from the frame before.
        max_moving_share: share of such pixels up to which the picture is at rest.
        settle_frames: frames at rest in a row before a part counts as settled.
        settled_when: ``rest`` for indexing belts; ``inside`` for belts that never stop:
            settled while the part touches none of the region's borders.
        gap_frames: empty frames in a row that end a part.
    """

    reference: str | None = None
    roi: (
        tuple[
            Annotated[int, Field(ge=0)],
            Annotated[int, Field(ge=0)],
            Annotated[int, Field(ge=1)],
            Annotated[int, Field(ge=1)],
        ]
        | None
    ) = Field(default=None, strict=False)
    difference: Annotated[int, Field(ge=1, le=255)] = 20
    min_share: Annotated[float, Field(gt=0, le=1)] = 0.01
    motion: Annotated[int, Field(ge=1, le=255)] = 12
    max_moving_share: Annotated[float, Field(ge=0, le=1)] = 0.005
    settle_frames: Annotated[int, Field(ge=1, le=1000)] = 1
    settled_when: Literal["rest", "inside"] = "rest"
    gap_frames: Annotated[int, Field(ge=1, le=1000)] = 1

    @field_validator("reference")
    @classmethod
    def _decodes(cls, value: str | None) -> str | None:
        if value is not None:
            decode_thumbnail(value)
        return value


def encode_thumbnail(thumbnail: Thumbnail) -> str:
    """As a recipe holds it."""
    return base64.b64encode(thumbnail.astype(np.uint8).tobytes()).decode("ascii")


def decode_thumbnail(text: str) -> Thumbnail:
    """Raises ValueError for anything but base64 of 64×64 bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("the empty-belt reference is not base64; teach it again") from None
    if len(data) != SIDE * SIDE:
        raise ValueError(
            f"the empty-belt reference has {len(data)} bytes, expected {SIDE * SIDE}; "
            "teach it again"
        )
    return np.frombuffer(data, np.uint8).reshape(SIDE, SIDE)


def teach_reference(thumbnails: list[Thumbnail]) -> Thumbnail:
    """The pixelwise median of pictures of the empty belt.

    Raises ConfigError for none, and where they differ so much that something moved.
    """
    if not thumbnails:
        raise ConfigError("no frames to teach the empty belt from: name at least one")
    stack = np.stack(thumbnails)
    reference: Thumbnail = np.median(stack, axis=0).astype(np.uint8)
    for thumbnail in thumbnails:
        changed = _Differences.of(thumbnail, _complement(reference))
        share = changed.beyond(PresenceRule().difference) / reference.size
        if share > PresenceRule().min_share:
            raise ConfigError(
                f"the frames said to show an empty belt differ in {share:.0%} of the picture: "
                "something moves in them; name frames without a part"
            )
    return reference


@dataclass(slots=True)
class PresenceWatcher:
    """Follows the thumbnails of one region, frame after frame (one thread).

    ``changed_share`` of the last one differed from the taught empty belt.
    """

    rule: PresenceRule
    changed_share: float = 0.0
    _reference: _Complement | None = None
    _previous: Thumbnail | None = None
    _rested: int = 0

    def __post_init__(self) -> None:
        if self.rule.reference is not None:
            self._reference = _complement(decode_thumbnail(self.rule.reference))

    def update(self, thumbnail: Thumbnail | None) -> Presence:
        """The state of the next frame; None for a frame without a usable picture."""
        if thumbnail is None or self._reference is None:
            self.forget()
            return Presence.UNKNOWN
        changed = _Differences.of(thumbnail, self._reference)
        before, self._previous = self._previous, thumbnail
        self.changed_share = changed.beyond(self.rule.difference) / thumbnail.size
        if self.changed_share < self.rule.min_share:
            self._rested = 0
            return Presence.EMPTY
        settled = (
            self._at_rest(thumbnail, before)
            if self.rule.settled_when == "rest"
            else not changed.touch_border(self.rule.difference)
        )
        self._rested = self._rested + 1 if settled else 0
        return Presence.SETTLED if self._rested >= self.rule.settle_frames else Presence.MOVING

    def forget(self) -> None:
        """Frames were lost: what comes next cannot be called at rest by the one before."""
        self._previous, self._rested = None, 0

    def _at_rest(self, thumbnail: Thumbnail, before: Thumbnail | None) -> bool:
        if before is None:
            return False
        moved = _Differences.of(thumbnail, _complement(before)).beyond(self.rule.motion)
        return moved <= self.rule.max_moving_share * thumbnail.size


_Complement: TypeAlias = NDArray[np.intp]
"""255 minus a thumbnail: added to another one it gives their difference as an index."""


def _complement(thumbnail: Thumbnail) -> _Complement:
    return 255 - thumbnail.astype(np.intp)


@dataclass(frozen=True, slots=True, eq=False)
class _Differences:
    """Of two thumbnails, a common change of light (the median difference) taken out.

    At most MAX_LIGHT levels of it: a part that fills most of a tight region must not be
    taken for light.

    Attributes:
        values: intp (64, 64), the signed differences plus 255.
        counted: intp (511,), how many of them are at most so high.
        light: what was taken out, plus 255.
    """

    values: NDArray[np.intp]
    counted: NDArray[np.intp]
    light: int

    @classmethod
    def of(cls, thumbnail: Thumbnail, other: _Complement) -> _Differences:
        values = thumbnail + other
        counted = np.bincount(values.ravel(), minlength=511).cumsum()
        # by counting, the median takes a third of the time of a sort
        median = int(counted.searchsorted(values.size // 2, side="right"))
        light = min(max(median, 255 - MAX_LIGHT), 255 + MAX_LIGHT)
        return cls(values, counted, light)

    def beyond(self, limit: int) -> int:
        """How many differ by more than ``limit`` grey levels."""
        low, high = self.light - limit - 1, self.light + limit
        below = int(self.counted[low]) if low >= 0 else 0
        return below + (self.values.size - int(self.counted[high]) if high < 511 else 0)

    def touch_border(self, limit: int) -> bool:
        """Whether an edge has more than a few of those beyond ``limit``."""
        v = self.values
        edges = (v[:, 0], v[:, -1], v[0], v[-1])
        return any(
            int(np.count_nonzero(np.abs(edge - self.light) > limit)) > SIDE // 16 for edge in edges
        )
