"""``inspector gui``: the desktop application."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from inspector.cli import options
from inspector.config import RunConfig, load_job
from inspector.core.execution import ProviderChoice
from inspector.errors import ConfigError
from inspector.station.logbook import log_beside, logbook


def command(
    source: options.Source = None,
    model: options.Model = None,
    recipe: options.RecipeFile = None,
    job: options.JobName = None,
    jobs: options.JobsFolder = Path("jobs"),
    models: Annotated[Path, typer.Option(help="Folder of the model packages.")] = Path("models"),
    roi: options.RoiText = None,
    empty_frames: options.EmptyFrames = None,
    db: Annotated[Path, typer.Option(help="The record.")] = options.DEFAULT_DB,
    archive: Annotated[
        Path | None,
        typer.Option(help="Folder for pictures of rejected parts; default: beside the record."),
    ] = None,
    start: Annotated[bool, typer.Option("--start", help="Start inspecting at once.")] = False,
    loop: Annotated[bool, typer.Option("--loop", help="Start footage again at its end.")] = False,
    variant: options.Variant = None,
    require_gpu: options.RequireGpu = False,
    threads: options.Threads = None,
    provider: options.Provider = None,
    log: options.LogFile = None,
    log_level: options.LogLevel = "info",
    log_mb: options.LogMb = 20,
) -> None:
    """Open the window; with --job, or with SOURCE and --model, that is what Start runs."""
    _check_display()
    given = _given(
        source, model, recipe, roi, empty_frames, variant, require_gpu, threads, provider
    )
    if job is not None:
        _check_job(job, jobs, given)
    if start and job is None and given is None:
        raise ConfigError("--start: name what to run, with --job or with SOURCE and --model")
    rule = options.log_rule(log_level, log_mb)
    from inspector.gui.app import run_gui
    from inspector.gui.paths import Paths

    paths = Paths(jobs=jobs, models=models, db=db, archive=archive)
    with logbook(log or log_beside(db), rule) as redactor:
        code = run_gui(paths, given=given, job=job, start=start, loop=loop, on_secret=redactor.hide)
    raise typer.Exit(code)


def _given(
    source: str | None,
    model: Path | None,
    recipe: Path | None,
    roi: str | None,
    empty_frames: str | None,
    variant: str | None,
    require_gpu: bool,
    threads: int | None,
    provider: ProviderChoice | None,
) -> RunConfig | None:
    if source is None and model is None:
        alone = {
            "--recipe": recipe,
            "--roi": roi,
            "--empty-frames": empty_frames,
            "--variant": variant,
            "--require-gpu": require_gpu or None,
            "--threads": threads,
            "--provider": provider,
        }
        useless = [name for name, value in alone.items() if value is not None]
        if useless:
            raise ConfigError(f"{useless[0]}: only with SOURCE and --model; a job has its own")
        return None
    return options.run_config(
        source=source,
        model=model,
        recipe=recipe,
        roi=roi,
        empty_frames=empty_frames,
        variant=variant,
        require_gpu=require_gpu,
        threads=threads,
        provider=provider,
    )


def _check_job(job: str, jobs: Path, given: RunConfig | None) -> None:
    if given is not None:
        raise ConfigError("--job and SOURCE: the window runs one of them; give one")
    if job.endswith(".toml"):
        raise ConfigError(f"--job {job}: give the job's name, and its folder with --jobs")
    load_job(job, jobs)


def _check_display() -> None:
    """Qt ends the process without a display: say it in one line before."""
    if importlib.util.find_spec("PySide6") is None:
        raise ConfigError("the window needs PySide6: pip install PySide6-Essentials pyqtgraph")
    named = ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in named):
        raise ConfigError(
            "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set): use inspector "
            "run or replay here, or start the window from a desktop session"
        )
