"""What FFmpeg's decoder complains of, read off the standard output of a capture process.

OpenCV keeps FFmpeg's error flags to itself, but prints its messages with C's printf
(``[OPENCV:FFMPEG:16] error while decoding MB 30 30``; the number is FFmpeg's level, see
``libavutil/log.h``). A process that only captures prints nothing else there.
"""

from __future__ import annotations

import ctypes
import os
import re
import sys
from collections.abc import Callable

Complains = Callable[[], bool]
"""Whether something was complained of since the last call; for one thread."""

_LINE = re.compile(r"\[OPENCV:FFMPEG:(-?\d+)\] (.*)")
_ERROR, _WARNING = 16, 24
_TELLING = re.compile(r"corrupt|missed|missing|undecodable|invalid|conceal", re.IGNORECASE)
"""Of warnings: packets that are lost or damaged. The others speak of options and clocks."""
_HARMLESS = re.compile(r"SEI type \d+ size \d+ truncated")
"""An error only to FFmpeg: some cameras send it with every picture, beside the picture."""
_STDOUT = 1
_CHUNK = 65536


class DecoderLog:
    """Takes over this process's standard output, for good: for a capture process only.

    Nothing of what is printed leaves this object: addresses may hold credentials.
    """

    def __init__(self) -> None:
        self._read_end, write_end = os.pipe()
        for end in (self._read_end, write_end):
            # neither may wait for the other: they are one thread's
            os.set_blocking(end, False)
        os.dup2(write_end, _STDOUT)
        os.close(write_end)
        self._libc = ctypes.CDLL(None)

    def complains(self) -> bool:
        """See ``Complains``."""
        return is_telling(self._drained())

    def _drained(self) -> str:
        # C's own buffer: a pipe is no terminal, so it would keep some thousand characters
        self._libc.fflush(None)
        said = b""
        while True:
            try:
                chunk = os.read(self._read_end, _CHUNK)
            except BlockingIOError:
                return said.decode(errors="replace")
            said += chunk


def is_telling(said: str) -> bool:
    """Whether these messages speak of damage to the pictures."""
    return any(_tells(int(level), words) for level, words in _LINE.findall(said))


def _tells(level: int, words: str) -> bool:
    if level <= _ERROR:
        return _HARMLESS.match(words) is None
    return level <= _WARNING and _TELLING.search(words) is not None


_of_this_process: DecoderLog | None = None


def take_over_stdout() -> None:
    """Before OpenCV opens anything there; not on Windows, where each library has a C of its own."""
    global _of_this_process
    if sys.platform != "win32" and _of_this_process is None:
        _of_this_process = DecoderLog()


def complaints() -> Complains | None:
    """None in a process whose standard output belongs to somebody else."""
    return _of_this_process.complains if _of_this_process is not None else None
