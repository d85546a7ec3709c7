"""Labels in the archive: each goes into the sidecar of its picture, where training reads it.

The record stays the truth; ``write_labels`` can bring any copy of an archive up to it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Any

from inspector.core.job import archive_beside
from inspector.core.label import Label
from inspector.platforms import fsync_folder
from inspector.store.archive_files import write_atomically
from inspector.store.labels import LabelledPart

_KEYS = ("label", "labelled_by", "labelled_at", "label_why")


class Written(StrEnum):
    """What became of a label in the archive."""

    WRITTEN = "written"
    UNCHANGED = "unchanged"
    NO_PICTURE = "no picture"
    DAMAGED = "damaged sidecar"


@dataclass(frozen=True, slots=True)
class LabelFiles:
    """How many labels of the record reached an archive, and why some did not."""

    written: int = 0
    unchanged: int = 0
    no_picture: int = 0
    damaged: int = 0


def archive_of(record: Path, archive: str | None) -> Path:
    """A run's folder of pictures: as recorded, else where a run puts it, beside the record."""
    beside = archive_beside(record)
    return Path(archive) if archive and (Path(archive).is_dir() or not beside.is_dir()) else beside


def picture_path(archive: Path, relative: str | None) -> Path | None:
    """The picture that the record names, None where it is gone or lies elsewhere.

    A record may come from anywhere: a path that leaves the archive is not followed.
    """
    if relative is None:
        return None
    place = PurePosixPath(relative)
    if place.is_absolute() or ".." in place.parts:
        return None
    path = archive / place
    return path if path.is_file() else None


def write_label(archive: Path, relative: str | None, label: Label) -> Written:
    """Into the sidecar of the picture, whole or not at all. Raises OSError."""
    picture = picture_path(archive, relative)
    if picture is None:
        return Written.NO_PICTURE
    sidecar = picture.with_suffix(".json")
    document = _read(sidecar, label.part_id)
    if document is None:
        return Written.DAMAGED
    changed = {k: v for k, v in document.items() if k not in _KEYS} | _fields(label)
    if changed == document:
        return Written.UNCHANGED
    write_atomically(sidecar, json.dumps(changed, indent=1, allow_nan=False).encode())
    fsync_folder(sidecar.parent)
    if not picture.is_file():
        # the quota deleted both in the meantime: no sidecar without its picture
        sidecar.unlink(missing_ok=True)
        return Written.NO_PICTURE
    return Written.WRITTEN


def write_labels(
    labelled: Iterable[LabelledPart],
    archive_for: Callable[[LabelledPart], Path],
) -> LabelFiles:
    """All of them; a picture that is gone is counted, not an error. Raises OSError."""
    counts = dict.fromkeys(Written, 0)
    for one in labelled:
        counts[write_label(archive_for(one), one.path, one.label)] += 1
    return LabelFiles(
        written=counts[Written.WRITTEN],
        unchanged=counts[Written.UNCHANGED],
        no_picture=counts[Written.NO_PICTURE],
        damaged=counts[Written.DAMAGED],
    )


def _read(sidecar: Path, part_id: str) -> dict[str, Any] | None:
    """None where it is missing, no JSON or of another part."""
    try:
        document = json.loads(sidecar.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    if not isinstance(document, dict) or document.get("part_id") != part_id:
        return None
    return document


def _fields(label: Label) -> dict[str, str]:
    if label.word is None:
        return {}
    values = (label.word, label.who, label.at.isoformat(), label.why)
    return dict(zip(_KEYS, values, strict=True))
