"""Disks: what is left of them, and whether they keep up with a line."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil

from inspector.station.doctor.findings import Finding, error, note, ok, warning

LITTLE_FREE = 5 * 2**30
TOO_LITTLE = 500 * 2**20
SLOW_MB_S = 20.0
"""A 60 fps line with every tenth part rejected writes 3 MB pictures about twice a second."""
SLOW_COMMIT_MS = 50.0
_TRIAL_BYTES = 16 << 20
_COMMITS = 20
_NETWORK = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs", "afs"})


def check_disk(
    what: str, folder: Path, *, free: Callable[[Path], int] = lambda p: shutil.disk_usage(p).free
) -> Iterator[Finding]:
    """Room, kind of file system, speed; writes 16 MB there and deletes them."""
    folder = folder.absolute()
    if not folder.is_dir():
        yield note(what, f"{folder} is not there yet")
        return
    left = free(folder)
    said = f"{folder}: {left / 2**30:.1f} GB free"
    if left < TOO_LITTLE:
        yield error(what, said, "free some space: pictures are no longer kept, soon nothing is")
        return
    if left < LITTLE_FREE:
        yield warning(what, said, "free some space, or lower the archive's quota")
    kind = file_system(folder)
    if kind in _NETWORK:
        yield error(what, f"{folder} lies on {kind}", "a record needs a local disk")
    try:
        speed, commit_ms = measure(folder)
    except OSError as problem:
        yield error(what, f"{folder}: {problem.strerror}", "give this user the folder")
        return
    said = f"{said}, {speed:.0f} MB/s, a commit takes {commit_ms:.1f} ms"
    if speed < SLOW_MB_S or commit_ms > SLOW_COMMIT_MS:
        yield warning(what, said, "slow: pictures may be skipped; use an SSD")
    else:
        yield ok(what, said)


def measure(folder: Path) -> tuple[float, float]:
    """(MB/s of one file with fsync, ms of the median small append with fsync). OSError."""
    block = os.urandom(1 << 20)
    with tempfile.TemporaryFile(dir=folder, prefix=".doctor-") as file:
        start = time.perf_counter()
        for _ in range(_TRIAL_BYTES // len(block)):
            file.write(block)
        _to_disk(file.fileno(), file.flush)
        speed = _TRIAL_BYTES / 1e6 / (time.perf_counter() - start)
        times = []
        for _ in range(_COMMITS):
            start = time.perf_counter()
            file.write(block[:4096])
            _to_disk(file.fileno(), file.flush)
            times.append(time.perf_counter() - start)
    return speed, 1000 * sorted(times)[_COMMITS // 2]


def _to_disk(descriptor: int, flush: Callable[[], None]) -> None:
    flush()
    os.fsync(descriptor)


def file_system(folder: Path) -> str:
    """Its type by the longest mount point above ``folder``; empty where it is not known."""
    best, kind = "", ""
    for mount in psutil.disk_partitions(all=True):
        inside = folder.is_relative_to(mount.mountpoint)
        if inside and len(mount.mountpoint) >= len(best):
            best, kind = mount.mountpoint, mount.fstype
    return kind
