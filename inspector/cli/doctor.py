"""``inspector doctor``: what is wrong here, and what to do, on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from inspector.cli import options
from inspector.cli.screen import Screen, screen
from inspector.station.doctor.examine import Patient, examine
from inspector.station.doctor.findings import Finding, Severity, exit_code
from inspector.station.report import check_json_place, write_json

_COLOURS = {
    Severity.OK: "green",
    Severity.NOTE: "blue",
    Severity.WARNING: "yellow",
    Severity.ERROR: "red",
}


def command(
    db: Annotated[Path, typer.Option("--db", help="The record.")] = options.DEFAULT_DB,
    models: Annotated[Path, typer.Option(help="Folder of the model packages.")] = Path("models"),
    jobs: options.JobsFolder = Path("jobs"),
    archive: Annotated[
        Path | None,
        typer.Option(help="Folder for pictures; default: beside the record.", show_default=False),
    ] = None,
    quick: Annotated[
        bool, typer.Option("--quick", help="Leave out the models, read indexes of the record less.")
    ] = False,
    json: options.JsonFile = None,
) -> None:
    """Look at everything a station needs. Exit code 0: well, 1: warnings, 2: errors."""
    check_json_place(json)
    with screen(json) as console:
        found = []
        for finding in examine(Patient(db, models, jobs, archive, quick)):
            found.append(finding)
            show(console, finding)
        if json is not None:
            write_json(document(found), json)
    raise typer.Exit(exit_code(found))


def show(console: Screen, finding: Finding) -> None:
    """A line, and a second one with what to do."""
    mark = (f"{finding.severity.name.lower():8s}", _COLOURS[finding.severity])
    console.print(Text.assemble(mark, f" {finding.what:12s} {finding.found}"))
    if finding.todo:
        console.print(f"{'':21s} → {finding.todo}")


def document(found: list[Finding]) -> dict[str, object]:
    return {"schema": 1, "exit_code": exit_code(found), "findings": [f.as_dict() for f in found]}
