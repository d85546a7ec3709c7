"""What differs between two recipes, in the words of the people who set them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inspector.core.recipe import Recipe

_LABELS: Mapping[str, str] = {
    "name": "name",
    "model_sha256": "model file",
    "thresholds.t1": "T1 (review from)",
    "thresholds.t2": "T2 (fail from)",
    "pixel_threshold": "defects are outlined at",
    "defects.min_area_px": "least defect area, px",
    "defects.min_area_mm2": "least defect area, mm²",
    "defects.mm_per_px": "ruler, mm per px",
    "quality.min_mean": "picture: least brightness",
    "quality.max_mean": "picture: most brightness",
    "quality.min_contrast": "picture: least contrast",
    "quality.max_saturated": "picture: most overexposed share",
    "quality.min_sharpness": "picture: least sharpness",
    "parts.mode": "parts are told by",
    "parts.rule": "frames join by",
    "parts.k": "part rule k",
    "parts.n": "part rule n",
    "parts.trigger_frames": "frames a trigger",
    "parts.presence.reference": "taught empty belt",
    "parts.presence.roi": "region watched for parts",
    "parts.presence.difference": "presence: least difference",
    "parts.presence.min_share": "presence: least share",
    "parts.presence.motion": "presence: motion",
    "parts.presence.max_moving_share": "presence: most moving share",
    "parts.presence.settle_frames": "presence: frames at rest",
    "parts.presence.settled_when": "presence: settled when",
    "parts.presence.gap_frames": "presence: empty frames between parts",
}
_REGION_LABELS: Mapping[str, str] = {"roi": "place", "ignore": "masks"}
_ABSENT = "not set"
_TAUGHT = "parts.presence.reference"


@dataclass(frozen=True, slots=True)
class Difference:
    """One line of a comparison: what, before, after. ``key`` is the recipe's own name."""

    key: str
    what: str
    old: str
    new: str

    def __str__(self) -> str:
        return f"{self.what}: {self.old} → {self.new}"


def differences(old: Recipe, new: Recipe) -> tuple[Difference, ...]:
    """In the order of the recipe; regions are compared by their names."""
    before, after = _flat(old), _flat(new)
    keys = [*before, *(k for k in after if k not in before)]
    return tuple(
        _difference(key, before.get(key), after.get(key))
        for key in keys
        if before.get(key) != after.get(key)
    )


def _difference(key: str, old: object, new: object) -> Difference:
    if key == _TAUGHT:
        # 4,096 grey values say nothing to a person
        return Difference(key, _LABELS[key], _taught(old), _taught(new, again=old is not None))
    return Difference(key, _label(key), _shown(key, old), _shown(key, new))


def _taught(value: object, *, again: bool = False) -> str:
    if value is None:
        return "not taught"
    return "taught again" if again else "taught"


def _label(key: str) -> str:
    if key.startswith("regions."):
        _, name, what = key.split(".", 2)
        return f"region {_unescaped(name)!r}: {_REGION_LABELS.get(what, what)}"
    return _LABELS.get(key, key)


def _shown(key: str, value: object) -> str:
    if value is None:
        return "the whole picture" if key.endswith("roi") else _ABSENT
    if isinstance(value, float):
        return f"{value:.6g}"
    if key == "model_sha256":
        return f"{str(value)[:12]}…"
    if isinstance(value, list):
        return _boxes(value)
    return str(value)


def _boxes(value: list[Any]) -> str:
    if value and isinstance(value[0], list):
        return f"{len(value)}: " + "; ".join(_boxes(v) for v in value)
    if not value:
        return "none"
    x, y, width, height = value
    return f"{width}×{height} at {x}, {y}"


def _flat(recipe: Recipe) -> dict[str, Any]:
    """Leaves by dotted key."""
    document = recipe.model_dump(mode="json")
    del document["schema_version"]
    regions = document.pop("regions")
    found = dict(_leaves(document, ""))
    for region in regions:
        name = region.pop("name")
        found[f"regions.{_escaped(name)}.inspected"] = "yes"
        for what, value in region.items():
            found[f"regions.{_escaped(name)}.{what}"] = value
    return found


def _escaped(name: str) -> str:
    # a region may be called "a.b"; names hold no colon
    return name.replace(".", ":")


def _unescaped(name: str) -> str:
    return name.replace(":", ".")


def _leaves(value: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    leaves: list[tuple[str, Any]] = []
    for key, held in value.items():
        leaves += _leaves(held, f"{prefix}{key}.") if isinstance(held, dict) else []
        leaves += [] if isinstance(held, dict) else [(f"{prefix}{key}", held)]
    return leaves
