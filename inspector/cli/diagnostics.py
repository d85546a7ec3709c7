"""``inspector diagnostics``: a bundle for whoever helps from afar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inspector.cli import options
from inspector.station.diagnostics import make_bundle
from inspector.station.doctor.examine import Patient


def command(
    out: Annotated[Path, typer.Argument(help="The zip file to write; must not exist.")] = Path(
        "inspector-diagnostics.zip"
    ),
    db: Annotated[Path, typer.Option("--db", help="The record.")] = options.DEFAULT_DB,
    models: Annotated[Path, typer.Option(help="Folder of the model packages.")] = Path("models"),
    jobs: options.JobsFolder = Path("jobs"),
    config: Annotated[
        list[Path] | None, typer.Option(help="More files to put in, e.g. the station's.")
    ] = None,
    log: options.LogFile = None,
    archive: Annotated[
        Path | None,
        typer.Option(help="Folder of pictures; default: beside the record.", show_default=False),
    ] = None,
    with_images: Annotated[
        int, typer.Option(min=0, max=1000, metavar="N", help="Pictures of the newest N rejects.")
    ] = 0,
    full: Annotated[bool, typer.Option("--full", help="Run the models, too.")] = False,
) -> None:
    """Pack doctor, configuration, log, versions and counts; no secrets, no pictures."""
    patient = Patient(db, models, jobs, archive, quick=not full)
    made = make_bundle(out, patient, configs=config or (), log=log, pictures=with_images)
    typer.echo(f"bundle    {made.path}: {len(made.names)} files; look through it, then send it")
    for line in made.left_out:
        typer.echo(f"left out  {line}")
