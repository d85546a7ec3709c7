"""Recognises how a source is laid out, and reads it into items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from inspector.errors import InputError
from training.datasets import GOOD, SUFFIXES, list_images
from training.prepare.archive import find_archive, read_archive
from training.prepare.earlier import read_records
from training.prepare.items import TEST, TRAIN, UNLABELLED, Found, Item, Reading
from training.prepare.labels import kind_of
from training.prepare.sidecar import with_sidecar
from training.prepare.table import read_table

MASK_FOLDERS = ("ground_truth", "masks", "mask")
_EXPECTED = (
    "expected train/good and test/<kind> (MVTec AD), folders by class (good, bad or kinds of"
    " defect), a CSV file with path,label, or the folder of a station's pictures"
)


def read_source(source: Path, how: Reading) -> Found:
    """Raises InputError where there is nothing, or no layout that is known."""
    if source.is_file():
        return _read_file(source, how)
    if not source.is_dir():
        raise InputError(f"{source} does not exist: {_EXPECTED}")
    archive = find_archive(source)
    if archive is not None:
        return read_archive(archive, how.roi)
    folder = category_folder(source, how.category)
    if _has_splits(folder):
        found = _read_mvtec(folder, how)
    elif _class_folders(folder):
        found = _read_classes(folder, None, folder, how)
    else:
        raise InputError(f"{folder}: no layout that is known{_hint(folder)}: {_EXPECTED}")
    found.ignored += _ignored(folder)
    return found


def category_folder(source: Path, category: str | None) -> Path:
    """``source/category`` where that is one, else ``source``; raises InputError for a choice."""
    if category is not None and _looks_like_one(source / category):
        return source / category
    if _looks_like_one(source) or not source.is_dir():
        return source
    inside = sorted(p for p in _folders(source) if _has_splits(p))
    if len(inside) > 1 or (inside and category is not None):
        names = ", ".join(p.name for p in inside[:20])
        raise InputError(f"{source} holds several categories ({names}): name one, --category")
    return inside[0] if inside else source


def _looks_like_one(folder: Path) -> bool:
    return folder.is_dir() and (_has_splits(folder) or bool(_class_folders(folder)))


def _read_file(source: Path, how: Reading) -> Found:
    if source.suffix.lower() not in (".csv", ".tsv", ".txt"):
        raise InputError(f"{source} is neither a folder nor a CSV file: {_EXPECTED}")
    return read_table(source, how.trust)


def _has_splits(folder: Path) -> bool:
    return any((folder / name).is_dir() for name in (TRAIN, TEST, UNLABELLED))


def _read_mvtec(root: Path, how: Reading) -> Found:
    found = Found()
    for split in (TRAIN, TEST):
        if (root / split).is_dir():
            found.add(_read_classes(root / split, split, root, how))
    for file in list_images(root / UNLABELLED):
        found.items.append(Item(file, UNLABELLED, UNLABELLED))
    return read_records(root, found)


def _read_classes(folder: Path, split: str | None, root: Path, how: Reading) -> Found:
    """Folders of classes; one of them must be that of the good ones, or none has pictures."""
    classes = _class_folders(folder)
    kinds = {c: _folder_kind(c) for c in classes}
    if split is None and GOOD not in kinds.values():
        names = ", ".join(c.name for c in classes)
        raise InputError(
            f"{folder}: which of its folders holds the good parts? Found {names}: rename it to good"
        )
    found = Found()
    for inside, kind in kinds.items():
        for file in list_images(inside):
            mask = None if kind == GOOD else find_mask(root, inside.name, file)
            with_sidecar(Item(file, kind, split, mask), found, how)
    return found


def _folder_kind(folder: Path) -> str:
    kind = kind_of(folder.name)
    if kind is None:
        raise InputError(
            f"folder {folder}: its name does not say whether its parts are good: rename it to good,"
            " bad or the kind of defect"
        )
    return kind


def find_mask(root: Path, kind: str, file: Path) -> Path | None:
    """The outline of ``file``, by name, in any of the usual folders and formats."""
    for folder in (root / name / kind for name in MASK_FOLDERS):
        for stem in (f"{file.stem}_mask", file.stem):
            for suffix in sorted(SUFFIXES):
                if (folder / f"{stem}{suffix}").is_file():
                    return folder / f"{stem}{suffix}"
    return None


def _class_folders(folder: Path) -> list[Path]:
    return [f for f in _folders(folder) if f.name not in MASK_FOLDERS and list_images(f)]


def _folders(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and p.name[0] != ".")


def _hint(folder: Path) -> str:
    count = len(list_images(folder))
    return f", {count} pictures without a label" if count else ""


def _ignored(root: Path) -> Counter[str]:
    """Files that are no pictures and no part of a layout, counted by suffix."""
    suffixes = (p.suffix.lower() or p.name for p in _files(root))
    return Counter(s for s in suffixes if s not in SUFFIXES | {".json", ".csv", ".txt", ".md"})


def _files(root: Path) -> Iterator[Path]:
    return (p for p in root.rglob("*") if p.is_file() and p.name[0] != ".")
