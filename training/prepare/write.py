"""Writes a category in MVTec AD layout, with where each picture came from."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from inspector.core.manifest import Name
from inspector.errors import InputError
from inspector.platforms import fsync_folder, write_new
from training.datasets import read_bytes
from training.methods import Report
from training.prepare.earlier import PROVENANCE
from training.prepare.items import UNLABELLED, safe_name
from training.prepare.pixels import as_written, encode_png, read_outline
from training.prepare.sidecar import FIELDS
from training.prepare.survey import Chosen, Request, Survey
from training.staging import NEW, move_in, staging

SUMMARY = "prepare.json"
_OWN = ("file", "sha256", "split", "kind", "source", "source_sha256", "mask", "mask_source", "roi")
_NAME: TypeAdapter[str] = TypeAdapter(Name)


@dataclass(frozen=True, slots=True)
class _Place:
    """Relative places of a picture, without suffix, and of its mask."""

    stem: Path
    mask: Path


def check_target(request: Request, sources: Sequence[Path]) -> None:
    """Raises InputError for a folder that must not be written or replaced."""
    try:
        _NAME.validate_python(request.name)
    except ValidationError:
        raise InputError(
            f"category {request.name!r}: expected 1 to 64 letters, digits, dots, dashes or"
            " underscores, the first a letter or digit; name it with --category"
        ) from None
    folder = request.folder
    place = folder.resolve()
    for source in (s.resolve() for s in sources):
        if (
            place == source
            or place in source.parents
            or (source.is_dir() and source in place.parents)
        ):
            raise InputError(
                f"{folder} and the source {source} lie in each other: choose an --out"
                " elsewhere, sources are never changed"
            )
    if not folder.exists():
        return
    if not request.force:
        raise InputError(f"{folder} exists: choose another --out, or --force to replace it")
    if not (folder / SUMMARY).is_file():
        raise InputError(
            f"{folder} was not written by prepare: --force does not replace it; remove it"
            " yourself or choose another --out"
        )


def write(survey: Survey, document: dict[str, Any], report: Report) -> Path:
    """The category's folder: all of it, or nothing. ``document`` goes to SUMMARY.

    Raises InputError where the disk refuses or a source changed since it was read.
    """
    folder = survey.request.folder
    check_target(survey.request, _all_sources(survey))
    try:
        survey.request.out.mkdir(parents=True, exist_ok=True)
        with staging(survey.request.out, ".prepare-") as staged:
            _fill(staged / NEW, survey.chosen, document, report)
            move_in(staged, folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from None
    return folder


def _all_sources(survey: Survey) -> list[Path]:
    """With every picture and mask: a CSV may point anywhere."""
    items = [c.picture.item for c in survey.chosen]
    masks = [i.mask for i in items if i.mask is not None]
    return [*survey.request.sources, *(i.path for i in items), *masks]


def _fill(folder: Path, chosen: Sequence[Chosen], document: dict[str, Any], report: Report) -> None:
    folder.mkdir()
    rows = []
    places = _places(chosen)
    for done, (one, place) in enumerate(zip(chosen, places, strict=True), start=1):
        rows.append(_write_picture(folder, one, place))
        report("writing", done / len(chosen))
    _write(folder / PROVENANCE, _table(rows))
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    _write(folder / SUMMARY, text.encode())
    fsync_folder(folder)


def _write_picture(folder: Path, chosen: Chosen, place: _Place) -> dict[str, str]:
    picture = chosen.picture
    item = picture.item
    source = read_bytes(item.path)
    if hashlib.sha256(source).hexdigest() != picture.sha256:
        raise InputError(f"{item.path} changed while it was prepared: run prepare again")
    data, suffix = as_written(item, source)
    file = place.stem.with_name(place.stem.name + suffix)
    _write(folder / file, data)
    mask = _write_mask(folder, item.mask, place.mask)
    values = (
        file.as_posix(),
        hashlib.sha256(data).hexdigest(),
        chosen.split,
        item.kind,
        str(item.path.absolute()),
        picture.sha256,
        mask,
        str(item.mask.absolute()) if item.mask and mask else "",
        str(item.roi or ""),
    )
    return dict(zip(_OWN, values, strict=True)) | dict(item.record)


def _write_mask(folder: Path, source: Path | None, place: Path) -> str:
    """One channel, 0 and 255. A mask that cannot be read was reported, and is left out."""
    if source is None:
        return ""
    try:
        outline = read_outline(read_bytes(source))
    except InputError:
        return ""
    _write(folder / place, encode_png(outline.astype("uint8") * 255))
    return place.as_posix()


def _places(chosen: Sequence[Chosen]) -> list[_Place]:
    """Names as in the source; where two meet in a folder, the later one is numbered."""
    taken: set[str] = set()
    return [_place(c, taken) for c in chosen]


def _place(chosen: Chosen, taken: set[str]) -> _Place:
    kind = chosen.picture.item.kind
    folder = Path(UNLABELLED) if kind == UNLABELLED else Path(chosen.split) / kind
    stem = safe_name(chosen.picture.item.path.stem)
    name, number = stem, 1
    # without the suffix: masks are found by the stem; casefolded: Windows sees one file
    while (key := f"{folder.as_posix()}/{name}".casefold()) in taken:
        number += 1
        name = f"{stem}-{number}"
    taken.add(key)
    return _Place(folder / name, Path("ground_truth") / kind / f"{name}_mask.png")


def _table(rows: Sequence[dict[str, str]]) -> bytes:
    used = [name for name in FIELDS if any(row.get(name) for row in rows)]
    text = io.StringIO()
    writer = csv.DictWriter(text, [*_OWN, *used], restval="", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_new(path, data)
