"""How much the archive may hold, and what has to go for something new."""

from __future__ import annotations

import shutil
from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path

from inspector.core.inspection import Verdict
from inspector.store.archive_files import Entry, delete_entry


def free_bytes(folder: Path) -> int:
    """Of the disk that holds ``folder``. Raises OSError."""
    return shutil.disk_usage(folder).free


class Quota:
    """Keeps the archive below a size and a share of the disk free (one thread).

    Samples of good parts go first, the oldest before the newer; rejected ones only for
    another rejected one: no sample is worth the picture of a failure.
    """

    def __init__(
        self,
        root: Path,
        entries: Iterable[Entry],
        *,
        limit_bytes: int,
        keep_free_bytes: int,
        free: Callable[[Path], int],
    ) -> None:
        """``entries``: what is there already, oldest first."""
        self._root = root
        self._limit = limit_bytes
        self._keep_free = keep_free_bytes
        self._free = free
        self._samples: deque[Entry] = deque()
        self._rejects: deque[Entry] = deque()
        self._used = 0
        for entry in entries:
            self.add(entry)

    @property
    def used_bytes(self) -> int:
        return self._used

    def add(self, entry: Entry) -> None:
        """Counts what has just been written."""
        queue = self._samples if entry.verdict is Verdict.PASS else self._rejects
        queue.append(entry)
        self._used += entry.bytes

    def make_room(self, size: int, verdict: Verdict) -> bool:
        """Deletes what it must for ``size`` more bytes; False where that is not enough.

        Raises OSError where a file cannot be deleted.
        """
        if size > self._limit:
            return False
        while not self._fits(size):
            victim = self._next_victim(verdict)
            if victim is None:
                return False
            delete_entry(victim)
            self._forget(victim)
        return True

    def _fits(self, size: int) -> bool:
        return self._used + size <= self._limit and self._free(self._root) - size >= self._keep_free

    def _next_victim(self, verdict: Verdict) -> Entry | None:
        if self._samples:
            return self._samples[0]
        if self._rejects and verdict is not Verdict.PASS:
            return self._rejects[0]
        return None

    def _forget(self, victim: Entry) -> None:
        queue = self._samples if victim.verdict is Verdict.PASS else self._rejects
        queue.popleft()
        self._used -= victim.bytes
