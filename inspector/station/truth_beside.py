"""The truth of footage, where it lies beside it under the same name."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.config import read_document
from inspector.core.truth import TruePart, parse_truth
from inspector.errors import ConfigError


@dataclass(frozen=True, slots=True)
class TruthBeside:
    """``parts`` None: there is none, or it cannot be used (then ``problem`` says why)."""

    path: Path | None = None
    parts: tuple[TruePart, ...] | None = None
    problem: str | None = None


def load_truth(path: Path) -> tuple[TruePart, ...]:
    """Raises ConfigError."""
    return tuple(parse_truth(read_document(path, "truth"), str(path)))


def find_truth(footage: Path) -> TruthBeside:
    """``line.csv`` beside ``line.mp4`` or beside the folder ``line``.

    A table of another kind under that name is no reason not to look at the footage.
    """
    path = footage.parent / f"{footage.name if footage.is_dir() else footage.stem}.csv"
    if not path.is_file():
        return TruthBeside()
    try:
        return TruthBeside(path, load_truth(path))
    except ConfigError as error:
        return TruthBeside(path, None, str(error))
