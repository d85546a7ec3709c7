"""Work in a few threads, pictures one by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

THREADS = 2
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def in_threads(
    work: Callable[[_Item], _Result], items: Sequence[_Item], threads: int = THREADS
) -> Iterator[_Result]:
    """``work`` of each, in their order; pays where libraries release the lock."""
    pool = ThreadPoolExecutor(min(threads, os.cpu_count() or 1))
    try:
        yield from pool.map(work, items)
    finally:
        # at Ctrl-C or the first bad image what waits is not begun
        pool.shutdown(cancel_futures=True)
