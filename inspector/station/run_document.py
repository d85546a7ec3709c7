"""A run's parts as a JSON file, kept to compare later runs with."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError, field_validator

from inspector.config import read_document
from inspector.core.geometry import Box
from inspector.core.inspection import Defect, Part, Verdict
from inspector.core.manifest import Strict, first_problem
from inspector.errors import ConfigError
from inspector.station.report import write_json

NAME = "run.json"
"""Beside the record in the folder of ``replay --out``."""
MAX_BYTES = 100_000_000
"""About 200,000 parts."""
Count = Annotated[int, Field(ge=0)]


class DefectEntry(Strict):
    """x1, y1, x2, y2 half-open, image pixels."""

    box: tuple[int, int, int, int] = Field(strict=False)
    area_px: float
    peak: float


class PartEntry(Strict):
    """``score`` null: none was finite."""

    part_id: str
    part: Count
    verdict: Verdict = Field(strict=False)
    score: float | None
    first_frame: int
    last_frame: int
    frames_settled: Count
    frames_inspected: Count
    key_frame: int | None
    started_at: str
    finished_at: str
    reason: str | None = None
    defects: tuple[DefectEntry, ...] = Field(default=(), strict=False)

    @field_validator("verdict")
    @classmethod
    def _of_a_part(cls, value: Verdict) -> Verdict:
        if value is Verdict.NO_PART:
            raise ValueError("NO_PART stands on frames only, never on a part")
        return value


class RunDocument(Strict):
    """Schema 1."""

    schema_version: Literal[1] = 1
    run_id: str
    source: str
    model_id: str
    recipe_id: str
    records_sha256: str
    parts: tuple[PartEntry, ...] = Field(strict=False)


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A run read back: who decided, and on what parts."""

    source: str
    model_id: str
    recipe_id: str
    records_sha256: str
    parts: tuple[Part, ...]


def write_run(
    path: Path,
    parts: Sequence[Part],
    *,
    run_id: str,
    source: str,
    model_id: str,
    recipe_id: str,
    records_sha256: str,
) -> None:
    """Whole or not at all. Raises ConfigError."""
    document = RunDocument(
        run_id=run_id,
        source=source,
        model_id=model_id,
        recipe_id=recipe_id,
        records_sha256=records_sha256,
        parts=tuple(_entry(part) for part in parts),
    )
    write_json(document.model_dump(mode="json"), path)


def read_run(path: Path) -> KeptRun:
    """From the file, or from the folder that holds it. Raises ConfigError."""
    file = path / NAME if path.is_dir() else path
    text = read_document(file, "run", most_bytes=MAX_BYTES)
    try:
        document = RunDocument.model_validate_json(text)
        parts = tuple(_part(entry, document) for entry in document.parts)
    except ValidationError as error:
        raise ConfigError(f"run {file}: {first_problem(error)}") from None
    except ValueError as error:
        raise ConfigError(f"run {file}: {error}") from None
    return KeptRun(
        document.source,
        document.model_id,
        document.recipe_id,
        document.records_sha256,
        parts,
    )


def _entry(part: Part) -> PartEntry:
    return PartEntry(
        part_id=part.part_id,
        part=part.part_index,
        verdict=part.verdict,
        score=part.score if math.isfinite(part.score) else None,
        first_frame=part.first_frame,
        last_frame=part.last_frame,
        frames_settled=part.frames_settled,
        frames_inspected=part.frames_inspected,
        key_frame=part.key_frame,
        started_at=part.started_at.isoformat(),
        finished_at=part.finished_at.isoformat(),
        reason=part.reason,
        defects=tuple(
            DefectEntry(box=d.box.as_tuple(), area_px=d.area_px, peak=d.peak) for d in part.defects
        ),
    )


def _part(entry: PartEntry, document: RunDocument) -> Part:
    return Part(
        part_id=entry.part_id,
        run_id=document.run_id,
        part_index=entry.part,
        verdict=entry.verdict,
        score=math.nan if entry.score is None else entry.score,
        first_frame=entry.first_frame,
        last_frame=entry.last_frame,
        frames_settled=entry.frames_settled,
        frames_inspected=entry.frames_inspected,
        key_frame=entry.key_frame,
        defects=tuple(Defect(Box(*d.box), d.area_px, d.peak) for d in entry.defects),
        model_id=document.model_id,
        recipe_id=document.recipe_id,
        started_at=dt.datetime.fromisoformat(entry.started_at),
        finished_at=dt.datetime.fromisoformat(entry.finished_at),
        reason=entry.reason,
    )
