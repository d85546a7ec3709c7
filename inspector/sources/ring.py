"""Frames between two processes: a ring in shared memory, one writer and one reader.

The writer never waits. Where the reader falls behind by the whole ring, the oldest
unread frames are lost; the gap in their indices shows it.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path
from typing import cast

import numpy as np

from inspector.core.frame import Frame
from inspector.core.protocols import FrameMemory
from inspector.errors import SourceOpenError

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NO_PTS = -1
_FAULT_BYTES = 200
_HEADER = np.dtype([("published", "<i8"), ("consumed", "<i8")])
_SLOT = np.dtype(
    [
        ("index", "<i8"),
        ("captured_ns", "<i8"),
        ("captured_us", "<i8"),
        ("pts_ns", "<i8"),
        ("fault", f"S{_FAULT_BYTES}"),
    ]
)
_ALIGN = 4096
_SHARED_FOLDER = Path("/dev/shm")  # noqa: S108 - not a temporary file: where Linux keeps shared memory


@dataclass(frozen=True, slots=True)
class RingLayout:
    """Picklable; both ends build the same views from it.

    Attributes:
        slots: frames held, at least 3 (one of them is always the writer's).
        width, height: of every frame, pixels.
    """

    slots: int
    width: int
    height: int

    @property
    def slot_bytes(self) -> int:
        return self.width * self.height * 3

    @property
    def pixels_at(self) -> int:
        return _ALIGN * -(-(_HEADER.itemsize + self.slots * _SLOT.itemsize) // _ALIGN)

    @property
    def total_bytes(self) -> int:
        return self.pixels_at + self.slots * self.slot_bytes


class FrameRing:
    """One end of the ring; ``create`` at the reader, ``attach`` at the writer.

    ``published`` counts frames written, so frame number s lies in slot s modulo slots.
    The slot of number ``published`` belongs to the writer from the moment that count is
    visible; the reader checks after copying that its slot was not that one.
    """

    def __init__(self, memory: SharedMemory, layout: RingLayout, *, owner: bool) -> None:
        self._memory = memory
        self._owner = owner
        self._slots = layout.slots
        buffer = cast("memoryview", memory.buf)
        self._header = np.frombuffer(buffer, _HEADER, 1)
        self._meta = np.frombuffer(buffer, _SLOT, layout.slots, _HEADER.itemsize)
        self._pixels = np.frombuffer(
            buffer, np.uint8, layout.slots * layout.slot_bytes, layout.pixels_at
        ).reshape(layout.slots, layout.height, layout.width, 3)
        self._next = 0

    @classmethod
    def create(cls, layout: RingLayout) -> FrameRing:
        """Raises SourceOpenError where shared memory is too small for it."""
        _check_room(layout)
        return cls(SharedMemory(create=True, size=layout.total_bytes), layout, owner=True)

    @classmethod
    def attach(cls, name: str, layout: RingLayout) -> FrameRing:
        return cls(SharedMemory(name=name), layout, owner=False)

    @property
    def name(self) -> str:
        return self._memory.name

    @property
    def unread(self) -> int:
        """Frames written and not yet read or lost."""
        return int(self._header["published"][0]) - int(self._header["consumed"][0])

    @property
    def is_full(self) -> bool:
        """Whether one more frame would cost the oldest unread one."""
        return self.unread >= self._slots - 1

    def write(self, frame: Frame) -> None:
        """Copies ``frame`` in; for the one writer."""
        number = int(self._header["published"][0])
        slot = number % self._slots
        self._pixels[slot] = frame.image
        self._meta[slot] = (
            frame.index,
            frame.captured_ns,
            (frame.captured_at - _EPOCH) // dt.timedelta(microseconds=1),
            _NO_PTS if frame.pts_ns is None else frame.pts_ns,
            (frame.fault or "").encode()[:_FAULT_BYTES],
        )
        self._header["published"] = number + 1

    def read(
        self,
        *,
        first_index: int,
        station_id: str,
        source_id: str,
        memory: FrameMemory | None = None,
    ) -> Frame | None:
        """The oldest frame still there, copied out, None where all are read.

        Args:
            first_index: added to the writer's own frame index.
            station_id, source_id: written on the frame.
            memory: where its picture is to lie; None: anywhere.
        """
        while True:
            published = int(self._header["published"][0])
            if self._next >= published:
                return None
            number = max(self._next, published - self._slots + 1)
            slot = number % self._slots
            meta = self._meta[slot].copy()
            image = memory.kept(self._pixels[slot]) if memory else self._pixels[slot].copy()
            if number > int(self._header["published"][0]) - self._slots:
                break
        self._next = number + 1
        self._header["consumed"] = self._next
        image.flags.writeable = False
        pts_ns = int(meta["pts_ns"])
        return Frame(
            index=first_index + int(meta["index"]),
            image=image,
            captured_ns=int(meta["captured_ns"]),
            captured_at=_EPOCH + dt.timedelta(microseconds=int(meta["captured_us"])),
            pts_ns=None if pts_ns == _NO_PTS else pts_ns,
            station_id=station_id,
            source_id=source_id,
            fault=bytes(meta["fault"]).decode(errors="replace") or None,
        )

    def close(self) -> None:
        """Lets go of the memory; the creator's end also removes it."""
        # views must be gone before the mapping can be
        del self._header, self._meta, self._pixels
        self._memory.close()
        if self._owner:
            self._memory.unlink()


def _check_room(layout: RingLayout) -> None:
    """Writing past what a small /dev/shm can hold would kill the process (SIGBUS)."""
    if not _SHARED_FOLDER.is_dir():
        return
    free = shutil.disk_usage(_SHARED_FOLDER).free
    if free < layout.total_bytes + layout.slot_bytes:
        raise SourceOpenError(
            f"shared memory: {layout.total_bytes >> 20} MB needed for frames of "
            f"{layout.width}x{layout.height}, {free >> 20} MB free in {_SHARED_FOLDER}; "
            "enlarge it (containers: --shm-size)"
        )
