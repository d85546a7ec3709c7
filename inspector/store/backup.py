"""Backups of a record while a line writes to it: a folder with digests of all it holds."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from inspector.core.manifest import first_problem
from inspector.core.strict import Strict
from inspector.errors import InputError, StoreError, StoreUnavailableError
from inspector.platforms import fsync_folder, write_new
from inspector.store.connection import connect, translated
from inspector.store.opening import open_reader, raw_connection
from inspector.store.schema import HEAD_REVISION

DOCUMENT = "backup.json"
RECORD = "record.db"
PICTURES = "pictures"
MAX_DOCUMENT_BYTES = 256 << 20
_CHUNK = 1 << 20
_BUSY_MS = 5_000


class BackupFile(Strict):
    """One file of a backup, by its name in the folder (with ``/``)."""

    name: Annotated[str, Field(pattern=r"^[^\x00-\x1f\\:]+$", max_length=1024)]
    bytes: Annotated[int, Field(ge=0)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class BackupDocument(Strict):
    """What a backup holds: written last, so that a backup without it is none."""

    schema_version: Literal[1] = 1
    made_at: str
    revision: str
    rows: dict[str, int]
    files: list[BackupFile]


@dataclass(frozen=True, slots=True)
class Backup:
    """A backup that was made, or found sound. ``left_out``: pictures gone meanwhile."""

    folder: Path
    document: BackupDocument
    left_out: int = 0

    @property
    def bytes(self) -> int:
        return sum(file.bytes for file in self.document.files)


def make_backup(db: Path, target: Path, *, archive: Path | None = None) -> Backup:
    """The record as it is at one moment, and the pictures of ``archive``, into ``target``.

    A line may go on writing: it is not kept waiting, and what it commits meanwhile is not
    in the copy. ``target`` must not exist; it appears when all of it is on the disk. The
    key that seals the record is not in it.

    Raises InputError for a place that cannot be used, StoreError.
    """
    if target.exists():
        raise InputError(f"backup {target} exists already: name a folder that does not")
    if archive is not None and not archive.is_dir():
        raise InputError(f"archive {archive}: no such folder")
    with _staged(target) as folder:
        rows = _copy_record(db, folder / RECORD)
        left_out = _copy_pictures(archive, folder / PICTURES) if archive is not None else 0
        document = BackupDocument(
            made_at=dt.datetime.now(dt.UTC).isoformat(timespec="milliseconds"),
            revision=HEAD_REVISION,
            rows=dict(rows),
            files=[_described(folder, path) for path in _files_in(folder)],
        )
        write_new(folder / DOCUMENT, document.model_dump_json(indent=1).encode())
        fsync_folder(folder)
        folder.rename(target)
        fsync_folder(target.absolute().parent)
    return Backup(target, document, left_out)


def _copy_record(db: Path, copy: Path) -> Mapping[str, int]:
    """One step of SQLite's online backup: many would begin anew at every commit."""
    store = open_reader(db)
    try:
        with raw_connection(store) as source, closing(sqlite3.connect(copy)) as made:
            source.backup(made, pages=-1)
    finally:
        store.close()
    return settle(copy)


def settle(copy: Path) -> Mapping[str, int]:
    """Makes a copy one sound file without a log; its rows by table.

    Raises StoreUnavailableError where it is damaged.
    """
    with translated(copy), closing(connect(copy, "rw", _BUSY_MS)) as raw:
        raw.execute("PRAGMA journal_mode = DELETE")
        problems = integrity_problems(raw)
        if problems:
            raise StoreUnavailableError(f"record {copy} is damaged: {problems[0]}")
        return table_rows(raw)


def integrity_problems(raw: sqlite3.Connection, *, quick: bool = False) -> list[str]:
    """What SQLite finds wrong, at most a few lines; empty for a sound file."""
    check = "quick_check" if quick else "integrity_check"
    found = [str(row[0]) for row in raw.execute(f"PRAGMA {check}(5)")]
    broken = raw.execute("PRAGMA foreign_key_check").fetchmany(5)
    return [line for line in found if line != "ok"] + [
        f"row {row[1]} of {row[0]} points at a row of {row[2]} that is not there" for row in broken
    ]


def table_rows(raw: sqlite3.Connection) -> dict[str, int]:
    query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    names = [str(row[0]) for row in raw.execute(query)]
    return {n: int(raw.execute(f'SELECT count(*) FROM "{n}"').fetchone()[0]) for n in sorted(names)}  # noqa: S608 - names of our own tables


def _copy_pictures(archive: Path, target: Path) -> int:
    """Returns how many were deleted by the quota while they were being copied."""
    gone = 0
    target.mkdir()
    for path in _files_in(archive):
        copy = target / path.relative_to(archive)
        copy.parent.mkdir(parents=True, exist_ok=True)
        try:
            shutil.copyfile(path, copy)
        except FileNotFoundError:
            gone += 1
    return gone


def _files_in(folder: Path) -> list[Path]:
    """Regular files only: a link could lead out."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.is_symlink())


def _described(folder: Path, path: Path) -> BackupFile:
    size, digest = digest_of(path)
    return BackupFile(name=path.relative_to(folder).as_posix(), bytes=size, sha256=digest)


def digest_of(path: Path) -> tuple[int, str]:
    """(bytes, sha256), and the file is on the disk. Raises OSError."""
    digest, size = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            size += len(chunk)
        os.fsync(file.fileno())
    return size, digest.hexdigest()


@contextmanager
def _staged(target: Path) -> Iterator[Path]:
    """A hidden folder beside ``target``; gone afterwards unless it was renamed."""
    try:
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.absolute().parent))
    except OSError as error:
        raise InputError(f"backup {target}: cannot be made there: {error.strerror}") from None
    try:
        yield folder
    except OSError as error:
        raise StoreError(f"backup {target}: {error.strerror} ({error.filename})") from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def check_backup(folder: Path) -> Backup:
    """Digests of every file, and the integrity of the record in it; changes nothing.

    Raises InputError for whatever is no backup, or not as it was made.
    """
    document = _read_document(folder / DOCUMENT)
    names = [file.name for file in document.files]
    if RECORD not in names or len(set(names)) != len(names):
        raise InputError(f"backup {folder}: its {DOCUMENT} does not name {RECORD} once")
    for file in document.files:
        _check_file(folder, file)
    # immutable: not even a lock file is made beside it
    uri = f"{(folder / RECORD).absolute().as_uri()}?mode=ro&immutable=1"
    with translated(folder / RECORD), closing(sqlite3.connect(uri, uri=True)) as raw:
        problems = integrity_problems(raw)
    if problems:
        raise InputError(f"backup {folder}: its record is damaged: {problems[0]}")
    return Backup(folder, document)


def _read_document(path: Path) -> BackupDocument:
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            raise InputError(f"{path}: larger than {MAX_DOCUMENT_BYTES} bytes")
        return BackupDocument.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise InputError(
            f"{path.parent} is no backup, or one that was never finished: it has no {DOCUMENT}"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error)}") from None


def _check_file(folder: Path, file: BackupFile) -> None:
    path = folder / file.name
    inside = path.resolve().is_relative_to(folder.resolve())
    if not inside or path.is_symlink() or ".." in Path(file.name).parts:
        raise InputError(f"backup {folder}: the name {file.name[:80]!r} leads out of it")
    try:
        found = digest_of(path)
    except OSError as error:
        raise InputError(f"backup {folder}: {file.name}: {error.strerror}") from None
    if found != (file.bytes, file.sha256):
        raise InputError(
            f"backup {folder}: {file.name} is not as it was made (its digest differs): "
            "use another backup"
        )
