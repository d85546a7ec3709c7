"""Host memory that the GPU reads directly (page-locked): copies need no staging by the driver.

ONNX Runtime's Python interface hands out page-locked memory only for providers that are
registered as plug-ins, which its CUDA provider is not by default: so the pages of an ordinary
mapping are registered with the driver itself.
"""

from __future__ import annotations

import ctypes
import math
import mmap
import threading
import weakref
from collections import deque

import numpy as np

from inspector.core.frame import Image
from inspector.inference.driver import address_of, driver
from inspector.inference.gate import GPU_GATE

_lost: list[object] = []


def gpu_is_lost() -> None:
    """Its driver may hang or fail from now on, whatever it is asked."""
    _lost.append(None)


class _Pages:
    """A mapping of its own: registered pages must not be shared with other memory."""

    def __init__(self, size: int, *, lock: bool) -> None:
        self.memory = mmap.mmap(-1, size)
        self.start = address_of(np.frombuffer(self.memory, np.uint8))
        self.end = self.start + size
        self._locked = False
        self.problem: str | None = "not asked for"
        if lock:
            self.problem = self._lock(size)

    def _lock(self, size: int) -> str | None:
        try:
            driver().lock(self.start, size)
        except RuntimeError as error:
            return str(error)
        self._locked = True
        return None

    def unlock(self) -> None:
        """Before the memory is freed; idempotent. Not where a lost GPU may still read it: there
        it stays, and is never freed.
        """
        if self._locked and _lost:
            _lost.append(self.memory)
        elif self._locked:
            driver().unlock(self.start)
        self._locked = False


class Staging:
    """uint8 pictures at one address, page-locked where the driver does it.

    Attributes:
        images: uint8 of the asked shape.
        problem: why it is not page-locked; None where it is.
    """

    def __init__(self, shape: tuple[int, ...], *, lock: bool) -> None:
        self._pages = _Pages(math.prod(shape), lock=lock)
        self.images: Image = np.frombuffer(self._pages.memory, np.uint8).reshape(shape)
        self.problem = self._pages.problem

    def unlock(self) -> None:
        """Before the memory is freed; idempotent."""
        self._pages.unlock()


_known: tuple[tuple[int, int], ...] = ()
_knowing = threading.Lock()


def is_locked(image: Image) -> bool:
    """Whether the GPU may read all of this picture where it lies, in a ``LockedMemory``."""
    if not _known:
        return False
    height, width = image.shape[:2]
    start = address_of(image)
    end = start + (height - 1) * image.strides[0] + 3 * width
    plain = image.strides[1:] == (3, 1) and image.strides[0] > 0
    return plain and any(a <= start and end <= b for a, b in _known)


class LockedMemory:
    """A ``FrameMemory`` of so many pictures of one size, those of the first one that is kept.

    A place is free again when nobody holds its picture any more, nor a view of it. Pictures
    that find no place, or are of another size, lie in ordinary memory. Any thread.

    Attributes:
        problem: why nothing is page-locked; None while nothing was kept, and where it is.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._making = threading.Lock()
        self._pages: _Pages | None = None
        self._shape: tuple[int, ...] = ()
        self._free: deque[int] = deque()
        self.problem: str | None = None

    def kept(self, image: Image) -> Image:
        """A copy, writable; uint8 (H, W, 3)."""
        place = self._taken(image.shape)
        if place is None:
            return image.copy()
        np.copyto(place, image)
        return place

    def close(self) -> None:
        """The GPU reads it no more; pictures in it stay with whoever holds them. Idempotent."""
        with self._making:
            pages, self._pages, self._most = self._pages, None, 0
            self._free.clear()
        if pages is not None:
            _forget(pages)
            with GPU_GATE.shared():
                pages.unlock()

    def _taken(self, shape: tuple[int, ...]) -> Image | None:
        pages = self._pages or self._made(shape)
        if pages is None or shape != self._shape:
            return None
        try:
            offset = self._free.popleft()
        except IndexError:
            return None
        size = math.prod(shape)
        held = (ctypes.c_uint8 * size).from_buffer(pages.memory, offset)
        weakref.finalize(held, self._free.append, offset).atexit = False
        return np.frombuffer(memoryview(held), np.uint8).reshape(shape)

    def _made(self, shape: tuple[int, ...]) -> _Pages | None:
        with self._making:
            if self._pages is None and self._most and self.problem is None:
                size = math.prod(shape)
                with GPU_GATE.shared():
                    pages = _Pages(self._most * size, lock=True)
                self.problem = pages.problem
                if self.problem is None:
                    self._shape = shape
                    self._free.extend(range(0, self._most * size, size))
                    _remember(pages)
                    self._pages = pages
            return self._pages


def _remember(pages: _Pages) -> None:
    global _known
    with _knowing:
        _known = (*_known, (pages.start, pages.end))


def _forget(pages: _Pages) -> None:
    global _known
    with _knowing:
        _known = tuple(each for each in _known if each != (pages.start, pages.end))
