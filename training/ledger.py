"""Finished pieces of long work, one small file each, so that it can go on after a kill."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from inspector.errors import InputError
from training.staging import write_file

_SCHEMA = 1


def load_entry(path: Path, key: str) -> dict[str, Any] | None:
    """What was kept for work with that key; None for other work, and for a damaged file."""
    try:
        entry = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        # a disk that lost a block: the work is done again
        return None
    if not isinstance(entry, dict) or (entry.get("schema"), entry.get("key")) != (_SCHEMA, key):
        return None
    kept = entry.get("kept")
    return kept if isinstance(kept, dict) else None


def save_entry(path: Path, key: str, kept: object) -> None:
    """Replaces the file at once or not at all; raises InputError where the disk refuses."""
    entry = {"schema": _SCHEMA, "key": key, "kept": kept}
    text = json.dumps(entry, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text.encode())
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}") from None
