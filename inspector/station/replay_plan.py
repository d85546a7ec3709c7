"""How footage is to be judged, as a person puts it together, and the run that comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.config import RunConfig
from inspector.core.recipe import Recipe, Thresholds
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.station.recipes import carried_over, proposed_recipe, variant_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPlan:
    """Footage, model, and what of its recipe is changed.

    Attributes:
        source: video file or folder.
        model: folder of the package.
        recipe: None for what the package proposes.
        carry_over: a recipe set for another model keeps regions and rules, and takes
            the thresholds that this model proposes; without it such a recipe is refused.
        thresholds: instead of the recipe's own.
        empty_frames: (first, end) frames that show the empty belt, to tell parts by.
    """

    source: str
    model: Path
    recipe: Recipe | None = None
    carry_over: bool = False
    thresholds: Thresholds | None = None
    empty_frames: tuple[int, int] | None = None


def replay_config(plan: ReplayPlan) -> RunConfig:
    """Opens the model where it has to be asked: up to a second, not on a GUI thread.

    Raises PackageError, ProviderError, and ConfigError for a recipe that cannot be carried
    over; whether another one fits is for the run to say.
    """
    config = RunConfig(
        source=plan.source,
        model=plan.model,
        recipe=plan.recipe,
        empty_frames=plan.empty_frames,
        recorded_only=True,
    )
    recipe = plan.recipe
    if plan.carry_over or (recipe is None and plan.thresholds is not None):
        predictor = open_predictor(plan.model, variant=variant_of(recipe, plan.model))
        try:
            recipe = _asked(config, recipe, predictor)
        finally:
            predictor.close()
    if recipe is not None and plan.thresholds is not None:
        recipe = recipe.model_copy(update={"thresholds": plan.thresholds})
    return RunConfig(
        source=plan.source,
        model=plan.model,
        recipe=recipe,
        empty_frames=plan.empty_frames,
        recorded_only=True,
    )


def _asked(config: RunConfig, recipe: Recipe | None, predictor: OnnxPredictor) -> Recipe:
    if recipe is None:
        return proposed_recipe(config, predictor)
    if recipe.model_sha256 == predictor.model_id.rpartition("#")[2]:
        return recipe
    return carried_over(recipe, predictor)
