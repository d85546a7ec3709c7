"""A CSV of pictures: ``path,label[,type,mask,split]``, paths relative to the file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import InputError
from training.datasets import GOOD, read_bytes
from training.prepare.items import TEST, TRAIN, Found, Item, Trust, safe_name
from training.prepare.labels import is_bad_word, is_good_word, kind_of

COLUMNS = ("path", "label", "type", "mask", "split")
_SPLITS = {"": None, TRAIN: TRAIN, "training": TRAIN, TEST: TEST, "testing": TEST}


@dataclass(frozen=True, slots=True)
class _Line:
    """A line with a label that was understood."""

    number: int
    path: Path
    kind: str
    mask: Path | None
    split: str | None


def read_table(path: Path, trust: Trust | None) -> Found:
    """Items in the order of the lines; missing files turn up when they are read.

    A label that contradicts the picture's own folder is a conflict, decided by ``trust``.
    Raises InputError naming the line for a label, a split or a table not understood.
    """
    lines = [_line(path, number, row) for number, row in _rows(path)]
    kinds = {line.kind for line in lines} - {GOOD}
    found = Found()
    for line in lines:
        kind = line.kind
        folder = _folder_kind(line.path.parent.name, kinds)
        if folder is not None and (folder == GOOD) is not (kind == GOOD):
            found.conflicts.append(
                f"{line.path}: {path.name} line {line.number} says {kind}, its folder"
                f" {line.path.parent.name}"
            )
            kind = folder if trust is Trust.FOLDER else kind
        if kind == GOOD and line.mask is not None and trust is None:
            found.conflicts.append(
                f"{line.path}: {path.name} line {line.number} says good and names a mask"
            )
        mask = None if kind == GOOD else line.mask
        found.items.append(Item(line.path, kind, line.split, mask))
    return found


def _rows(path: Path) -> Iterator[tuple[int, Mapping[str, str]]]:
    text = _text(path)
    delimiter = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if not {"path", "label"} <= set(names):
        raise InputError(
            f"{path}: the first line must name the columns {', '.join(COLUMNS)} (path and label"
            f" are needed); found {', '.join(names)[:200] or 'nothing'}"
        )
    reader.fieldnames = names
    try:
        for row in reader:
            # fields beyond the header come as a list under None, missing ones as None
            yield reader.line_num, {k: (v or "").strip() for k, v in row.items() if k in COLUMNS}
    except csv.Error as error:
        raise InputError(f"{path} line {reader.line_num}: {error}") from None


def _text(path: Path) -> str:
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{path} is not UTF-8 (byte {error.start}): save it as UTF-8") from None


def _line(table: Path, number: int, row: Mapping[str, str]) -> _Line:
    where = f"{table} line {number}"
    if not row["path"]:
        raise InputError(f"{where}: no path")
    split = row.get("split", "").lower()
    if split not in _SPLITS:
        raise InputError(f"{where}: split {row['split']!r}: expected train, test or nothing")
    root = table.parent
    mask = root / row["mask"] if row.get("mask") else None
    return _Line(number, root / row["path"], _kind(where, row), mask, _SPLITS[split])


def _kind(where: str, row: Mapping[str, str]) -> str:
    kind = kind_of(row["label"])
    if kind is None:
        raise InputError(
            f"{where}: label {row['label']!r}: expected good, bad or the kind of defect, in words"
        )
    detail = row.get("type", "")
    if not detail or is_good_word(detail):
        return _agreed(where, kind, detail)
    if kind == GOOD:
        raise InputError(f"{where}: label good with the type of defect {detail!r}: which is it?")
    return safe_name(detail)


def _agreed(where: str, kind: str, detail: str) -> str:
    if detail and kind != GOOD:
        raise InputError(f"{where}: label {kind} with the type {detail!r}: which is it?")
    return kind


def _folder_kind(name: str, kinds: set[str]) -> str | None:
    """What the name of a folder says of its pictures; None for nothing."""
    if is_good_word(name):
        return GOOD
    return safe_name(name) if is_bad_word(name) or safe_name(name) in kinds else None
