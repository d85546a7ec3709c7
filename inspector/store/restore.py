"""Putting a backup in the place of a record: checked first, the old one kept aside."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import sqlite3
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil

from inspector.errors import InputError, StoreError
from inspector.platforms import fsync_folder
from inspector.store.backup import PICTURES, RECORD, Backup, check_backup, settle
from inspector.store.connection import connect, primary_code

_BUSY_MS = 500
_DAMAGED = (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT)


@dataclass(frozen=True, slots=True)
class Restored:
    """``aside``: where what was there before lies now; empty where nothing was."""

    backup: Backup
    aside: tuple[Path, ...]


def restore_backup(folder: Path, db: Path, *, archive: Path | None = None) -> Restored:
    """Puts the record of a backup at ``db``, its pictures (if any) at ``archive``.

    Everything is checked and copied beside its place before anything is moved. What was
    there is renamed to ``….before-TIME``. An older record is upgraded by the next run.

    Raises InputError for a backup that is not sound and for a place that cannot be used,
    StoreError where a station has the record open.
    """
    backup = check_backup(folder)
    if not db.absolute().parent.is_dir():
        raise InputError(f"record {db}: there is no folder {db.absolute().parent}: make it first")
    if archive is not None and not (folder / PICTURES).is_dir():
        raise InputError(f"backup {folder} holds no pictures: leave --archive out")
    if archive is not None and not archive.absolute().parent.is_dir():
        raise InputError(f"archive {archive}: there is no folder {archive.absolute().parent}")
    if db.exists():
        refuse_running(db)
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
    try:
        return Restored(backup, _put(folder, db, archive, stamp))
    except OSError as error:
        raise StoreError(f"{error.filename or db}: cannot be restored: {error.strerror}") from None


def refuse_running(db: Path) -> None:
    """Folds the record's log into it, which only a program alone with it can do.

    Raises StoreError where another one has it open.
    """
    try:
        with closing(connect(db, "rw", _BUSY_MS)) as raw:
            raw.execute("PRAGMA journal_mode = DELETE").fetchall()
            return
    except sqlite3.Error as error:
        if primary_code(error) not in _DAMAGED:
            raise _in_use(db, str(error)) from None
    # a damaged one can't be asked: whoever runs with it has the file open
    holder = _holder(db)
    if holder is not None:
        raise _in_use(db, f"process {holder} has it open")


def _in_use(db: Path, why: str) -> StoreError:
    return StoreError(f"record {db} is in use ({why}): stop the station and close the window first")


def _holder(db: Path) -> int | None:
    target = str(db.resolve())
    for process in psutil.process_iter():
        try:
            if any(file.path == target for file in process.open_files()):
                return int(process.pid)
        except psutil.Error:
            continue
    return None


def _put(folder: Path, db: Path, archive: Path | None, stamp: str) -> tuple[Path, ...]:
    new_db = _copy_file(folder / RECORD, db)
    try:
        # as readable as the one it replaces: the window may run as another user
        new_db.chmod(db.stat().st_mode & 0o777 if db.exists() else 0o644)
        settle(new_db)
        new_archive = _copy_folder(folder / PICTURES, archive) if archive is not None else None
        aside = _set_aside(db, stamp)
        new_db.replace(db)
        if archive is not None and new_archive is not None:
            aside += _aside_one(archive, stamp)
            new_archive.rename(archive)
    finally:
        new_db.unlink(missing_ok=True)
    fsync_folder(db.absolute().parent)
    return aside


def _copy_file(source: Path, target: Path) -> Path:
    descriptor, name = tempfile.mkstemp(prefix=f".{target.name}-", dir=target.absolute().parent)
    with os.fdopen(descriptor, "wb") as file, source.open("rb") as read:
        shutil.copyfileobj(read, file)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _copy_folder(source: Path, target: Path) -> Path:
    made = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.absolute().parent))
    shutil.copytree(source, made, dirs_exist_ok=True)
    return made


def _set_aside(db: Path, stamp: str) -> tuple[Path, ...]:
    """The log of a damaged record goes with it: the next one must not find it."""
    moved: tuple[Path, ...] = ()
    for suffix in ("", "-wal", "-shm"):
        moved += _aside_one(db.with_name(db.name + suffix), stamp, keep_suffix=suffix)
    return moved


def _aside_one(path: Path, stamp: str, *, keep_suffix: str = "") -> tuple[Path, ...]:
    if not path.exists():
        return ()
    stem = path.name.removesuffix(keep_suffix) if keep_suffix else path.name
    aside = path.with_name(f"{stem}.before-{stamp}{keep_suffix}")
    if aside.exists():
        raise StoreError(f"{aside} exists already: move it away, or try again in a second")
    path.rename(aside)
    return (aside,)
