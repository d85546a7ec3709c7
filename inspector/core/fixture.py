"""How a part is found before the network: pure numbers, learnt from good pictures.

Lengths are in *sides*: a side is the square root of the picture's area in pixels, so that
what was learnt on 1024×1024 holds for the same view at 640×640. Grey levels are 0–255.
"""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator, model_validator

from inspector.core.strict import Strict

END_BINS = 16
"""Bins of a part's profile on either side of its middle."""
MAX_TEMPLATE_SIDE = 128
"""Pixels; bounds what a package may ask the station to register."""

Share = Annotated[float, Field(ge=0, le=1)]
Sides = Annotated[float, Field(gt=0, le=2)]
Offset = Annotated[float, Field(ge=-1, le=1)]
Weight = Annotated[float, Field(ge=-2, le=2)]


class NoFixture(Strict):
    """The whole region goes to the network as it is."""

    kind: Literal["none"] = "none"


class Range(Strict):
    """Closed interval of what good parts measure, tolerance included."""

    low: Annotated[float, Field(ge=0, le=1000)]
    high: Annotated[float, Field(ge=0, le=1000)]

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"needs low <= high, not {self.low}, {self.high}")
        return self

    def holds(self, value: float) -> bool:
        return self.low <= value <= self.high


class Level(Strict):
    """How foreground is told from background.

    ``weights`` and ``offset`` make one grey level of (B, G, R). Otsu's threshold, moved by
    ``bias`` of the way to the foreground's mean, parts it; ``polarity`` names the part
    against its background.
    """

    weights: tuple[Weight, Weight, Weight]
    offset: Annotated[float, Field(ge=0, le=255)]
    polarity: Literal["dark", "light"]
    bias: Annotated[float, Field(ge=0, lt=1)]


class Segmentation(Strict):
    """What foreground counts as the part.

    ``area`` is a share of the picture, ``elongation`` a part's length over its width,
    ``contrast`` the least difference between the means of foreground and background.
    """

    level: Level
    area: Range
    elongation: Range
    contrast: Annotated[float, Field(ge=1, le=255)]


class EndRule(Strict):
    """Which end of a part is its head, by a profile along the axis.

    The profile reaches ``reach`` sides from the centroid. ``weights`` multiply its
    differences, below minus above, between bins at equal distance, from the middle
    outwards. The cosine between both is positive for an upright part; where its size is
    below ``min_cosine`` neither end is the head, and the part counts as not located.
    """

    by: Literal["width", "grey"]
    reach: Sides
    weights: Annotated[
        tuple[Annotated[float, Field(ge=-1, le=1)], ...],
        Field(min_length=END_BINS, max_length=END_BINS),
    ]
    min_cosine: Share


class AxisSpec(Strict):
    """The part is segmented, turned upright by its principal axis and cropped.

    ``turns`` is False for parts as wide as long: they are centred only.
    ``ambiguous_end`` means that the two ends cannot be told apart, so that the same part
    may come either way up: train on both.
    ``crop_length`` (down) and ``crop_width`` (across) frame the upright part around a
    point ``offset_down`` and ``offset_across`` from its centroid.
    ``n_images`` and ``located_share``: how many good pictures it was learnt from, and how
    many of them were located by what was learnt from others.
    """

    kind: Literal["axis"] = "axis"
    segmentation: Segmentation
    turns: bool
    ambiguous_end: bool
    ends: EndRule | None = None
    crop_length: Sides
    crop_width: Sides
    offset_down: Offset
    offset_across: Offset
    n_images: Annotated[int, Field(ge=1)]
    located_share: Share

    @model_validator(mode="after")
    def _ends_fit(self) -> AxisSpec:
        if (self.ends is not None) != (self.turns and not self.ambiguous_end):
            raise ValueError("ends are needed where the part turns and its ends can be told apart")
        return self


class TemplateSpec(Strict):
    """The picture is shifted and turned a little onto a mean picture of good parts.

    ``reference`` is base64 of uint8 (height, width) grey. ``max_shift`` in sides and
    ``max_angle`` in degrees bound the search; ``min_correlation`` is the least normalised
    correlation with the reference after it.
    """

    kind: Literal["template"] = "template"
    height: Annotated[int, Field(ge=16, le=MAX_TEMPLATE_SIDE)]
    width: Annotated[int, Field(ge=16, le=MAX_TEMPLATE_SIDE)]
    reference: Annotated[str, Field(max_length=4 * MAX_TEMPLATE_SIDE**2)]
    max_shift: Annotated[float, Field(ge=0, le=0.3)]
    max_angle: Annotated[float, Field(ge=0, le=30)]
    min_correlation: Share
    n_images: Annotated[int, Field(ge=1)]
    located_share: Share

    @field_validator("reference")
    @classmethod
    def _is_base64(cls, text: str) -> str:
        try:
            base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ValueError("the reference is not base64") from None
        return text

    @model_validator(mode="after")
    def _size_fits(self) -> TemplateSpec:
        size = len(base64.b64decode(self.reference))
        if size != self.height * self.width:
            raise ValueError(
                f"the reference holds {size} bytes where {self.width}×{self.height} are promised"
            )
        if np.ptp(self.pixels()) < 2:
            raise ValueError("the reference is blank: nothing can be registered to it")
        return self

    def pixels(self) -> NDArray[np.uint8]:
        """uint8 (height, width), read-only."""
        data = np.frombuffer(base64.b64decode(self.reference), np.uint8)
        return data.reshape(self.height, self.width)


FixtureSpec: TypeAlias = Annotated[NoFixture | AxisSpec | TemplateSpec, Field(discriminator="kind")]
"""As ``manifest.json`` holds it, told apart by ``kind``."""
