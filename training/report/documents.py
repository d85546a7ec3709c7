"""JSON documents that other commands wrote, checked before they are believed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

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


_SUPERVISED: TypeAdapter[Supervised] = TypeAdapter(Supervised)
_SEEDS: TypeAdapter[SeedsFile] = TypeAdapter(SeedsFile)


def load_supervised(files: Sequence[Path]) -> list[Supervised]:
    """Of ``cross-validate --json``; raises InputError naming file and key."""
    return [_load(file, _SUPERVISED, "cross-validate") for file in files]


def load_seeds(files: Sequence[Path]) -> list[Seeds]:
    """Of ``seeds --json``; raises InputError naming file and key."""
    return [s for file in files for s in _load(file, _SEEDS, "seeds")["categories"]]


def _load(path: Path, adapter: TypeAdapter[Any], command: str) -> Any:  # noqa: ANN401
    try:
        return adapter.validate_json(read_bytes(path))
    except ValidationError as error:
        raise InputError(
            f"{path} is not what `inspector-train {command} --json` writes now"
            f" ({first_problem(error)}): make it again"
        ) from None
