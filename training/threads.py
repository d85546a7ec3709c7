"""Work in a few threads: torch's sums, and pictures one by one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

THREADS = 2
_Item = TypeVar("_Item")
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
