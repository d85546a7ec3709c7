"""Recipe: the thresholds, regions and rules under which a model judges parts.

A recipe is immutable and bound to one model file: applied to another model its
thresholds would sit on a score scale they were never set for.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from inspector.core.geometry import Box, Roi, bounding_box
from inspector.core.inspection import SEVERITY, Verdict, worst
from inspector.core.manifest import Name, Sha256, Strict, first_problem
from inspector.core.presence import PresenceRule
from inspector.core.toml_text import read_toml
from inspector.errors import ConfigError, RecipeMismatchError

Pixels = Annotated[int, Field(ge=0, le=65535)]
XYWH = Annotated[tuple[Pixels, Pixels, Pixels, Pixels], Field(strict=False)]


class Thresholds(Strict):
    """PASS below ``t1``, REVIEW up to below ``t2``, FAIL from ``t2`` on."""

    t1: float
    t2: float

    @model_validator(mode="after")
    def _ordered(self) -> Thresholds:
        if self.t1 > self.t2:
            raise ValueError(f"T1 ({self.t1}) must not be above T2 ({self.t2})")
        return self


class RegionSpec(Strict):
    """One place to inspect in every frame.

    ``roi`` is x, y, width, height in image pixels, absent for the whole frame;
    ``ignore`` are x, y, width, height boxes in *part* coordinates (of the region).
    """

    name: Name = "part"
    roi: XYWH | None = Field(default=None, strict=False)
    ignore: tuple[XYWH, ...] = Field(default=(), strict=False)

    @field_validator("roi")
    @classmethod
    def _roi_has_size(cls, value: XYWH | None) -> XYWH | None:
        if value is not None and min(value[2:]) < 1:
            raise ValueError(f"roi {list(value)} needs a width and height of at least 1 pixel")
        return value

    @property
    def region(self) -> Roi | None:
        return Roi(*self.roi) if self.roi else None

    @property
    def ignored_boxes(self) -> tuple[Box, ...]:
        return tuple(Roi(*xywh).box for xywh in self.ignore if min(xywh[2:]) > 0)


class DefectRule(Strict):
    """Which regions of the anomaly map count as defects.

    A region that reaches T1 and is smaller than ``min_area_px`` image pixels is left out
    of the score; with ``mm_per_px`` known, ``min_area_mm2`` may be given instead. What
    belongs to the region is said by the recipe's pixel threshold.
    """

    min_area_px: Annotated[float, Field(ge=0)] = 0.0
    min_area_mm2: Annotated[float, Field(gt=0)] | None = None
    mm_per_px: Annotated[float, Field(gt=0)] | None = None

    @model_validator(mode="after")
    def _calibrated(self) -> DefectRule:
        if self.min_area_mm2 is not None and self.mm_per_px is None:
            raise ValueError("min_area_mm2 needs mm_per_px")
        return self

    @property
    def smallest_area_px(self) -> float:
        if self.min_area_mm2 is None or self.mm_per_px is None:
            return self.min_area_px
        return max(self.min_area_px, self.min_area_mm2 / self.mm_per_px**2)


class QualityGate(Strict):
    """Below or above these a picture is unusable: INVALID. Grey levels 0–255.

    ``min_contrast`` is the standard deviation (a covered or dead camera gives about
    0), ``max_saturated`` the share of pixels at 254 or above, ``min_sharpness`` the
    variance of the Laplacian at quarter scale.
    """

    min_mean: Annotated[float, Field(ge=0, le=255)] | None = None
    max_mean: Annotated[float, Field(ge=0, le=255)] | None = None
    min_contrast: Annotated[float, Field(ge=0, le=128)] = 1.0
    max_saturated: Annotated[float, Field(ge=0, le=1)] | None = None
    min_sharpness: Annotated[float, Field(ge=0)] | None = None


class PartRule(Strict):
    """When a part is there, and how its frames join into one verdict.

    mode: every frame is a part; or *presence* against the taught empty belt; or one
    part a *trigger* (that frame and the ``trigger_frames - 1`` after it).
    rule: ``worst`` of the settled frames, or ``k_of_n``: the worst verdict that at
    least k settled frames reach, where at least n were inspected (fewer: the worst).
    """

    mode: Literal["frame", "presence", "trigger"] = "frame"
    rule: Literal["worst", "k_of_n"] = "worst"
    k: Annotated[int, Field(ge=1)] = 1
    n: Annotated[int, Field(ge=1)] = 1
    trigger_frames: Annotated[int, Field(ge=1, le=1000)] = 1
    presence: PresenceRule | None = None

    @model_validator(mode="after")
    def _complete(self) -> PartRule:
        if self.k > self.n:
            raise ValueError(f"k ({self.k}) must not be above n ({self.n})")
        if self.mode == "presence" and self.presence is None:
            raise ValueError("mode 'presence' needs a [parts.presence] table")
        return self


def _is_none(value: object) -> bool:
    return value is None


class Recipe(Strict):
    """Everything that turns predictions into verdicts, under one hash.

    ``pixel_threshold`` is where defects are outlined in the map (None: at T1); verdicts
    are by score. Absent, it is in no document and no hash, as before it existed.
    """

    schema_version: Literal[1] = 1
    name: str = "default"
    model_sha256: Sha256
    thresholds: Thresholds
    pixel_threshold: Annotated[float | None, Field(exclude_if=_is_none)] = None
    regions: Annotated[tuple[RegionSpec, ...], Field(min_length=1, max_length=64, strict=False)] = (
        RegionSpec(),
    )
    defects: DefectRule = DefectRule()
    quality: QualityGate = QualityGate()
    parts: PartRule = PartRule()

    @model_validator(mode="after")
    def _regions_differ(self) -> Recipe:
        names = [r.name for r in self.regions]
        if len(set(names)) != len(names):
            raise ValueError(f"two regions have the same name: {names}")
        return self

    @property
    def recipe_id(self) -> str:
        """sha256 over the canonical JSON: equal recipes have equal ids."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def needs_map(self) -> bool:
        """Whether the score must be found again from the map (masks, least area)."""
        return self.defects.smallest_area_px > 0 or any(r.ignored_boxes for r in self.regions)

    def presence_roi(self) -> Roi | None:
        """Where presence looks: its own region, else around all inspected ones."""
        if self.parts.presence and self.parts.presence.roi:
            return Roi(*self.parts.presence.roi)
        rois = [r.region for r in self.regions]
        known = [r.box for r in rois if r is not None]
        if len(known) < len(rois):
            return None
        box = bounding_box(known)
        return Roi(box.x1, box.y1, box.width, box.height)

    def check_model(self, model_id: str) -> None:
        """Raises RecipeMismatchError where the recipe was set for another model file."""
        sha256 = model_id.rpartition("#")[2]
        if sha256 != self.model_sha256:
            raise RecipeMismatchError(
                f"recipe {self.name!r} was set for model {self.model_sha256[:12]}…, not for "
                f"{model_id.partition('#')[0]} ({sha256[:12]}…): its thresholds do not fit "
                "this model's scores; set a recipe for it, or run without --recipe"
            )

    def check_image(self, width: int, height: int) -> None:
        """Raises ConfigError where a region leaves the source's images, or could not hold a
        defect of the least area: whatever it shows would pass.
        """
        for roi in (self.presence_roi(), *(r.region for r in self.regions)):
            if roi is not None:
                roi.check_inside(width, height)
        for spec in self.regions:
            place = spec.region or Roi(0, 0, width, height)
            self._check_least_area(spec.name, place.width * place.height)

    def _check_least_area(self, region: str, pixels: int) -> None:
        least = self.defects.smallest_area_px
        if least >= pixels:
            raise ConfigError(
                f"recipe {self.name!r}: its least defect area is {least:.6g} px, but region "
                f"{region!r} has only {pixels} px: everything would pass; make it smaller, or "
                "set mm_per_px anew"
            )


