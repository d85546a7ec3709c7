"""What people say of parts: kept beside the verdict, never over it; rows are only added."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Subquery, func, insert, select

from inspector.core.label import Judgement, Label
from inspector.errors import StoreUnavailableError
from inspector.store import schema
from inspector.store.audit import AuditEntry, append_within
from inspector.store.connection import translated
from inspector.store.opening import Store

_labels, _parts, _runs = schema.part_labels, schema.parts, schema.runs


@dataclass(frozen=True, slots=True)
class LabelledPart:
    """The newest label of a part beside its verdict, and where its picture lies.

    ``path`` is relative to the archive's folder; None where no picture was kept.
    """

    label: Label
    verdict: str
    run_id: str
    archive: str | None
    path: str | None


def add_label(store: Store, key: bytes, label: Label) -> Label | None:
    """Adds it and its entry in the station's audit trail, both or neither.

    Returns the label that it takes the place of: to undo, add that one again (with who
    and why of the undoing), or a withdrawn one where there was none. Raises StoreError,
    also for a part that is not in the record.
    """
    with translated(store.path), store.engine.begin() as connection:
        station = _station_of(connection, store, label.part_id)
        before = newest_label(connection, label.part_id)
        connection.execute(insert(_labels).values(_row(label)))
        append_within(connection, key, station, _entry(label, before))
    return before


def labels_of(asked: Connection, part_id: str) -> list[Label]:
    """All that was ever said of the part, in the order in which it was."""
    query = select(_labels).where(_labels.c.part_id == part_id).order_by(_labels.c.id)
    return [_label(row) for row in asked.execute(query)]


def newest_label(asked: Connection, part_id: str) -> Label | None:
    """The label that counts, a withdrawn one too; None where nobody said anything."""
    query = select(_labels).where(_labels.c.part_id == part_id).order_by(_labels.c.id.desc())
    row = asked.execute(query.limit(1)).first()
    return None if row is None else _label(row)


def newest_labels() -> Subquery:
    """The labels that count, one row a labelled part; withdrawn ones left out."""
    newest = select(func.max(_labels.c.id)).group_by(_labels.c.part_id)
    return (
        select(_labels)
        .where(_labels.c.id.in_(newest), _labels.c.judgement != Judgement.WITHDRAWN)
        .subquery("newest_labels")
    )


def labelled_parts(asked: Connection, since_id: int = 0) -> list[LabelledPart]:
    """Every part anybody labelled with its newest word, withdrawn ones too, oldest first."""
    newest = select(func.max(_labels.c.id)).group_by(_labels.c.part_id)
    query = (
        select(_labels, _parts.c.verdict, _runs.c.run_id, _runs.c.archive, _picture())
        .join(_parts, _parts.c.part_id == _labels.c.part_id)
        .join(_runs, _runs.c.id == _parts.c.run)
        .where(_labels.c.id.in_(newest), _labels.c.id > since_id)
        .order_by(_labels.c.id)
    )
    return [
        LabelledPart(_label(row), row.verdict, row.run_id, row.archive, row.path)
        for row in asked.execute(query)
    ]


def last_label_id(asked: Connection) -> int:
    """Grows with every label; 0 where there is none."""
    return int(asked.execute(select(func.coalesce(func.max(_labels.c.id), 0))).scalar_one())


def known_types(asked: Connection, limit: int = 50) -> list[str]:
    """Types of defect that people or models have named, the most frequent first."""
    counts: dict[str, int] = {}
    for column in (_labels.c.defect_type, _parts.c.defect_type):
        query = select(column, func.count()).where(column.is_not(None))
        if column.table is _parts:
            query = query.where(schema.REJECTS)
        for name, n in asked.execute(query.group_by(column)):
            counts[name] = counts.get(name, 0) + int(n)
    return sorted(counts, key=lambda name: (-counts[name], name))[:limit]


def _picture() -> Any:  # noqa: ANN401 - a scalar subquery has no short name of its own
    images = schema.images
    return (
        select(func.max(images.c.path))
        .where(images.c.part_id == _labels.c.part_id)
        .scalar_subquery()
        .label("path")
    )


def _station_of(connection: Connection, store: Store, part_id: str) -> str:
    query = select(_runs.c.station_id).join(_parts, _parts.c.run == _runs.c.id)
    station = connection.execute(query.where(_parts.c.part_id == part_id)).scalar()
    if station is None:
        raise StoreUnavailableError(
            f"record {store.path} holds no part {part_id}: name one that history shows"
        )
    return str(station)


def _row(label: Label) -> dict[str, Any]:
    names = ("part_id", "at", "who", "defect_type", "why")
    return {name: getattr(label, name) for name in names} | {"judgement": label.judgement.value}


def _label(row: Row[*tuple[Any, ...]]) -> Label:
    return Label(
        part_id=row.part_id,
        at=row.at,
        who=row.who,
        judgement=Judgement(row.judgement),
        defect_type=row.defect_type,
        why=row.why,
    )


def _entry(label: Label, before: Label | None) -> AuditEntry:
    return AuditEntry(
        at=label.at,
        who=label.who,
        what=f"label of part {label.part_id}",
        old=before.word if before else None,
        new=label.word,
        reason=label.why,
    )
