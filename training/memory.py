"""Memory that is free, and the system does not know of it."""

from __future__ import annotations

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """After much was freed at once: glibc keeps what other threads had allocated (a gigabyte of
    decoded pictures was seen), other C libraries do not. See malloc_trim(3).
    """
    if sys.platform == "linux":
        # not in musl
        with suppress(AttributeError):
            ctypes.CDLL(None).malloc_trim(0)
