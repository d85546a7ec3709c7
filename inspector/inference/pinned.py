"""Host memory that the GPU reads directly (page-locked): copies need no staging by the driver."""

from __future__ import annotations

import ctypes
import math
import mmap
import sys
from typing import Any

import numpy as np

from inspector.core.frame import Image

_PORTABLE = 1
"""CU_MEMHOSTREGISTER_PORTABLE: locked for every context of the process."""


class Staging:
    """uint8 pictures at one address, page-locked where the driver does it.

    ONNX Runtime's Python interface hands out page-locked memory only for providers that are
    registered as plug-ins, which its CUDA provider is not by default: so the pages of an
    ordinary mapping are registered with the driver itself.

    Attributes:
        images: uint8 of the asked shape.
        problem: why it is not page-locked; None where it is.
    """

    def __init__(self, shape: tuple[int, ...], *, lock: bool) -> None:
        # a mapping of its own: registered pages must not be shared with other memory
        self._pages = mmap.mmap(-1, math.prod(shape))
        self.images: Image = np.frombuffer(self._pages, np.uint8).reshape(shape)
        self._driver: ctypes.CDLL | None = None
        self.problem: str | None = "not asked for"
        if lock:
            self.problem = self._lock()

    def _lock(self) -> str | None:
        try:
            driver = ctypes.CDLL(driver_name())
        except OSError as error:
            return str(error)
        context, size = ctypes.c_void_p(), ctypes.c_size_t(self.images.nbytes)
        steps: tuple[tuple[Any, ...], ...] = (
            ("cuInit", 0),
            # ONNX Runtime works in the primary context; a new thread has none yet
            ("cuDevicePrimaryCtxRetain", ctypes.byref(context), 0),
            ("cuCtxSetCurrent", context),
            ("cuMemHostRegister_v2", self._address(), size, _PORTABLE),
        )
        for name, *arguments in steps:
            if code := getattr(driver, name)(*arguments):
                return f"{name} fails with error {code}"
        self._driver = driver
        return None

    def _address(self) -> ctypes.c_void_p:
        return ctypes.c_void_p(self.images.ctypes.data)

    def unlock(self) -> None:
        """Before the memory is freed; idempotent. What the driver says no longer matters."""
        if self._driver is not None:
            self._driver.cuMemHostUnregister(self._address())
            self._driver.cuDevicePrimaryCtxRelease(0)
        self._driver = None


def driver_name() -> str:
    """The file of the CUDA driver that NVIDIA's installer leaves behind."""
    return "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
