"""Work in a few threads: torch's sums, and pictures one by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

THREADS = 2
_Result = TypeVar("_Result")


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Sums are split by thread: a fixed number, or hashes would differ between machines."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def in_threads(work: Callable[[int], _Result], count: int) -> Iterator[_Result]:
    """``work(0)`` to ``work(count - 1)``, in this order; pays where libraries release the lock."""
    pool = ThreadPoolExecutor(min(THREADS, os.cpu_count() or 1))
    try:
        yield from pool.map(work, range(count))
    finally:
        # at Ctrl-C or the first bad image what waits is not begun
        pool.shutdown(cancel_futures=True)
