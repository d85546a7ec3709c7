"""Pictures of parts, saved raw beside the record: never on the verdict's path."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2

from inspector.core.frame import Frame
from inspector.core.inspection import Part, Verdict
from inspector.errors import StateError, StoreFullError
from inspector.store.archive_files import (
    check_folder,
    encode_entry,
    next_run_number,
    scan,
    write_entry,
)
from inspector.store.quota import Quota, free_bytes
from inspector.store.recorder import ArchivedImage

CAPACITY = 8
"""Pictures that may wait, 6 MB each at 1080p."""


@dataclass(frozen=True, slots=True)
class ArchiveStatus:
    """``skipped``: no room in the queue; ``errors``: not saved, the first one kept."""

    saved: int = 0
    skipped: int = 0
    errors: int = 0
    waiting: int = 0
    used_bytes: int = 0
    first_error: BaseException | None = None


class ImageArchive:
    """A bounded queue and a thread that saves PNG and JSON, within a quota.

    ``offer`` may be called from any thread and never waits. A picture that cannot be
    saved is counted and its first error kept in ``status``; the line goes on. A context
    manager; one archive folder belongs to one running station.
    """

    def __init__(
        self,
        folder: Path,
        *,
        quota_bytes: int,
        keep_free_bytes: int,
        pass_one_in: int = 0,
        capacity: int = CAPACITY,
        on_saved: Callable[[ArchivedImage], None] = lambda image: None,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        """Makes the folder. ``pass_one_in``: every n-th good part is kept too, 0 none.

        ``on_saved`` is called on the archive's thread (``RunRecorder.note_image``).
        Raises StoreUnavailableError for a folder that cannot be used.
        """
        check_folder(folder)
        self._root = folder.resolve()
        self._limits = quota_bytes, keep_free_bytes
        self._pass_one_in = pass_one_in
        self._capacity = capacity
        self._on_saved = on_saved
        self._free = free
        self._wakeup = threading.Condition()
        self._queue: deque[tuple[Part, Frame]] = deque()
        self._closed = False
        self._saved = self._skipped = self._errors = self._used = 0
        self._first_error: BaseException | None = None
        self._number: dict[str, int] = {}
        self._quota: Quota | None = None
        self._thread = threading.Thread(target=self._work, name="archive")

    def start(self) -> None:
        """Once."""
        self._thread.start()

    def wants(self, part: Part) -> bool:
        """Every rejected part, and of the good ones the chosen share."""
        if part.verdict is not Verdict.PASS:
            return part.verdict.is_reject
        return self._pass_one_in > 0 and part.part_index % self._pass_one_in == 0

    def offer(self, part: Part, frame: Frame) -> bool:
        """Queues the picture of a part; False where it will not be saved. Never waits.

        A good part that is not sampled is not counted; one for which the queue is full,
        or that comes after ``stop``, is skipped and counted. The frame is not copied.
        """
        if not self.wants(part):
            return False
        with self._wakeup:
            if self._closed or len(self._queue) >= self._capacity:
                self._skipped += 1
                return False
            self._queue.append((part, frame))
            self._wakeup.notify()
        return True

    def stop(self, timeout: float = 30.0) -> None:
        """Saves what waits and joins the thread; idempotent.

        Raises StateError where the thread does not end in time.
        """
        with self._wakeup:
            self._closed = True
            self._wakeup.notify()
        if self._thread.ident is None:
            return
        self._thread.join(timeout)
        if self._thread.is_alive():
            raise StateError(f"the archive's thread did not end within {timeout} s: slow disk?")

    def __enter__(self) -> ImageArchive:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def status(self) -> ArchiveStatus:
        with self._wakeup:
            return ArchiveStatus(
                self._saved,
                self._skipped,
                self._errors,
                len(self._queue),
                self._used,
                self._first_error,
            )

    def _work(self) -> None:
        try:
            while (item := self._take()) is not None:
                self._save_or_count(*item)
        except BaseException as error:
            self._count_error(error)
            raise
        finally:
            # whatever ended this thread, later offers must be refused and counted
            with self._wakeup:
                self._closed = True

    def _take(self) -> tuple[Part, Frame] | None:
        with self._wakeup:
            self._wakeup.wait_for(lambda: self._queue or self._closed)
            return self._queue.popleft() if self._queue else None

    def _save_or_count(self, part: Part, frame: Frame) -> None:
        try:
            image = self._save(part, frame)
        except (OSError, cv2.error, StoreFullError) as error:
            self._count_error(error)
            return
        with self._wakeup:
            self._saved += 1
        self._on_saved(image)

    def _count_error(self, error: BaseException) -> None:
        with self._wakeup:
            self._errors += 1
            self._first_error = self._first_error or error

    def _save(self, part: Part, frame: Frame) -> ArchivedImage:
        if self._quota is None:
            self._quota = self._measured()
        encoded = encode_entry(part, frame)
        if not self._quota.make_room(sum(map(len, encoded)), part.verdict):
            raise StoreFullError(
                f"archive {self._root}: no room for another picture within the quota: raise "
                f"quota_mb, or free some of the disk"
            )
        entry = write_entry(self._root, self._run_number(part.run_id), part, frame, encoded)
        self._quota.add(entry)
        with self._wakeup:
            self._used = self._quota.used_bytes
        return ArchivedImage(part.part_id, f"{entry.folder.name}/{entry.stem}.png", entry.bytes)

    def _measured(self) -> Quota:
        limit, keep_free = self._limits
        return Quota(
            self._root,
            scan(self._root),
            limit_bytes=limit,
            keep_free_bytes=keep_free,
            free=self._free,
        )

    def _run_number(self, run_id: str) -> int:
        if run_id not in self._number:
            self._number[run_id] = next_run_number(self._root)
        return self._number[run_id]
