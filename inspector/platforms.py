"""What differs between Linux and Windows, in one place."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path

BACKGROUND_NICE = 10


def fsync_folder(folder: Path) -> None:
    """Makes renames in ``folder`` durable. Raises OSError.

    Windows cannot open a folder for this, and NTFS journals the rename itself.
    """
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(path: Path, data: bytes) -> None:
    """A file that was not there, on the disk once its folder is. Raises OSError."""
    with path.open("xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def step_back() -> None:
    """Gives this thread, and those it starts, less of the processor than the others have.

    On Linux every thread has a priority of its own, and hands it down; elsewhere this
    does nothing, for there a thread's priority is not handed down.
    """
    if sys.platform == "linux":
        me = threading.get_native_id()
        # never forward again: that would need a privilege
        nice = max(BACKGROUND_NICE, os.getpriority(os.PRIO_PROCESS, me))
        os.setpriority(os.PRIO_PROCESS, me, nice)


def cache_folder() -> Path:
    """Where this user's programs keep what can be made again."""
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        return base / "inspector" / "cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "inspector"
