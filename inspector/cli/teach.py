"""``inspector teach``: a recipe file from a model's proposal and a look at the empty belt."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import tomli_w
import typer

from inspector.cli import options
from inspector.cli.signing import guard
from inspector.core.recipe import Recipe
from inspector.core.roles import Right
from inspector.errors import ConfigError
from inspector.inference.predictor import open_predictor
from inspector.station.build import teacher_for
from inspector.station.recipes import recipe_for


def command(
    source: options.Source = None,
    model: options.Model = None,
    out: Annotated[Path, typer.Option(help="The recipe file to write.")] = Path("recipe.toml"),
    name: Annotated[str, typer.Option(help="What the recipe is called in records.")] = "taught",
    roi: options.RoiText = None,
    empty_frames: options.EmptyFrames = None,
    credential: options.CredentialName = None,
    variant: options.Variant = None,
    require_gpu: options.RequireGpu = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
    db: Annotated[
        Path, typer.Option(help="The station's record, which keeps its users.")
    ] = options.DEFAULT_DB,
) -> None:
    """Write a recipe: the package's thresholds, a region, and the taught empty belt."""
    config = options.run_config(
        source=source,
        model=model,
        roi=roi,
        empty_frames=empty_frames,
        credential=credential,
        variant=variant,
        require_gpu=require_gpu,
    )
    if out.exists() and not force:
        raise ConfigError(f"recipe {out} exists: choose another name, or --force")
    guard(db, Right.EDIT_RECIPE, "teach")
    predictor = open_predictor(config.model, variant=variant, require_gpu=require_gpu)
    try:
        recipe = recipe_for(config, predictor, teacher_for(config))
    finally:
        predictor.close()
    _write(recipe.model_copy(update={"name": name}), out)
    typer.echo(f"recipe {out}: {recipe.parts.mode} mode, for {predictor.manifest.title}")


def _write(recipe: Recipe, out: Path) -> None:
    document = recipe.model_dump(mode="json", exclude_none=True)
    partial = out.with_name(out.name + ".part")
    try:
        partial.write_text(tomli_w.dumps(document), encoding="utf-8")
        partial.replace(out)
    except OSError as error:
        raise ConfigError(f"recipe {out}: cannot be written: {error.strerror}") from None
