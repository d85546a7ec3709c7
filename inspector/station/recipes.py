"""The recipe of a run: given, or made of what the model package proposes."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from inspector.config import RunConfig
from inspector.core.frame import SourceInfo
from inspector.core.geometry import Roi
from inspector.core.presence import (
    PresenceRule,
    Thumbnail,
    encode_thumbnail,
    teach_reference,
)
from inspector.core.protocols import FrameSource
from inspector.core.recipe import PartRule, Recipe, RegionSpec, Thresholds
from inspector.errors import ConfigError, SourceOpenError
from inspector.inference.package import load_package
from inspector.inference.predictor import OnnxPredictor
from inspector.vision.presence import thumbnail

_PROPOSED = ", thresholds proposed by "


def recipe_for(config: RunConfig, predictor: OnnxPredictor, teacher: FrameSource) -> Recipe:
    """The recipe to judge by, checked against the model.

    ``teacher`` is a source of its own for the same address (not opened): read only
    where the empty belt is to be taught. Raises ConfigError, RecipeMismatchError.
    """
    recipe = config.recipe or proposed_recipe(config, predictor)
    recipe.check_model(predictor.model_id)
    if config.recipe and config.roi:
        raise ConfigError("--roi and --recipe: the recipe names the regions; give one of them")
    _check_triggers(config, recipe)
    if config.empty_frames:
        recipe = taught(recipe, teacher, config.empty_frames)
    check_taught(recipe)
    check_map(recipe, predictor)
    return recipe


def variant_of(recipe: Recipe | None, package: Path) -> str | None:
    """The variant whose file the recipe was set for; None: whichever runs best here.

    Without this, a recipe set for fp32 would be refused wherever int8 is the usual one.
    Raises PackageError.
    """
    if recipe is None:
        return None
    variants = load_package(package).manifest.variants
    return next((v.name for v in variants if v.sha256 == recipe.model_sha256), None)


def check_taught(recipe: Recipe) -> None:
    """Raises ConfigError for a recipe that watches for parts without knowing the empty belt."""
    presence = recipe.parts.presence
    if recipe.parts.mode == "presence" and (presence is None or presence.reference is None):
        raise ConfigError(
            f"recipe {recipe.name!r} watches for parts, but no empty belt is taught: "
            "name frames that show it with --empty-frames A:B"
        )


def _check_triggers(config: RunConfig, recipe: Recipe) -> None:
    if not config.trigger_frames:
        return
    if config.empty_frames:
        raise ConfigError(
            "--triggers and --empty-frames: parts are told either by triggers or by presence; "
            "give one of them"
        )
    if recipe.parts.mode != "trigger":
        raise ConfigError(
            f"--triggers: recipe {recipe.name!r} tells parts by {recipe.parts.mode}: set its "
            "parts.mode to 'trigger', or leave --triggers out"
        )


def proposed_recipe(config: RunConfig, predictor: OnnxPredictor) -> Recipe:
    """The package's thresholds for the variant in use, on the region of the command line."""
    proposed = predictor.thresholds
    roi = config.roi
    mode: Literal["trigger", "frame"] = "trigger" if config.trigger_frames else "frame"
    return Recipe(
        name=f"proposed by {predictor.manifest.title}",
        model_sha256=predictor.model_id.rpartition("#")[2],
        thresholds=Thresholds(t1=proposed.t1, t2=proposed.t2),
        pixel_threshold=proposed.pixel,
        regions=(RegionSpec(roi=(roi.x, roi.y, roi.width, roi.height) if roi else None),),
        parts=PartRule(mode=mode),
    )


def carried_over(recipe: Recipe, predictor: OnnxPredictor) -> Recipe:
    """Regions and rules of a recipe under another model, with what that model proposes.

    The thresholds are not carried: they lie on the other model's scale. Raises
    ConfigError where the model's map cannot do what the recipe asks of it.
    """
    proposed = predictor.thresholds
    carried = recipe.model_copy(
        update={
            # carried over again and again, a name must not grow
            "name": recipe.name.partition(_PROPOSED)[0] + _PROPOSED + predictor.manifest.title,
            "model_sha256": predictor.model_id.rpartition("#")[2],
            "thresholds": Thresholds(t1=proposed.t1, t2=proposed.t2),
            "pixel_threshold": proposed.pixel,
        }
    )
    check_map(carried, predictor)
    return carried


def check_map(recipe: Recipe, predictor: OnnxPredictor) -> None:
    if recipe.needs_map and not predictor.manifest.score_is_map_max:
        raise ConfigError(
            f"recipe {recipe.name!r} uses ignore masks or a least defect area, but the score "
            f"of model {predictor.manifest.title} is not the highest value of its map"
        )


def taught(recipe: Recipe, teacher: FrameSource, frames: tuple[int, int]) -> Recipe:
    """The recipe in presence mode, its empty-belt reference from those frames."""
    info = teacher.open()
    try:
        recipe.check_image(info.width, info.height)
        reference = teach_reference(_thumbnails(teacher, recipe.presence_roi(), frames))
    finally:
        teacher.close()
    rule = recipe.parts.presence or PresenceRule()
    rule = rule.model_copy(update={"reference": encode_thumbnail(reference)})
    parts = recipe.parts.model_copy(update={"mode": "presence", "presence": rule})
    return recipe.model_copy(update={"parts": parts})


def _thumbnails(source: FrameSource, roi: Roi | None, frames: tuple[int, int]) -> list[Thumbnail]:
    first, end = frames
    found: list[Thumbnail] = []
    while True:
        frame = source.read()
        if frame is None:
            raise SourceOpenError(
                f"the source ended before frame {end}: it cannot show the empty belt in "
                f"frames {first}:{end}"
            )
        if frame.index >= first and frame.fault is None:
            found.append(thumbnail(frame.image, roi))
        if frame.index >= end - 1:
            return found


def warnings_for(recipe: Recipe, info: SourceInfo, predictor: OnnxPredictor) -> list[str]:
    """What an engineer should know before trusting the verdicts."""
    found = [f"the camera refused: {what}" for what in info.refused]
    for region in recipe.regions:
        roi = region.region
        width, height = (roi.width, roi.height) if roi else (info.width, info.height)
        aspect = width / height
        if abs(aspect / predictor.input_aspect - 1) > 0.05:
            found.append(
                f"region {region.name!r} is {width}×{height}, but the model was trained on "
                f"pictures of width/height {predictor.input_aspect:.2f}: it will see the part "
                "distorted; choose a region of that shape"
            )
    return found
