"""Files onto the disk at once: all of a folder or file, or nothing and the old one intact."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inspector.platforms import fsync_folder

NEW = "new"
_BEFORE = "before"


@contextmanager
def staging(root: Path, prefix: str) -> Iterator[Path]:
    """A hidden folder in ``root``, gone afterwards; what is to stay goes to ``NEW`` in it."""
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=root))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


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
