"""``inspector run``: live inspection; the newest frame wins, drops are counted."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from inspector.cli import options
from inspector.cli.running import follow, print_start, print_summary
from inspector.cli.screen import Screen, screen
from inspector.cli.signing import guard
from inspector.config import RunConfig
from inspector.core.frame import Frame
from inspector.core.inspection import Part
from inspector.core.job import archive_beside
from inspector.core.roles import Right
from inspector.sources.credentials import Credentials
from inspector.station.build import build_station
from inspector.station.logbook import log_beside, logbook
from inspector.station.long_lived import set_aside
from inspector.station.report import check_json_place, write_json


def command(
    source: options.Source = None,
    model: options.Model = None,
    recipe: options.RecipeFile = None,
    job: options.JobName = None,
    jobs: options.JobsFolder = Path("jobs"),
    roi: options.RoiText = None,
    empty_frames: options.EmptyFrames = None,
    db: Annotated[Path, typer.Option(help="The record.")] = options.DEFAULT_DB,
    archive: Annotated[
        Path | None,
        typer.Option(help="Folder for pictures of rejected parts; default: beside the record."),
    ] = None,
    duration: options.Duration = None,
    keep_around_fail: Annotated[
        float | None,
        typer.Option(
            min=0.1,
            max=60.0,
            metavar="S",
            callback=options.finite,
            help="Keep footage from S before to S after a FAIL.",
        ),
    ] = None,
    headless: options.Headless = False,
    json: options.JsonFile = None,
    variant: options.Variant = None,
    require_gpu: options.RequireGpu = False,
    threads: options.Threads = None,
    isolate: options.Isolate = False,
    credential: options.CredentialName = None,
    provider: options.Provider = None,
    station_id: Annotated[str, typer.Option("--station", help="Name on every record.")] = "station",
    log: options.LogFile = None,
    log_level: options.LogLevel = "info",
    log_mb: options.LogMb = 20,
) -> None:
    """Inspect live. Each part's verdict is printed once it is on the disk; Ctrl-C ends it."""
    config = options.run_config(
        source=source,
        model=model,
        recipe=recipe,
        job=job,
        jobs=jobs,
        roi=roi,
        empty_frames=empty_frames,
        variant=variant,
        require_gpu=require_gpu,
        threads=threads,
        provider=provider,
        credential=credential,
    )
    if any(given is not None for given in (source, model, recipe, roi, empty_frames)):
        guard(db, Right.RUN_OTHER, "run")
    config = replace(config, live=True, station_id=station_id, isolate=isolate)
    config = _keeping(config, db, archive, keep_around_fail)
    check_json_place(json)
    rule = options.log_rule(log_level, log_mb)
    with screen(json) as console, logbook(log or log_beside(db), rule) as redactor:
        _run(config, Credentials(on_secret=redactor.hide), console, duration, json)


def _keeping(
    config: RunConfig, db: Path, archive: Path | None, keep_around_fail: float | None
) -> RunConfig:
    clips = (db.parent / f"{db.stem}-clips", keep_around_fail) if keep_around_fail else None
    return replace(config, db=db, archive=archive or archive_beside(db), keep_around_fail=clips)


def _run(
    config: RunConfig,
    credentials: Credentials,
    console: Screen,
    duration: float | None,
    json: Path | None,
) -> None:
    with build_station(
        config,
        credentials=credentials,
        part_listeners=[part_printer(console)],
        on_event=lambda kind, detail: console.print(Text.assemble((kind, "yellow"), f": {detail}")),
    ) as station:
        print_start(console, station)
        console.print(f"record    {config.db}, run {station.run_id}")
        set_aside()
        status = follow(station, duration_s=duration)
        print_summary(console, station, status)
        if json is not None:
            write_json(station.document(status), json)


_COLOURS = {"PASS": "green", "FAIL": "red", "REVIEW": "yellow", "INVALID": "magenta"}


def part_printer(console: Screen) -> Callable[[Part, Frame | None], None]:
    """A line a part; called once the part is durable."""

    def show(part: Part, frame: Frame | None) -> None:
        console.print(part_line(part))

    return show


def part_line(part: Part) -> Text:
    """Number, verdict, score, frames, id and reason."""
    score = f"{part.score:8.3f}" if math.isfinite(part.score) else "       –"
    why = f"  {part.reason}" if part.reason else ""
    return Text.assemble(
        f"part {part.part_index:6d}  ",
        (f"{part.verdict:8s}", _COLOURS[part.verdict]),
        f"{score}  frames {part.first_frame}-{part.last_frame}  {part.part_id}{why}",
    )
