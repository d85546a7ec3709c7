"""Recipes that may take over with a package: those of the jobs, and the running one's rules."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCoreApplication

from inspector.config import load_recipe
from inspector.core.recipe import Recipe
from inspector.errors import ConfigError
from inspector.gui.models.state import RecipeChoice
from inspector.inference.gallery import GalleryEntry
from inspector.station.jobs import JobBook

CARRY_OVER = ""
"""Key of the choice to keep the running regions and rules, thresholds as proposed."""


@dataclass(frozen=True, slots=True)
class JobRecipe:
    """The recipe of a job, by the job's name."""

    job: str
    recipe: Recipe


def read_recipes(jobs: Path) -> tuple[JobRecipe, ...]:
    """Of every job that has a readable one. Reads files: not on the GUI thread."""
    found = []
    for stored in JobBook(jobs).jobs():
        if stored.job is None or stored.job.recipe is None:
            continue
        try:
            found.append(JobRecipe(stored.name, load_recipe(stored.recipe_file())))
        except ConfigError:
            # the jobs page says what is wrong with it; here it cannot be chosen
            continue
    return tuple(found)


def choices(entry: GalleryEntry, recipes: tuple[JobRecipe, ...]) -> tuple[RecipeChoice, ...]:
    """For the package; a recipe set for another model is shown and cannot be chosen."""
    carried = _tr("Same rules, proposed T1 and T2")
    found = [RecipeChoice(CARRY_OVER, carried)]
    fitting = [r for r in recipes if entry.holds(r.recipe.model_sha256)]
    others = [r for r in recipes if r not in fitting]
    found += [RecipeChoice(r.job, _named(r)) for r in fitting]
    problem = _tr("It was set for another model: its thresholds do not fit this one")
    other = _tr("%1 (set for another model)")
    found += [RecipeChoice(r.job, other.replace("%1", _named(r)), problem) for r in others]
    return tuple(found)


def variant_for(entry: GalleryEntry, recipe: Recipe | None) -> str | None:
    """The variant whose file the recipe was set for; None lets the station choose."""
    if recipe is None:
        return None
    return next((n for n, sha256 in entry.variants.items() if sha256 == recipe.model_sha256), None)


def _named(recipe: JobRecipe) -> str:
    return _tr("Recipe of job %1").replace("%1", recipe.job)


def _tr(text: str) -> str:
    return QCoreApplication.translate("Models", text)
