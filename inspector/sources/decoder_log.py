"""What FFmpeg says while it decodes, read off the standard output of a capture process.

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
from enum import Enum, auto

Said = Callable[[], str]
"""What was said since the last call; for one thread. Not to be shown: addresses may stand in
it, with their passwords.
"""
LEVEL = "48"
"""AV_LOG_DEBUG: that H.264 misses a whole picture is told no louder."""

ERRORS = "16"
"""AV_LOG_ERROR."""

_MESSAGE = re.compile(r"\[OPENCV:FFMPEG:(-?\d+)\] ((?:(?!\[OPENCV:FFMPEG:).)*)")
"""A header may stand in mid-line, behind a message that ended without a new line."""
_ERROR = 16
_HARMLESS = re.compile(
    # some cameras send it with every picture, beside the picture
    r"SEI type \d+ size \d+ truncated"
    r"|invalid TIFF header in EXIF data|unable to decode APP fields"
)
_PACKET = re.compile(
    r"Packet corrupt \(|PES packet size mismatch|RTP: missed|RTP: dropping old packet"
)
_MISSING = re.compile(
    r"Frame num gap|Could not find ref with POC|Error constructing the frame RPS"
    # 0 to 15: of pictures that lean on others
    r"|Skipping invalid undecodable NALU: (?:\d|1[0-5])$"
    r"|reference picture missing|Missing reference picture|co located POCs unavailable"
)
_JOINING = re.compile(
    r"non-existing [SP]PS|no frame!|decode_slice_header error|[SP]PS id out of range"
    r"|missing picture in access unit|mmco: unref short failure|First slice in a frame missing"
)
_UNCONVERTED = "Cannot convert interlaced"
"""What swscale says instead of making BGR of such a picture."""
_STDOUT = 1
_CHUNK = 65536
_ROOM = 1 << 20
_FULL = "[OPENCV:FFMPEG:16] more was said than there was room for\n"


class DecoderLog:
    """Takes over this process's standard output, for good: for a capture process only.

    What is printed stays in here, but for what ``said`` returns.
    """

    def __init__(self) -> None:
        self._read_end, write_end = os.pipe()
        for end in (self._read_end, write_end):
            # neither may wait for the other: they are one thread's
            os.set_blocking(end, False)
        self._room = _widened(write_end)
        os.dup2(write_end, _STDOUT)
        os.close(write_end)
        self._libc = ctypes.CDLL(None)

    def said(self) -> str:
        """See ``Said``; an error of our own where some of it was lost."""
        # what a library of another version leaves in C's own buffer
        self._libc.fflush(None)
        held = b""
        while True:
            try:
                chunk = os.read(self._read_end, _CHUNK)
            except BlockingIOError:
                break
            held += chunk
        text = held.decode(errors="replace")
        return text if len(held) < self._room // 2 else text + _FULL


def _widened(pipe: int) -> int:
    """Bytes that it holds."""
    if sys.platform != "linux":
        return _CHUNK
    import fcntl

    try:
        return fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _ROOM)
    except OSError:  # more than this user's share
        return fcntl.fcntl(pipe, fcntl.F_GETPIPE_SZ)


class Complaint(Enum):
    """What a message says of the stream.

    Attributes:
        PACKET: a packet is lost or damaged; told when it is read, maybe one picture early.
        MISSING: a picture leans on one that is not there. No key frame does: beside one it
            is of pictures before it, which were not handed out.
        JOINING: to be expected before the first picture of all; else an error.
        ERROR: something of the picture cannot be decoded.
    """

    PACKET = auto()
    MISSING = auto()
    JOINING = auto()
    ERROR = auto()


def complaints(said: str) -> set[Complaint]:
    """What these messages speak of."""
    found = (_complaint(int(level), words) for level, words in _MESSAGE.findall(said))
    return {complaint for complaint in found if complaint is not None}


def _complaint(level: int, words: str) -> Complaint | None:
    if _PACKET.search(words):
        return Complaint.PACKET
    if _MISSING.search(words):
        return Complaint.MISSING
    if level > _ERROR or _HARMLESS.search(words):
        return None
    return Complaint.JOINING if _JOINING.search(words) else Complaint.ERROR


def is_unconverted(said: str) -> bool:
    """Whether a picture could not be made BGR: then it is whatever lay in memory. OpenCV does not
    say so.
    """
    return _UNCONVERTED in said


_of_this_process: DecoderLog | None = None


def take_over_stdout() -> None:
    """Before OpenCV opens anything there; not on Windows, where each library has a C of its own."""
    global _of_this_process
    if sys.platform != "win32" and _of_this_process is None:
        _of_this_process = DecoderLog()


def decoder_says() -> Said | None:
    """None in a process whose standard output belongs to somebody else."""
    return _of_this_process.said if _of_this_process is not None else None
