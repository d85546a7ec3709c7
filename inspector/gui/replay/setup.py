"""From what the run panel says to a run; reads files and models, so off the GUI thread."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.config import RunConfig, load_job, load_recipe
from inspector.core.recipe import Recipe
from inspector.errors import ConfigError, InputError
from inspector.gui.replay.state import Choice, LastRun, RunForm
from inspector.inference.gallery import gallery
from inspector.station.jobs import RECIPE_SUFFIX
from inspector.station.replay_plan import ReplayPlan, replay_config


@dataclass(frozen=True, slots=True)
class Setup:
    """What a product brings along."""

    model: Path | None = None
    recipe: Recipe | None = None


def list_models(folder: Path) -> tuple[Choice, ...]:
    """The packages below a folder; none where it is none."""
    try:
        held = gallery(folder)
    except InputError:
        return ()
    return tuple(Choice(str(entry.path), entry.title, entry.problem) for entry in held)


def product_of(footage: Path, jobs: Path) -> str:
    """The first job that names this footage as its source, by its id; empty for none."""
    for path in sorted(jobs.glob("*.toml")):
        if path.name.endswith(RECIPE_SUFFIX):
            continue
        try:
            job, _ = load_job(str(path), jobs)
        except ConfigError:
            continue
        if job.source and (path.parent / job.source).resolve() == footage.resolve():
            return path.stem
    return ""


def of_product(product: str, jobs: Path) -> Setup:
    """Raises ConfigError."""
    if not product:
        return Setup()
    job, path = load_job(product, jobs)
    return Setup(
        model=path.parent / job.model if job.model else None,
        recipe=load_recipe(path.parent / job.recipe) if job.recipe else None,
    )


def config_from(form: RunForm, footage: Path, jobs: Path, last: LastRun | None) -> RunConfig:
    """Raises ConfigError, PackageError, ProviderError."""
    setup = of_product(form.product, jobs)
    model = Path(form.model) if form.model else setup.model or (last.model if last else None)
    if model is None:
        raise ConfigError("no model: choose a product or a model")
    return replay_config(
        ReplayPlan(
            source=str(footage),
            model=model,
            recipe=_recipe(form, setup, last),
            carry_over=form.carry_over,
            thresholds=form.thresholds,
            empty_frames=form.empty_frames,
        )
    )


def _recipe(form: RunForm, setup: Setup, last: LastRun | None) -> Recipe | None:
    match form.recipe:
        case "proposed":
            return None
        case "product":
            if setup.recipe is None and form.product:
                return None
            if setup.recipe is None:
                raise ConfigError("no product is chosen, so there is no recipe of it")
            return setup.recipe
        case "last":
            if last is None:
                raise ConfigError("there was no run yet whose recipe could be used again")
            return last.recipe
    return load_recipe(Path(form.recipe))
