"""A job and its recipe as they are being edited; every step gives a new draft. No Qt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from inspector.core.camera import CameraSettings
from inspector.core.geometry import Roi
from inspector.core.job import Job
from inspector.core.manifest import first_problem
from inspector.core.presence import PresenceRule, Thumbnail, encode_thumbnail
from inspector.core.recipe import Recipe
from inspector.core.recipe_diff import Difference, differences
from inspector.errors import ConfigError

_M = TypeVar("_M", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Draft:
    """``saved_*`` is what the files hold; ``recipe`` None where the job has none yet.

    Every ``with_…`` raises ConfigError for what a recipe or job may not hold.
    """

    job: Job
    saved_job: Job
    recipe: Recipe | None = None
    saved_recipe: Recipe | None = None

    @classmethod
    def of(cls, job: Job, recipe: Recipe | None) -> Draft:
        """As the files have it."""
        return cls(job, job, recipe, recipe)

    @property
    def recipe_changed(self) -> bool:
        return self.recipe != self.saved_recipe

    @property
    def job_changed(self) -> bool:
        return self.job != self.saved_job

    @property
    def changed(self) -> bool:
        return self.recipe_changed or self.job_changed

    @property
    def changes(self) -> tuple[str, ...]:
        """A line each, for the person who is about to sign them."""
        lines = [str(d) for d in self.recipe_differences]
        if self.recipe is not None and self.saved_recipe is None:
            lines.insert(0, "first recipe")
        before, after = self.saved_job.model_dump(), self.job.model_dump()
        lines += [f"job {key}" for key in after if after[key] != before[key]]
        return tuple(lines)

    @property
    def recipe_differences(self) -> tuple[Difference, ...]:
        if self.recipe is None or self.saved_recipe is None:
            return ()
        return differences(self.saved_recipe, self.recipe)

    def with_recipe(self, recipe: Recipe) -> Draft:
        """Another one altogether: restored, or made of a package's proposal."""
        return replace(self, recipe=recipe)

    def with_thresholds(self, t1: float, t2: float) -> Draft:
        return self._recipe({"thresholds": {"t1": t1, "t2": t2}})

    def with_roi(self, index: int, roi: Roi | None) -> Draft:
        """None: the whole picture, at index 0 only."""
        return self._region(index, {"roi": _xywh(roi) if roi else None})

    def with_masks(self, index: int, masks: tuple[Roi, ...]) -> Draft:
        """In pixels of the region."""
        return self._region(index, {"ignore": tuple(_xywh(m) for m in masks)})

    def with_region(self, name: str, roi: Roi) -> Draft:
        """One region more."""
        regions = [*self._dump()["regions"], {"name": name, "roi": _xywh(roi), "ignore": ()}]
        return self._recipe({"regions": tuple(regions)})

    def without_region(self, index: int) -> Draft:
        """The last one stays: a recipe inspects something."""
        regions = list(self._dump()["regions"])
        if len(regions) > 1:
            del regions[index]
        return self._recipe({"regions": tuple(regions)})

    def with_defects(self, values: Mapping[str, Any]) -> Draft:
        return self._recipe({"defects": _whole(self._dump()["defects"], values)})

    def with_quality(self, values: Mapping[str, Any]) -> Draft:
        return self._recipe({"quality": _whole(self._dump()["quality"], values)})

    def with_parts(self, values: Mapping[str, Any], presence: Mapping[str, Any]) -> Draft:
        """``presence`` counts in presence mode; what was taught stays."""
        parts = _whole(self._dump()["parts"], values)
        if parts["mode"] == "presence":
            held = parts["presence"] or PresenceRule().model_dump()
            parts["presence"] = _whole(held, presence)
        return self._recipe({"parts": parts})

    def with_taught(self, reference: Thumbnail) -> Draft:
        """The empty belt, and with it presence mode."""
        parts = dict(self._dump()["parts"])
        rule = parts["presence"] or PresenceRule().model_dump()
        parts |= {"mode": "presence", "presence": rule | {"reference": encode_thumbnail(reference)}}
        return self._recipe({"parts": parts})

    def with_job(self, **changes: object) -> Draft:
        document = self.job.model_dump() | changes
        return replace(self, job=_checked(Job, document))

    def with_camera(self, values: Mapping[str, Any]) -> Draft:
        """All at None: the job asks nothing of the camera."""
        asked = {k: v for k, v in values.items() if v not in (None, "", "auto")}
        camera = _checked(CameraSettings, asked).model_dump() if asked else None
        return self.with_job(camera=camera)

    def _dump(self) -> dict[str, Any]:
        if self.recipe is None:
            raise ConfigError("the job has no recipe yet: choose its model first")
        return self.recipe.model_dump()

    def _recipe(self, changes: Mapping[str, Any]) -> Draft:
        return replace(self, recipe=_checked(Recipe, self._dump() | dict(changes)))

    def _region(self, index: int, changes: Mapping[str, Any]) -> Draft:
        regions = list(self._dump()["regions"])
        regions[index] = regions[index] | dict(changes)
        return self._recipe({"regions": tuple(regions)})


def _checked(kind: type[_M], document: Mapping[str, Any]) -> _M:
    try:
        return kind.model_validate(dict(document))
    except ValidationError as error:
        raise ConfigError(first_problem(error)) from None


def _whole(held: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    return dict(held) | dict(values)


def _xywh(roi: Roi) -> tuple[int, int, int, int]:
    return (roi.x, roi.y, roi.width, roi.height)
