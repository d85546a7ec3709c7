"""Options that several commands share, declared once."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Annotated, TypeAlias

import typer
from pydantic import ValidationError

from inspector.config import (
    RunConfig,
    beside,
    load_job,
    load_recipe,
    load_trigger_frames,
    parse_frame_range,
)
from inspector.core.execution import Execution, ProviderChoice
from inspector.core.geometry import Roi
from inspector.core.log_rule import LogRule
from inspector.core.manifest import first_problem
from inspector.errors import ConfigError

Source: TypeAlias = Annotated[
    str | None,
    typer.Argument(
        help="Camera index or device path; rtsp://… or http://…; a video file; a folder of "
        "images; sim:CATEGORY?key=value&… (the simulator).",
        show_default=False,
    ),
]
Model: TypeAlias = Annotated[
    Path | None, typer.Option("--model", help="Folder of the model package.", show_default=False)
]
RecipeFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--recipe", help="Recipe (TOML); without it the package's proposal is used."),
]
JobName: TypeAlias = Annotated[
    str | None,
    typer.Option("--job", help="Job by product name, or its .toml file; the options win over it."),
]
DEFAULT_DB = Path("inspector.db")
JobsFolder: TypeAlias = Annotated[Path, typer.Option("--jobs", help="Folder of the job files.")]
RoiText: TypeAlias = Annotated[
    str | None, typer.Option("--roi", metavar="X,Y,W,H", help="Region to inspect, in pixels.")
]
EmptyFrames: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--empty-frames",
        metavar="A:B",
        help="Frames A to before B show the empty belt: parts are told by presence.",
    ),
]
Triggers: TypeAlias = Annotated[
    Path | None,
    typer.Option("--triggers", help="File with one frame index a line: a part at each."),
]
Variant: TypeAlias = Annotated[
    str | None, typer.Option("--variant", help="fp32, fp16 or int8; default: fit for the provider.")
]
RequireGpu: TypeAlias = Annotated[
    bool, typer.Option("--require-gpu", help="A fall-back to the CPU is an error.")
]
Provider: TypeAlias = Annotated[
    ProviderChoice | None,
    typer.Option(
        "--provider",
        help="What runs the network; cuda and tensorrt are required then. Default: auto.",
    ),
]
CredentialName: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--credential",
        metavar="NAME",
        help="User and password of a stream, as the keyring or the variable "
        "INSPECTOR_CREDENTIAL_NAME (USER:PASSWORD) has them; in an address they would stand in "
        "everybody's list of processes.",
    ),
]
Threads: TypeAlias = Annotated[
    int | None, typer.Option("--threads", min=1, max=256, help="CPU threads of the network.")
]
JsonFile: TypeAlias = Annotated[
    Path | None, typer.Option("--json", help="Write the result as JSON; - for standard output.")
]


Isolate: TypeAlias = Annotated[
    bool,
    typer.Option("--isolate", help="Decode files of strangers in a process of their own, too."),
]
LogFile: TypeAlias = Annotated[
    Path | None,
    typer.Option("--log", help="The log (JSON lines); default: beside the record."),
]
LogLevel: TypeAlias = Annotated[
    str, typer.Option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
]
LogMb: TypeAlias = Annotated[
    int, typer.Option("--log-mb", min=1, max=1000, help="Megabytes a log file; five are kept.")
]


def log_rule(level: str, max_mb: int) -> LogRule:
    """Raises ConfigError."""
    try:
        return LogRule.model_validate({"level": level.lower(), "max_mb": max_mb})
    except ValidationError as error:
        raise ConfigError(f"--log-level {level}: {first_problem(error)}") from None


def finite(value: float | None) -> float | None:
    """Option callback: neither NaN nor infinite."""
    if value is not None and not math.isfinite(value):
        raise typer.BadParameter(f"{value} is no number of seconds")
    return value


Duration: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0.0, metavar="S", callback=finite, help="Stop after so many seconds."),
]
Headless: TypeAlias = Annotated[
    bool, typer.Option("--headless", help="No window, even where there is a display.")
]


def run_config(
    *,
    source: str | None,
    model: Path | None,
    recipe: Path | None = None,
    job: str | None = None,
    jobs: Path = Path("jobs"),
    roi: str | None = None,
    empty_frames: str | None = None,
    triggers: Path | None = None,
    variant: str | None = None,
    require_gpu: bool = False,
    threads: int | None = None,
    provider: ProviderChoice | None = None,
    credential: str | None = None,
) -> RunConfig:
    """From the command line and, behind it, a job. Raises ConfigError."""
    if job is not None and recipe is not None:
        raise ConfigError("--recipe and --job: a job has a recipe; give one of them")
    named, path = load_job(job, jobs) if job else (None, Path())
    if named is not None:
        source = source or (beside(path, named.source) if named.source else None)
        model = model or (path.parent / named.model if named.model else None)
        recipe = path.parent / named.recipe if named.recipe else None
    if source is None:
        raise ConfigError("no SOURCE given: name a camera, an address, a file, a folder or sim:…")
    if model is None:
        raise ConfigError("no --model given: name the folder of a model package")
    config = RunConfig(
        source=source,
        model=model,
        recipe=load_recipe(recipe) if recipe else None,
        roi=Roi.parse(roi) if roi else None,
        empty_frames=parse_frame_range(empty_frames) if empty_frames else None,
        trigger_frames=load_trigger_frames(triggers) if triggers else frozenset(),
        variant=variant,
        require_gpu=require_gpu,
        threads=threads,
        execution=Execution(provider=provider or "auto"),
        credential=credential,
    )
    if named is None:
        return config
    return replace(
        config,
        job=named.name,
        camera=named.camera,
        credential=credential or named.credential,
        archive_rule=named.archive,
    )
