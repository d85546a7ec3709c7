"""Files onto the disk at once: all of a folder or file, or nothing and the old one intact."""

from __future__ import annotations

import os
import platform
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from inspector.platforms import fsync_folder

NEW = "new"
_BEFORE = "before"
_HOST = re.sub(r"[^A-Za-z0-9]", "", platform.node())[:32] or "host"


@contextmanager
def staging(root: Path, prefix: str) -> Iterator[Path]:
    """A hidden folder in ``root``, gone afterwards; what is to stay goes to ``NEW`` in it.

    Its name says which process of which machine it belongs to: those that a killed one
    left behind are removed here.
    """
    mine = f"{prefix}{_HOST}-"
    _sweep(root, mine)
    folder = Path(tempfile.mkdtemp(prefix=f"{mine}{os.getpid()}-", dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _sweep(root: Path, prefix: str) -> None:
    for left in root.glob(f"{prefix}*"):
        owner = left.name.removeprefix(prefix).partition("-")[0]
        if owner.isdecimal() and not psutil.pid_exists(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def move_in(staged: Path, folder: Path) -> None:
    """Moves ``staged/NEW`` to ``folder``; what stood there comes back if that fails.

    Both must be on one disk. Raises OSError.
    """
    folder.parent.mkdir(exist_ok=True)
    before = staged / _BEFORE
    try:
        if folder.exists():
            folder.rename(before)
        (staged / NEW).rename(folder)
    except BaseException:
        # Ctrl-C too: between the two renames the old folder would go with the staging
        if before.exists() and not folder.exists():
            before.rename(folder)
        raise
    fsync_folder(folder.parent)


def write_file(path: Path, content: bytes) -> None:
    """A whole file or the old one; a pipe or device is written to as it is. Raises OSError."""
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    # beside its place, because a rename cannot cross disks; a link keeps pointing where it did
    place = path.resolve()
    beside = place.with_name(f".{place.name[:100]}.{os.getpid()}.new")
    try:
        with beside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    fsync_folder(place.parent)
