"""``inspector bench``: what each stage costs, on a source that never waits."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import psutil
import typer
from rich.table import Table

from inspector.cli import options
from inspector.cli.running import follow
from inspector.cli.screen import Screen, screen
from inspector.config import RunConfig
from inspector.engine.status import PipelineStatus
from inspector.errors import ConfigError
from inspector.station.build import Station, build_station
from inspector.station.report import check_json_place, latencies, write_json

DEFAULT_SOURCE = "sim:metal_nut?seed=1&width=1920&height=1080&fps=60"
OWN_STAGES = ("presence", "prepare", "judge", "record")
"""What the station itself costs: all but decode, waiting and the network."""


def command(
    model: options.Model = None,
    source: Annotated[str, typer.Option(help="As for run.")] = DEFAULT_SOURCE,
    recipe: options.RecipeFile = None,
    roi: options.RoiText = None,
    empty_frames: options.EmptyFrames = None,
    duration: Annotated[float, typer.Option(min=0.5, metavar="S", callback=options.finite)] = 10.0,
    live: Annotated[
        bool, typer.Option("--live", help="At the source's pace, dropping, instead of all frames.")
    ] = False,
    db: Annotated[Path | None, typer.Option(help="Record while measuring.")] = None,
    json: options.JsonFile = None,
    variant: options.Variant = None,
    require_gpu: options.RequireGpu = False,
    threads: options.Threads = None,
) -> None:
    """Measure stage times, throughput, drops, CPU time and memory of a package."""
    config = options.run_config(
        source=source,
        model=model,
        recipe=recipe,
        roi=roi,
        empty_frames=empty_frames,
        variant=variant,
        require_gpu=require_gpu,
        threads=threads,
    )
    config = replace(config, live=live, db=db)
    check_json_place(json)
    document = measure(config, duration)
    with screen(json) as console:
        _show(console, document)
    if json is not None:
        write_json(document, json)


def measure(config: RunConfig, duration_s: float) -> dict[str, object]:
    """Runs the station once, model load and warm-up kept out of the figures."""
    with build_station(config) as station:
        cpu_before = time.process_time()
        status = follow(station, duration_s=duration_s)
        cpu_s = time.process_time() - cpu_before
        return _document(station, status, cpu_s)


def _document(station: Station, status: PipelineStatus, cpu_s: float) -> dict[str, object]:
    judged = status.inspected + status.failed - status.no_part
    if judged < 1:
        raise ConfigError("nothing was inspected in that time: choose a longer --duration")
    stages = latencies(status)
    age = stages.pop("age")
    return {
        "schema": 1,
        "provider": station.predictor.provider,
        "variant": station.predictor.variant,
        "stages_ms": stages,
        "age_at_verdict_ms": age,
        "inspections_per_s": round(judged / status.running_s, 2),
        "dropped": status.dropped_total,
        "cpu_ms_per_inspection": round(1000 * cpu_s / judged, 3),
        "rss_mb": round(psutil.Process().memory_info().rss / 1e6, 1),
        "own_ms_p50": round(sum(stages[s]["p50"] for s in OWN_STAGES), 4),
        "frames": status.captured,
        "source": station.info.uri,
        "model_id": station.predictor.model_id,
    }


def _show(console: Screen, document: dict[str, object]) -> None:
    table = Table("stage", "p50 ms", "p95", "p99", "max", box=None)
    stages = document["stages_ms"]
    assert isinstance(stages, dict)
    for stage, times in itertools.chain(
        stages.items(), [("age at verdict", document["age_at_verdict_ms"])]
    ):
        table.add_row(stage, *(f"{times[q]:.2f}" for q in ("p50", "p95", "p99", "max")))
    console.print(table)
    console.print(
        f"{document['inspections_per_s']} inspections/s, {document['dropped']} dropped, "
        f"{document['cpu_ms_per_inspection']} ms CPU each, {document['rss_mb']} MB, "
        f"{document['variant']} on {document['provider']}"
    )
    console.print(
        f"the station's own cost (presence, prepare, judge, record): "
        f"{document['own_ms_p50']} ms a frame (sum of medians)"
    )
