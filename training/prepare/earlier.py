"""What an earlier ``prepare`` wrote of where its pictures came from, so that it is not lost."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from inspector.errors import InputError
from training.prepare.items import Found
from training.prepare.sidecar import FIELDS

PROVENANCE = "provenance.csv"


def read_records(root: Path, found: Found) -> Found:
    """Gives the items of a prepared category the station's records that its list holds."""
    path = root / PROVENANCE
    if not path.is_file():
        return found
    known = _rows(path)
    for i, item in enumerate(found.items):
        row = known.get(item.path.relative_to(root).as_posix(), {})
        record = {name: row[name] for name in FIELDS if row.get(name)}
        found.items[i] = replace(item, record={**record, **item.record})
    return found


def _rows(path: Path) -> dict[str, dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            return {row["file"]: row for row in csv.DictReader(file)}
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from None
    except (KeyError, ValueError, csv.Error):
        raise InputError(f"{path} is damaged: expected the list that prepare writes") from None
