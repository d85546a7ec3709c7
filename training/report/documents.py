"""JSON documents that other commands wrote, checked before they are believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError
from typing_extensions import TypedDict

from inspector.core.manifest import first_problem
from inspector.errors import InputError
from training.datasets import read_bytes
from training.seeds import Seeds
from training.supervised import Supervised

Document = TypeVar("Document")


class SeedsFile(TypedDict):
    """What ``seeds --json`` writes."""

    schema: int
    categories: list[Seeds]
    failed: dict[str, str]


def load_supervised(files: Sequence[Path]) -> list[Supervised]:
    """Of ``cross-validate --json``; raises InputError naming file and key."""
    return [load(file, Supervised, "cross-validate --json") for file in files]


def load_seeds(files: Sequence[Path]) -> list[Seeds]:
    """Of ``seeds --json``; raises InputError naming file and key."""
    return [s for file in files for s in load(file, SeedsFile, "seeds --json")["categories"]]


def load(path: Path, kind: type[Document], command: str) -> Document:
    """Raises InputError naming file and key where it is not of that kind."""
    try:
        return TypeAdapter(kind).validate_json(read_bytes(path))
    except ValidationError as error:
        raise InputError(
            f"{path} is not what `inspector-train {command}` writes now"
            f" ({first_problem(error)}): make it again"
        ) from None
