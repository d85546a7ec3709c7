"""``inspector restore``: a backup in the place of the record."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Annotated

import typer

from inspector.cli import options
from inspector.cli.signing import guard
from inspector.core.roles import Right
from inspector.errors import StoreError
from inspector.store.restore import restore_backup


def command(
    backup: Annotated[Path, typer.Argument(help="Folder that inspector backup made.")],
    db: Annotated[Path, typer.Option("--db", help="Where the record goes.")] = options.DEFAULT_DB,
    archive: Annotated[
        Path | None,
        typer.Option(
            help="Where the backup's pictures go; without it they stay.", show_default=False
        ),
    ] = None,
) -> None:
    """Put a backup in the place of a record; what was there is kept beside it."""
    # of a record that is damaged nobody can say who may: bringing it back must be possible
    with suppress(StoreError):
        guard(db, Right.RESTORE, "restore")
    done = restore_backup(backup, db, archive=archive)
    rows = done.backup.document.rows
    typer.echo(
        f"restored  {db}: {rows.get('runs', 0)} runs, {rows.get('parts', 0)} parts, "
        f"as of {done.backup.document.made_at}"
    )
    for path in done.aside:
        typer.echo(f"before    {path}")
