"""A station's archive: ``<run number>-<run id>/<part>_<VERDICT>_<frame>.png`` and ``.json``.

The names repeat those of the station's store, which training must not import.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from inspector.core.geometry import Roi
from training.datasets import SUFFIXES
from training.prepare.items import UNLABELLED, Found, Item, Problem
from training.prepare.sidecar import label_of, read_sidecar, record_of

_RUN = re.compile(r"\d{6,}-[0-9A-Z]{26}", re.ASCII)
_PICTURE = re.compile(r"\d{6,}_(?:PASS|REVIEW|FAIL|INVALID)_\d{8,}\.png", re.ASCII)


def find_archive(folder: Path) -> Path | None:
    """``folder`` where it holds runs, its ``parts`` where that does (as ``replay --out``)."""
    for place in (folder, folder / "parts"):
        if place.is_dir() and _runs(place):
            return place
    return folder if _RUN.fullmatch(folder.name) and _pictures(folder) else None


def read_archive(folder: Path, roi: Roi | None) -> Found:
    """Every picture; unlabelled unless its sidecar holds a person's label.

    A verdict is the model's own opinion and no label: training on it would teach the model
    its mistakes.
    """
    found = Found()
    for run in _runs(folder) or [folder]:
        for path in sorted(p for p in run.iterdir() if p.is_file()):
            if _PICTURE.fullmatch(path.name):
                _read_picture(path, roi, found)
            elif path.suffix.lower() in SUFFIXES:
                found.problems.append(Problem(path, "not named as a station names its pictures"))
    return found


def _read_picture(path: Path, roi: Roi | None, found: Found) -> None:
    document = read_sidecar(path)
    if not isinstance(document, Mapping):
        found.problems.append(Problem(path, document or "without its sidecar (.json)"))
        return
    try:
        kind = label_of(document)
    except ValueError as error:
        found.problems.append(Problem(path, str(error)))
        return
    split = UNLABELLED if kind is None else None
    found.items.append(Item(path, kind or UNLABELLED, split, roi=roi, record=record_of(document)))


def _runs(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and _RUN.fullmatch(p.name))


def _pictures(folder: Path) -> bool:
    return any(_PICTURE.fullmatch(p.name) for p in folder.iterdir())
