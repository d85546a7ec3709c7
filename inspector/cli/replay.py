"""``inspector replay``: recorded footage again, losslessly, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from inspector.cli import options
from inspector.cli.comparing import print_comparison
from inspector.cli.running import follow, headline, print_start, print_summary
from inspector.cli.screen import Screen, screen
from inspector.config import RunConfig
from inspector.core.comparison import Comparison, compare_parts
from inspector.core.inspection import Part
from inspector.core.truth import TruePart, TruthReport, score_parts
from inspector.engine.recorder import PartListener
from inspector.errors import ConfigError
from inspector.station.build import Station, build_station
from inspector.station.long_lived import set_aside
from inspector.station.report import check_json_place, write_json
from inspector.station.run_document import NAME, KeptRun, read_run, write_run
from inspector.station.truth_beside import load_truth


def command(
    source: options.Source = None,
    model: options.Model = None,
    recipe: options.RecipeFile = None,
    job: options.JobName = None,
    jobs: options.JobsFolder = Path("jobs"),
    roi: options.RoiText = None,
    empty_frames: options.EmptyFrames = None,
    triggers: options.Triggers = None,
    truth: Annotated[
        Path | None, typer.Option(help="CSV of the true parts: reports escapes and overkills.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for record, annotated video and pictures of rejected parts."),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN", help="The --out folder of another replay: says which parts changed."
        ),
    ] = None,
    json: options.JsonFile = None,
    realtime: Annotated[bool, typer.Option("--realtime", help="At the source's own pace.")] = False,
    variant: options.Variant = None,
    require_gpu: options.RequireGpu = False,
    threads: options.Threads = None,
    isolate: options.Isolate = False,
    provider: options.Provider = None,
) -> None:
    """Replay recorded footage: lossless and deterministic, whatever the machine's load."""
    config = options.run_config(
        source=source,
        model=model,
        recipe=recipe,
        job=job,
        jobs=jobs,
        roi=roi,
        empty_frames=empty_frames,
        triggers=triggers,
        variant=variant,
        require_gpu=require_gpu,
        threads=threads,
        provider=provider,
    )
    config = replace(config, realtime=realtime, recorded_only=True, isolate=isolate)
    found = Found(load_truth(truth) if truth else None, read_run(compare) if compare else None, out)
    config = _with_output(config, out)
    check_json_place(json)
    with screen(json) as console, build_station(config, part_listeners=found.listeners) as station:
        _replay(station, console, found, json)
        if out:
            console.print(f"kept in   {out}")


@dataclass(frozen=True, slots=True)
class Found:
    """The parts of the run, kept only where they are compared or written."""

    expected: Sequence[TruePart] | None
    other: KeptRun | None
    out: Path | None
    parts: list[Part] = field(default_factory=list)

    @property
    def listeners(self) -> list[PartListener]:
        if self.expected is None and self.other is None and self.out is None:
            return []
        return [lambda part, frame: self.parts.append(part)]

    def report(self) -> TruthReport | None:
        return None if self.expected is None else score_parts(self.parts, self.expected)

    def comparison(self) -> Comparison | None:
        if self.other is None:
            return None
        return compare_parts(self.other.parts, self.parts, self.expected)


def _with_output(config: RunConfig, out: Path | None) -> RunConfig:
    if out is None:
        return config
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"--out {out}: cannot make the folder: {error.strerror}") from None
    return replace(
        config, db=out / "record.db", archive=out / "parts", annotated=out / "annotated.mp4"
    )


def _replay(station: Station, console: Screen, found: Found, json: Path | None) -> None:
    print_start(console, station)
    with console.status("starting") as line:
        set_aside()
        status = follow(station, on_refresh=lambda s: line.update(Text(headline(s))))
    print_summary(console, station, status)
    report = found.report()
    if report is not None:
        _print_truth(console, report)
    comparison = found.comparison()
    if found.other is not None and comparison is not None:
        print_comparison(console, found.other, comparison)
    if found.out is not None:
        _keep_run(station, found.parts, found.out / NAME)
    if json is not None:
        document = station.document(status, report)
        compared = {"comparison": comparison.as_dict()} if comparison else {}
        write_json(document | compared, json)


def _keep_run(station: Station, parts: Sequence[Part], path: Path) -> None:
    write_run(
        path,
        parts,
        run_id=station.run_id,
        source=station.info.uri,
        model_id=station.predictor.model_id,
        recipe_id=station.recipe.recipe_id,
        records_sha256=station.digest.hexdigest(),
    )


def _print_truth(console: Screen, report: TruthReport) -> None:
    c = report.confusion
    console.print(
        f"truth     {report.parts_matched} of {report.parts_expected} parts found, "
        f"{report.unexpected} unexpected; accuracy {c.accuracy:.3f}, precision "
        f"{c.precision:.3f}, recall {c.recall:.3f}, F1 {c.f1:.3f}"
    )
    console.print(
        f"          escapes {c.fn}, overkills {c.fp}, found bad {c.tp}, passed good {c.tn}"
    )
