"""``inspector labels``: what people say of parts, and how it reaches training."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from inspector.cli.signing import guard
from inspector.core.label import Judgement, Label
from inspector.core.roles import Right
from inspector.errors import StoreError
from inspector.station.audit_key import require_key
from inspector.store import queries
from inspector.store.label_files import archive_of, write_labels
from inspector.store.labels import LabelledPart, add_label, labelled_parts
from inspector.store.opening import Store, open_reader, open_store

group = typer.Typer(no_args_is_help=True, help="What people say of parts; feeds training.")

Db = Annotated[Path, typer.Option("--db", help="The record that a run wrote.")]
Archive = Annotated[
    Path | None,
    typer.Option(help="Folder of the pictures; default: where each run put them."),
]


@group.command("set")
def set_label(
    part_id: Annotated[str, typer.Argument(help="As run printed it.")],
    judgement: Annotated[Judgement, typer.Argument(case_sensitive=False)],
    db: Db,
    why: Annotated[str, typer.Option(help="Why you say so.")],
    defect_type: Annotated[str | None, typer.Option("--type", help="Kind of defect.")] = None,
    who: Annotated[str | None, typer.Option(help="Default: the user of this system.")] = None,
) -> None:
    """Say that a part is really good, or really bad; kept beside its verdict."""
    _existing(db).close()
    person = guard(db, Right.LABEL, "labels set", who)
    label = Label(
        part_id=part_id,
        at=dt.datetime.now(dt.UTC),
        who=person.name,
        judgement=judgement,
        defect_type=defect_type,
        why=why,
    )
    store = _existing(db)
    add_label(store, require_key(store).key, label)
    with queries.snapshot(store) as asked:
        labelled = [one for one in labelled_parts(asked) if one.label.part_id == part_id]
    _write(store, labelled, None)


@group.command("write")
def write(db: Db, archive: Archive = None) -> None:
    """Bring the sidecars of an archive up to the record, for ``inspector-train prepare``."""
    store = open_reader(db)
    with queries.snapshot(store) as asked:
        labelled = labelled_parts(asked)
    _write(store, labelled, archive)


def _existing(db: Path) -> Store:
    open_reader(db).close()
    return open_store(db)


def _write(store: Store, labelled: list[LabelledPart], archive: Path | None) -> None:
    def folder(one: LabelledPart) -> Path:
        return archive or archive_of(store.path, one.archive)

    try:
        done = write_labels(labelled, folder)
    except OSError as error:
        raise StoreError(
            f"{error.filename}: the label is in the record, but its picture's sidecar cannot be "
            f"written ({error.strerror}): make the archive writable, then inspector labels write"
        ) from None
    typer.echo(
        f"{len(labelled)} labels: {done.written} written, {done.unchanged} as they were, "
        f"{done.no_picture} without a picture, {done.damaged} with a damaged sidecar"
    )
