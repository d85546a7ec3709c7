"""The machine: processor and memory, clock, permissions, keyring, cameras."""

from __future__ import annotations

import ctypes
import ctypes.util
import datetime as dt
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from inspector.sources.credentials import Credentials
from inspector.sources.discover import FoundCamera, find_cameras
from inspector.station.asking import asked
from inspector.station.audit_key import key_path, open_to_others
from inspector.station.doctor.findings import Finding, error, note, ok, warning

LEAST_CORES = 2
LEAST_MEMORY = 2 * 2**30
_TIME_ERROR = 5
_TIMEX_BYTES = 512
_OLDEST = dt.datetime(2025, 1, 1, tzinfo=dt.UTC)


def check_machine() -> Iterator[Finding]:
    cores, memory = os.cpu_count() or 1, psutil.virtual_memory()
    said = (
        f"{platform.system()} {platform.release()}, {cores} cores, {memory.total / 2**30:.1f} GB "
        f"memory ({memory.available / 2**30:.1f} free)"
    )
    if cores < LEAST_CORES or memory.total < LEAST_MEMORY:
        yield warning("machine", said, "a station wants two cores and 2 GB of memory")
    else:
        yield ok("machine", said)


def check_clock(
    now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    synchronised: Callable[[], bool | None] | None = None,
) -> Iterator[Finding]:
    """The record keeps UTC; latencies come from the monotonic clock."""
    info = time.get_clock_info("monotonic")
    if not info.monotonic or info.resolution > 1e-3:
        yield error("clock", f"its steady clock is none ({info})", "use another machine")
    if now() < _OLDEST:
        yield error("clock", f"it says {now():%Y-%m-%d}", "set the date; records carry it")
        return
    told = (synchronised or clock_synchronised)()
    said = f"{now():%Y-%m-%d %H:%M:%S} UTC"
    if told is None:
        yield note("clock", f"{said}; whether it is synchronised cannot be told here")
    elif told:
        yield ok("clock", f"{said}, synchronised")
    else:
        yield warning(
            "clock",
            f"{said}, not synchronised",
            "switch on time synchronisation (Linux: timedatectl set-ntp true)",
        )


def clock_synchronised() -> bool | None:
    """As the kernel has it; None where it cannot be asked."""
    if sys.platform == "linux":
        return _kernel_synchronised()
    if sys.platform == "win32":
        said = asked("w32tm", "/query", "/status")
        return None if said is None else "Local CMOS Clock" not in said
    return None


def _kernel_synchronised() -> bool | None:
    """adjtimex(2) with no mode set changes nothing and says whether time is disciplined."""
    try:
        libc = ctypes.CDLL(ctypes.util.find_library("c") or "libc.so.6")
        buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
        state = int(libc.adjtimex(buffer))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _TIME_ERROR


def check_permissions(db: Path, folders: tuple[Path, ...]) -> Iterator[Finding]:
    """Of the record, and of the folders to read from."""
    home = db.absolute().parent
    if not home.is_dir():
        yield error("permissions", f"there is no folder {home}", "make it, or name another --db")
    elif not os.access(home, os.W_OK | os.X_OK):
        yield error("permissions", f"{home} may not be written", "give this user the folder")
    elif db.exists() and not os.access(db, os.R_OK | os.W_OK):
        yield error("permissions", f"{db} may not be written", "give this user the record")
    else:
        yield ok("permissions", f"{home} may be written")
    for folder in folders:
        if folder.exists() and not os.access(folder, os.R_OK | os.X_OK):
            yield error("permissions", f"{folder} may not be read", "give this user the folder")
    if open_to_others(key_path(db)):
        yield warning("permissions", f"{key_path(db)} can be read by others", "chmod 600 it")


def check_keyring(credentials: Credentials) -> Iterator[Finding]:
    why = credentials.why_session_only
    if why is None:
        yield ok("keyring", "the system keeps passwords")
    else:
        yield note("keyring", why, "only needed for cameras with passwords, or set up a keyring")


def check_cameras(
    found: Callable[[], tuple[FoundCamera, ...]] = find_cameras,
) -> Iterator[Finding]:
    """Lists them, and opens none: one may be in use by a line."""
    cameras = found()
    if not cameras:
        yield note("cameras", "none at this machine", "streams and footage need none")
    for camera in cameras:
        said = f"{camera.name} ({camera.address}; {camera.detail})"
        device = Path(camera.address)
        if device.exists() and not os.access(device, os.R_OK | os.W_OK):
            yield error("cameras", f"{said} may not be opened", "add this user to group video")
        else:
            yield ok("cameras", said)
