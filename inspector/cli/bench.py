"""``inspector bench``: what each stage costs, on a source that never waits."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from inspector.cli import options
from inspector.cli.running import follow
from inspector.cli.screen import Screen, screen
from inspector.config import RunConfig
from inspector.engine.status import PipelineStatus
from inspector.errors import ConfigError
from inspector.station.bench import bare, chart, sampling, scaling
from inspector.station.bench import compare as comparing
from inspector.station.bench.measure import document, run_once
from inspector.station.build import Station
from inspector.station.report import check_json_place, write_json

DEFAULT_SOURCE = "sim:metal_nut?seed=1&width=1920&height=1080&fps=60"
_SHORT_S = 3.0
"""Of each run of a comparison: many short ones in turn see less drift than few long ones."""
_THREADS = frozenset({"capture", "inspect", "record"})


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
    provider: options.Provider = None,
    in_memory: Annotated[
        bool,
        typer.Option("--in-memory", help="Frames held in memory: no decoding is measured."),
    ] = False,
    compare: Annotated[
        tuple[str, str] | None,
        typer.Option(
            metavar="A B",
            help="Two variants (fp32 int8), providers (cpu cuda), packages or PACKAGE:VARIANT, "
            "in turn, as ratios.",
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=2, max=200, help="Pairs of a comparison.")] = 8,
    plain: Annotated[
        bool, typer.Option("--plain", help="Also against a bare session.run loop on the same file.")
    ] = False,
    profile: Annotated[
        bool, typer.Option("--profile", help="Say where the time goes, instead of how much it is.")
    ] = False,
    cameras: Annotated[
        str | None,
        typer.Option(
            metavar="N,N,…", help="So many live cameras at once on one model, frames in memory."
        ),
    ] = None,
    in_step: Annotated[
        bool,
        typer.Option("--in-step", help="All cameras show their parts at the same moment."),
    ] = False,
    svg: Annotated[
        Path | None, typer.Option("--chart", metavar="FILE.svg", help="Draw the stage times.")
    ] = None,
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
        provider=provider,
    )
    if in_step and cameras is None:
        raise ConfigError("--in-step is for several cameras: give --cameras, as in 1,2,4,8")
    config = replace(config, live=live, db=db)
    check_json_place(json)
    with screen(json) as console:
        if cameras is not None and not (in_memory or plain):
            result = _scaled(console, config, cameras, duration, in_step=in_step)
        elif compare is not None:
            result = _compared(console, config, compare, rounds, min(duration, _SHORT_S))
        elif profile:
            result = _profiled(console, config, duration)
        else:
            result = _measured(console, config, duration, svg, plain=plain, in_memory=in_memory)
            if cameras is not None:
                scaled = _scaled(console, config, cameras, duration, in_step=in_step)
                result |= {"cameras": scaled["steps"], "in_step": in_step}
    if json is not None:
        write_json(result, json)


def _follow(station: Station, duration_s: float) -> PipelineStatus:
    return follow(station, duration_s=duration_s)


def _measured(
    console: Screen,
    config: RunConfig,
    duration_s: float,
    svg: Path | None,
    *,
    plain: bool,
    in_memory: bool,
) -> dict[str, object]:
    found = document(run_once(config, duration_s, _follow, in_memory=in_memory))
    _show(console, found)
    if plain:
        against = bare.against_plain_loop(config)
        found["against_plain_loop"] = against.as_json()
        console.print(
            f"predict() {against.predictor_ms:.2f} ms, plain session.run {against.plain_ms:.2f} ms:"
            f" {against.ratio:.3f} times as long (median of {against.calls} pairs)"
        )
    if svg is not None:
        chart.write_chart(svg, [(f"{found['variant']} on {found['provider']}", found)])
    return found


def _compared(
    console: Screen, config: RunConfig, names: tuple[str, str], rounds: int, seconds: float
) -> dict[str, object]:
    a, b = (comparing.variation(config, name) for name in names)
    ratios = comparing.compare(
        a,
        b,
        rounds=rounds,
        measure=comparing.measured_for(seconds),
        report=lambda done: console.print(f"pair {done} of {rounds}" if done else "warmed up"),
    )
    table = Table(
        "figure", "A", "B", "A / B", "95 %", box=None, title=f"A {names[0]}, B {names[1]}"
    )
    for r in ratios:
        table.add_row(
            r.figure, f"{r.a:.2f}", f"{r.b:.2f}", f"{r.ratio:.3f}", f"{r.low:.3f}–{r.high:.3f}"
        )
    console.print(table)
    return {
        "schema": 2,
        "a": names[0],
        "b": names[1],
        "rounds": rounds,
        "seconds_each": seconds,
        "ratios": comparing.as_json(ratios),
    }


def _scaled(
    console: Screen, config: RunConfig, text: str, seconds: float, *, in_step: bool
) -> dict[str, object]:
    counts = _counts(text)
    names = [field.name for field in fields(scaling.Scaled)]
    console.print("  ".join(names))

    def report(step: scaling.Scaled) -> None:
        console.print("  ".join(f"{getattr(step, n)!s:>{len(n)}}" for n in names))

    steps = scaling.measure_cameras(config, counts, seconds, report, in_step=in_step)
    return {
        "schema": 2,
        "seconds_each": seconds,
        "in_step": in_step,
        "steps": [asdict(step) for step in steps],
    }


def _counts(text: str) -> list[int]:
    numbers = [part.strip() for part in text.split(",")]
    if not all(
        n.isascii() and n.isdecimal() and 1 <= int(n) <= scaling.MOST_CAMERAS for n in numbers
    ):
        raise ConfigError(
            f"--cameras {text!r}: expected numbers from 1 to {scaling.MOST_CAMERAS}, as in 1,2,4,8"
        )
    return [int(n) for n in numbers]


def _profiled(console: Screen, config: RunConfig, duration_s: float) -> dict[str, object]:
    with sampling.sampled(_THREADS) as samples:
        run_once(config, duration_s, _follow)
    threads, operators = samples.as_json(), sampling.operators(config)
    for name, found in threads.items():
        busy = found["busy"]
        assert isinstance(busy, Mapping)
        console.print(f"thread {name}: waiting {found['waiting']:.0%} of the time")
        for place, share in busy.items():
            console.print(f"  {share:6.1%}  {place}")
    total = sum(operators.values())
    console.print(f"network on the CPU: {total:.2f} ms a run, by operator")
    for operator, ms in operators.items():
        console.print(f"  {ms:6.2f} ms  {ms / total:5.1%}  {operator}")
    return {"schema": 2, "threads": threads, "operators_ms": operators}


def _show(console: Screen, found: Mapping[str, object]) -> None:
    table = Table("stage", "p50 ms", "p95", "p99", "max", box=None)
    stages = found["stages_ms"]
    assert isinstance(stages, Mapping)
    split = found["device_split_ms"] or {}
    assert isinstance(split, Mapping)
    for stage, times in itertools.chain(
        stages.items(),
        ((f"network: {name.replace('_', ' ')}", times) for name, times in split.items()),
        [("memory to verdict", found["memory_to_verdict_ms"])],
        [("age at verdict", found["age_at_verdict_ms"])],
    ):
        table.add_row(stage, *(f"{times[q]:.2f}" for q in ("p50", "p95", "p99", "max")))
    console.print(table)
    console.print(
        f"{found['inspections_per_s']} inspections/s, {found['dropped']} dropped, "
        f"{found['cpu_ms_per_inspection']} ms CPU each, {found['rss_mb']} MB, "
        f"{found['variant']} on {found['provider']}"
    )
    stalls = found["stalls"]
    assert isinstance(stalls, Mapping)
    known = stalls["machine_ms"] is not None
    machine = f"{stalls['machine_ms']} ms" if known else "nobody knows"
    console.print(
        f"the longest standstill: of the machine {machine}, of this process "
        f"{stalls['process_ms']} ms (until {stalls['at_s']} s after the start)"
    )
    for line in (*found["remarks"], found["gpu"]) if isinstance(found["remarks"], list) else ():
        if line is not None:
            console.print(str(line))
    console.print(
        f"ready after {found['load_ms']} ms, first verdict {found['first_verdict_ms']} ms after"
        " the start"
    )
    console.print(
        f"the station's own cost (presence, prepare, judge, record): "
        f"{found['own_ms_p50']} ms a frame (sum of medians)"
    )
