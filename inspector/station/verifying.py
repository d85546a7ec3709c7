"""Whether a record still is what was written: both chains of every station, and anchors."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from inspector.errors import StoreUnavailableError
from inspector.station.anchoring import anchor_places
from inspector.station.audit_key import AuditKey, find_key, key_path, open_to_others
from inspector.store import schema
from inspector.store.anchors import Anchor, read_anchors
from inspector.store.audit import verify_audit
from inspector.store.chain import ChainCheck, ChainHead
from inspector.store.opening import open_reader, record_id
from inspector.store.part_seals import PartsCheck, verify_parts
from inspector.store.queries import snapshot


@dataclass(frozen=True, slots=True)
class StationCheck:
    """One station's chains; the times say when their newest vouched-for rows were anchored."""

    station_id: str
    audit: ChainCheck
    parts: PartsCheck
    audit_anchored_at: dt.datetime | None
    parts_anchored_at: dt.datetime | None

    @property
    def is_sound(self) -> bool:
        return self.audit.is_sound and self.parts.is_sound


@dataclass(frozen=True, slots=True)
class RecordCheck:
    """``key`` says where the key is; ``remarks`` are what makes the check weaker."""

    key: str
    stations: tuple[StationCheck, ...]
    anchors: int
    remarks: tuple[str, ...] = field(default=())

    @property
    def is_sound(self) -> bool:
        return all(station.is_sound for station in self.stations)


def verify_record(db: Path, anchor_files: Sequence[Path] = ()) -> RecordCheck:
    """Reads everything once; a line may go on writing meanwhile.

    ``anchor_files`` are looked at beside those that this machine writes. Raises StoreError
    where record, key or anchors cannot be read.
    """
    # anchors first: what is anchored while the record is read lies beyond the snapshot
    anchors, remarks = _anchors([*anchor_places(db), *anchor_files])
    store = open_reader(db)
    try:
        with snapshot(store) as asked:
            key = find_key(record_id(asked), db)
            stations = sorted(_stations(asked) | {a.station_id for a in anchors})
            checks = tuple(_check(asked, _known(key, db), anchors, name) for name in stations)
    finally:
        store.close()
    if open_to_others(key_path(db)):
        remarks.append(f"{key_path(db)} can be read by others than its owner: chmod 600 it")
    place = key.place if key else "none yet: nothing is sealed"
    return RecordCheck(place, checks, len(anchors), tuple(remarks))


def _known(key: AuditKey | None, db: Path) -> bytes:
    if key is None:
        raise StoreUnavailableError(
            f"record {db}: this user of this machine does not have its audit key: run as the "
            "user who began it, or set INSPECTOR_AUDIT_KEY to that key"
        )
    return key.key


def _check(asked: Connection, key: bytes, anchors: Sequence[Anchor], name: str) -> StationCheck:
    own = [a for a in anchors if a.station_id == name]
    audit_heads = [a.audit for a in own if a.audit is not None]
    part_heads = [a.parts for a in own if a.parts is not None]
    audit = verify_audit(asked, key, name, expected=audit_heads)
    parts = verify_parts(asked, key, name, expected=part_heads)
    return StationCheck(
        station_id=name,
        audit=audit,
        parts=parts,
        audit_anchored_at=_when([(a.at, a.audit) for a in own], audit.anchored),
        parts_anchored_at=_when([(a.at, a.parts) for a in own], parts.chain.anchored),
    )


def _when(
    heads: Sequence[tuple[dt.datetime, ChainHead | None]], seq: int | None
) -> dt.datetime | None:
    """When that row was first anchored as the head."""
    return min((at for at, head in heads if head is not None and head.seq == seq), default=None)


def _stations(asked: Connection) -> set[str]:
    tables = (
        schema.audit,
        schema.audit_heads,
        schema.part_seals,
        schema.runs,
    )
    names = (asked.execute(select(t.c.station_id).distinct()).scalars() for t in tables)
    return {str(name) for found in names for name in found}


def _anchors(paths: Sequence[Path]) -> tuple[list[Anchor], list[str]]:
    """All of them, and what is to be said of the files."""
    found: list[Anchor] = []
    remarks: list[str] = []
    for path in dict.fromkeys(paths):
        try:
            held = read_anchors(path)
        except OSError as error:
            raise StoreUnavailableError(f"anchors {path}: {error.strerror}") from None
        found += held.anchors
        if not path.exists():
            remarks.append(f"no anchors at {path}: a cut tail cannot be seen by it")
        if held.damaged:
            lines = ", ".join(map(str, held.damaged[:5]))
            remarks.append(f"anchors {path}: line {lines} cannot be read")
    return found, remarks
