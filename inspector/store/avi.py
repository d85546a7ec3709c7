"""A Motion-JPEG AVI from pictures that are JPEG files already: nothing is encoded twice."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

_KEY_FRAME = 0x10
_HAS_INDEX = 0x10


class MjpegAvi:
    """AVI 1.0, at most 1 GB; complete under its name after ``close``, or absent.

    Until then it is ``NAME.part.avi`` beside it.
    """

    def __init__(self, path: Path, *, fps: float, size: tuple[int, int]) -> None:
        """Raises OSError; ``size`` is (width, height) in pixels."""
        self._path = path
        self._partial = path.with_name(f"{path.stem}.part{path.suffix}")
        self._fps = fps
        self._size = size
        self._index: list[tuple[int, int]] = []
        self._largest = 0
        self._file: BinaryIO = self._partial.open("wb")
        self._file.write(self._header(0))
        self._movi_at = self._file.tell() - 4

    @property
    def frames(self) -> int:
        return len(self._index)

    @property
    def size_bytes(self) -> int:
        return self._file.tell()

    def write(self, jpeg: bytes) -> None:
        """Appends one picture; raises OSError."""
        self._index.append((self._file.tell() - self._movi_at, len(jpeg)))
        self._largest = max(self._largest, len(jpeg))
        self._file.write(struct.pack("<4sI", b"00dc", len(jpeg)) + jpeg + b"\0" * (len(jpeg) % 2))

    def close(self, path: Path | None = None) -> Path:
        """Finishes the file, under another name where ``path`` is given; raises OSError."""
        target = path or self._path
        movi_end = self._file.tell()
        entries = (struct.pack("<4sIII", b"00dc", _KEY_FRAME, at, n) for at, n in self._index)
        self._file.write(struct.pack("<4sI", b"idx1", 16 * len(self._index)) + b"".join(entries))
        end = self._file.tell()
        self._file.seek(0)
        self._file.write(self._header(end - 8, movi_end - self._movi_at))
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._partial.replace(target)
        return target

    def abandon(self) -> None:
        """Removes the unfinished file."""
        self._file.close()
        self._partial.unlink(missing_ok=True)

    def _header(self, riff_size: int, movi_size: int = 4) -> bytes:
        """All that stands before the pictures, up to and with the word ``movi``."""
        width, height = self._size
        count = len(self._index)
        main = struct.pack(
            "<14I", round(1e6 / self._fps), 0, 0, _HAS_INDEX, count, 0, 1, self._largest,
            width, height, 0, 0, 0, 0,
        )  # fmt: skip
        stream = struct.pack(
            "<4s4sIHHIIIIIIII4H", b"vids", b"MJPG", 0, 0, 0, 0, 1000, round(self._fps * 1000),
            0, count, self._largest, 0xFFFFFFFF, 0, 0, 0, width & 0xFFFF, height & 0xFFFF,
        )  # fmt: skip
        bitmap = struct.pack(
            "<IiiHH4sIiiII", 40, width, height, 1, 24, b"MJPG", width * height * 3, 0, 0, 0, 0
        )
        streams = _list(b"strl", _chunk(b"strh", stream) + _chunk(b"strf", bitmap))
        headers = _list(b"hdrl", _chunk(b"avih", main) + streams)
        riff = struct.pack("<4sI4s", b"RIFF", riff_size, b"AVI ")
        return riff + headers + struct.pack("<4sI4s", b"LIST", movi_size, b"movi")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI", name, len(data)) + data


def _list(kind: bytes, data: bytes) -> bytes:
    return struct.pack("<4sI4s", b"LIST", len(data) + 4, kind) + data
