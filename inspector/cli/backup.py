"""``inspector backup``: a copy of the record, while lines go on writing to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from inspector.cli import options
from inspector.store.backup import make_backup


def command(
    target: Annotated[Path, typer.Argument(help="Folder to make; must not exist.")],
    db: Annotated[Path, typer.Option("--db", help="The record.")] = options.DEFAULT_DB,
    archive: Annotated[
        Path | None, typer.Option(help="Folder of pictures to copy too.", show_default=False)
    ] = None,
) -> None:
    """Copy a record, also a running one's, with digests and checked; not its audit key."""
    made = make_backup(db, target, archive=archive)
    rows = made.document.rows
    typer.echo(
        f"backup    {made.folder}: {len(made.document.files)} files, {made.bytes / 1e6:.1f} MB, "
        f"{rows.get('runs', 0)} runs, {rows.get('parts', 0)} parts; integrity and digests are right"
    )
    if made.left_out:
        typer.echo(f"note      {made.left_out} pictures were deleted by the quota meanwhile")