def judge(score: float, recipe: Recipe) -> Verdict:
    """The verdict on a score; anything but a finite number is INVALID.

    Written so that a comparison with NaN can never end in PASS.
    """
    if not math.isfinite(score):
        return Verdict.INVALID
    if score >= recipe.thresholds.t2:
        return Verdict.FAIL
    if score >= recipe.thresholds.t1:
        return Verdict.REVIEW
    return Verdict.PASS


def join_frames(verdicts: Mapping[Verdict, int], rule: PartRule) -> Verdict:
    """One verdict for a part from those of its settled frames, counted; INVALID for none.

    Only frames with an answer count towards ``n``: a part most of whose frames nobody
    could judge is as good as its worst frame.
    """
    answered = sum(count for verdict, count in verdicts.items() if verdict is not Verdict.INVALID)
    seen = [verdict for verdict, count in verdicts.items() if count]
    if rule.rule == "worst" or answered < rule.n:
        return worst(seen)
    reached = 0
    for verdict in sorted(seen, key=SEVERITY.__getitem__, reverse=True):
        reached += verdicts[verdict]
        if reached >= rule.k:
            return verdict
    return worst(seen)


def parse_recipe(text: str, where: str) -> Recipe:
    """From TOML; raises ConfigError that names the file and the key."""
    try:
        return Recipe.model_validate(read_toml(text, f"recipe {where}"))
    except ValidationError as error:
        raise ConfigError(f"recipe {where}: {first_problem(error)}") from None
