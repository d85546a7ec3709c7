"""``inspector verify``: whether the record is what was written."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from inspector.cli import options
from inspector.errors import AlteredError
from inspector.station.report import check_json_place, write_json
from inspector.station.verifying import RecordCheck, StationCheck, verify_record
from inspector.store.chain import ChainCheck

group = typer.Typer(no_args_is_help=True, help="Check that the record is what was written.")


@group.callback()
def verify() -> None:
    """Check that the record is what was written."""


@group.command()
def audit(
    db: Annotated[
        Path, typer.Option("--db", help="The record that a run wrote.")
    ] = options.DEFAULT_DB,
    anchors: Annotated[
        list[Path] | None,
        typer.Option(help="Anchors kept elsewhere, beside those this machine writes."),
    ] = None,
    json: options.JsonFile = None,
) -> None:
    """Find any altered, removed or reordered row of the audit trail and of the parts.

    Exit code 1 where something is not as it was written; also while a line is running.
    """
    check_json_place(json)
    found = verify_record(db, anchors or [])
    if json is not None:
        write_json(_document(found), json)
    if str(json) != "-":
        for line in _lines(found):
            typer.echo(line)
    broken = [s.station_id for s in found.stations if not s.is_sound]
    if broken:
        raise AlteredError(
            f"record {db} is not what was written (station {', '.join(broken)}): keep a copy as "
            "it is, and compare with a backup"
        )


def _lines(found: RecordCheck) -> list[str]:
    lines = [f"key       {found.key}", f"anchors   {found.anchors}"]
    for station in found.stations:
        lines += _station_lines(station)
    lines += [f"note      {remark}" for remark in found.remarks]
    return lines if found.stations else [*lines, "nothing is recorded yet"]


def _station_lines(station: StationCheck) -> list[str]:
    parts = station.parts
    before = f", {parts.unsealed} from before parts were sealed" if parts.unsealed else ""
    return [
        f"station   {station.station_id}",
        f"  audit   {_chain(station.audit, 'rows', station.audit_anchored_at)}",
        f"  parts   {_chain(parts.chain, 'seals', station.parts_anchored_at)}",
        f"          {parts.parts} parts sealed{before}",
    ]


def _chain(check: ChainCheck, what: str, at: dt.datetime | None) -> str:
    last = "none anchored"
    if check.anchored is not None:
        when = f" at {at.astimezone():%Y-%m-%d %H:%M:%S}" if at else ""
        last = f"last anchored {check.anchored}{when}"
    if check.is_sound:
        return f"{check.rows} {what}, as they were written; {last}"
    return f"NOT AS WRITTEN: {check.problem}; {check.rows} {what} before it are sound; {last}"


def _document(found: RecordCheck) -> dict[str, object]:
    return {
        "schema": 1,
        "sound": found.is_sound,
        "key": found.key,
        "anchors": found.anchors,
        "remarks": list(found.remarks),
        "stations": [
            {
                "station_id": s.station_id,
                "audit": _chain_document(s.audit, s.audit_anchored_at),
                "parts": {
                    **_chain_document(s.parts.chain, s.parts_anchored_at),
                    "sealed_parts": s.parts.parts,
                    "unsealed_parts": s.parts.unsealed,
                },
            }
            for s in found.stations
        ],
    }


def _chain_document(check: ChainCheck, at: dt.datetime | None) -> dict[str, object]:
    return {
        "sound": check.is_sound,
        "rows": check.rows,
        "problem": check.problem,
        "at": check.at_seq,
        "anchored": check.anchored,
        "anchored_at": at.isoformat() if at else None,
    }
