"""Heads of chains kept outside the record: a file that is only ever added to.

One JSON object a line. Beside the record it catches a cut tail and an older copy put back;
kept on another machine too, it also catches whoever replaces the whole folder.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import Connection, select

from inspector.store import schema
from inspector.store.audit import audit_head
from inspector.store.chain import ChainHead
from inspector.store.part_seals import seal_head

MAX_LINE = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """The heads of a station's two chains at a moment; None where a chain is empty."""

    at: dt.datetime
    station_id: str
    audit: ChainHead | None
    parts: ChainHead | None

    def as_dict(self) -> dict[str, object]:
        heads = {"audit": _shown(self.audit), "parts": _shown(self.parts)}
        return {"at": self.at.isoformat(), "station": self.station_id, **heads}

    def line(self) -> str:
        """One line of JSON."""
        return json.dumps(self.as_dict())


@dataclass(frozen=True, slots=True)
class Anchors:
    """What an anchor file holds; ``damaged`` are numbers of lines that cannot be read."""

    anchors: tuple[Anchor, ...] = ()
    damaged: tuple[int, ...] = ()


def sealing_stations(asked: Connection) -> list[str]:
    """The names of the stations that wrote to this record, of its small tables: quick."""
    tables = (schema.audit_heads, schema.runs)
    names = (asked.execute(select(t.c.station_id).distinct()).scalars() for t in tables)
    return sorted({str(name) for found in names for name in found})


def anchor_of(asked: Connection, station_id: str) -> Anchor:
    """The heads as they are at this moment."""
    return Anchor(
        at=dt.datetime.now(dt.UTC),
        station_id=station_id,
        audit=audit_head(asked, station_id),
        parts=seal_head(asked, station_id),
    )


def anchor_path(db: Path) -> Path:
    """Beside the record."""
    return db.with_name(db.name + ".anchors.jsonl")


def append_anchor(path: Path, anchor: Anchor) -> None:
    """Durable at return; also while other programs add theirs. Raises OSError."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT
    descriptor = os.open(path, flags, 0o644)
    try:
        # a line torn by a power loss must not take this one with it
        torn = os.lseek(descriptor, 0, os.SEEK_END) > 0 and not _ends_a_line(descriptor)
        # one write: lines of several programs do not mix
        os.write(descriptor, (("\n" if torn else "") + anchor.line() + "\n").encode())
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_anchors(path: Path) -> Anchors:
    """Empty where there is no file. Raises OSError for one that cannot be read."""
    if not path.exists():
        return Anchors()
    found: list[Anchor] = []
    damaged: list[int] = []
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(iter(partial(file.readline, MAX_LINE), ""), 1):
            anchor = parse_anchor(line)
            if anchor is None:
                damaged.append(number)
            else:
                found.append(anchor)
    return Anchors(tuple(found), tuple(damaged))


def parse_anchor(line: str) -> Anchor | None:
    """None for what is no anchor."""
    try:
        held = json.loads(line)
        at = dt.datetime.fromisoformat(held["at"])
        station, audit, parts = held["station"], _head(held["audit"]), _head(held["parts"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    if not isinstance(station, str) or at.tzinfo is None:
        return None
    return Anchor(at=at, station_id=station, audit=audit, parts=parts)


def _ends_a_line(descriptor: int) -> bool:
    os.lseek(descriptor, -1, os.SEEK_END)
    return os.read(descriptor, 1) == b"\n"


def _shown(head: ChainHead | None) -> dict[str, object] | None:
    return None if head is None else {"seq": head.seq, "mac": head.mac.hex()}


def _head(held: object) -> ChainHead | None:
    """Raises ValueError, KeyError or TypeError for what is no head."""
    if held is None:
        return None
    if not isinstance(held, dict) or not isinstance(held["seq"], int) or held["seq"] < 1:
        raise ValueError("no head")
    return ChainHead(held["seq"], bytes.fromhex(held["mac"]))
