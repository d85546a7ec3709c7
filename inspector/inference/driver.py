"""The CUDA driver itself, for what ONNX Runtime's Python interface does not offer.

Names and numbers are those of NVIDIA's "CUDA Driver API". Everything happens in the primary
context of the first GPU, where ONNX Runtime works too, so that addresses are common.
"""

from __future__ import annotations

import ctypes
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image

_PORTABLE = 1
"""CU_MEMHOSTREGISTER_PORTABLE: locked for every context of the process."""
_NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING: does not wait for the default stream."""
_ON_HOST, _ON_DEVICE = 1, 2
"""CUmemorytype."""
_THREAD_LOCAL = 1
"""CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: what other threads do meanwhile spoils nothing."""
_NO_TIMING = 2
"""CU_EVENT_DISABLE_TIMING."""
_NOT_READY = 600
"""CUDA_ERROR_NOT_READY."""


def driver_name() -> str:
    """The file of the CUDA driver that NVIDIA's installer leaves behind."""
    return "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"


@cache
def driver() -> Driver:
    """Of this process, made once. Raises RuntimeError where there is no GPU to be had."""
    return Driver()


class Driver:
    """Calls of the driver; from any thread. Each raises RuntimeError in the words that ONNX
    Runtime uses for the same error, so that ``trouble_of`` reads both.
    """

    def __init__(self) -> None:
        try:
            self._library = ctypes.CDLL(driver_name())
            # for calls that only queue work: letting go of the interpreter for microseconds
            # means to wait, where many threads want it, for all of them
            self._quick = ctypes.PyDLL(driver_name())
        except OSError as error:
            raise RuntimeError(str(error)) from None
        self._context = ctypes.c_void_p()
        self._threads = threading.local()
        self._spares: list[Stream] = []
        self._do("cuInit", 0)
        # kept for good: whoever let it go last would free what ONNX Runtime still uses
        self._do("cuDevicePrimaryCtxRetain", ctypes.byref(self._context), 0)

    def lock(self, address: int, size: int) -> None:
        """Page-locks memory of the host, whole pages of a mapping of its own."""
        self.do("cuMemHostRegister_v2", _pointer(address), ctypes.c_size_t(size), _PORTABLE)

    def unlock(self, address: int) -> None:
        """Before the memory is freed. What the driver says no longer matters."""
        self._library.cuCtxSetCurrent(self._context)
        self._library.cuMemHostUnregister(_pointer(address))

    def allocate(self, size: int) -> int:
        """The address of so many bytes on the device."""
        found = ctypes.c_void_p()
        self.do("cuMemAlloc_v2", ctypes.byref(found), ctypes.c_size_t(size))
        return found.value or 0

    def free(self, address: int) -> None:
        self.do("cuMemFree_v2", _pointer(address))

    def download(self, at: int, into: NDArray[Any]) -> None:
        """To contiguous values; what lies there must be there already."""
        target, size = _pointer(into.ctypes.data), ctypes.c_size_t(into.nbytes)
        self.do("cuMemcpyDtoH_v2", target, _pointer(at), size)

    def kernels(self, ptx: bytes, *names: str) -> dict[str, ctypes.c_void_p]:
        """Functions of a module that is never unloaded."""
        module = ctypes.c_void_p()
        self.do("cuModuleLoadData", ctypes.byref(module), ctypes.c_char_p(ptx))
        found = {}
        for name in names:
            found[name] = ctypes.c_void_p()
            self._do("cuModuleGetFunction", ctypes.byref(found[name]), module, name.encode())
        return found

    def stream(self) -> Stream:
        """One to be given back, see ``spare``."""
        with suppress(IndexError):
            return self._spares.pop()
        made = ctypes.c_void_p()
        self.do("cuStreamCreate", ctypes.byref(made), _NON_BLOCKING)
        return Stream(self, made)

    def spare(self, stream: Stream) -> None:
        """For the next who asks. None is ever destroyed: who worked on it may live on."""
        self._spares.append(stream)

    def event(self) -> Event:
        made = ctypes.c_void_p()
        self.do("cuEventCreate", ctypes.byref(made), _NO_TIMING)
        return Event(self, made)

    def do(self, name: str, *arguments: object) -> None:
        """A call of the driver that may take its time."""
        self._enter()
        self._do(name, *arguments)

    def queue(self, name: str, *arguments: object) -> None:
        """A call that only queues work, and so returns at once where the driver is in order: the
        interpreter's lock is kept.
        """
        self._enter()
        self._check(name, getattr(self._quick, name)(*arguments))

    def is_done(self, name: str, *arguments: object, quick: bool) -> bool:
        """A question; ``quick`` where it is answered at once, as far as one knows."""
        self._enter()
        code = getattr(self._quick if quick else self._library, name)(*arguments)
        if code == _NOT_READY:
            return False
        self._check(name, code)
        return True

    def _enter(self) -> None:
        """This thread may be new to the driver."""
        if not getattr(self._threads, "entered", False):
            self._do("cuCtxSetCurrent", self._context)
            self._threads.entered = True

    def _do(self, name: str, *arguments: object) -> None:
        self._check(name, getattr(self._library, name)(*arguments))

    def _check(self, name: str, code: int) -> None:
        if code:
            raise RuntimeError(f"CUDA failure {code}: {self._words(code)} ; {name}")

    def _words(self, code: int) -> str:
        said = ctypes.c_char_p()
        self._library.cuGetErrorString(code, ctypes.byref(said))
        return (said.value or b"unknown error").decode(errors="replace")


class _Region(ctypes.Structure):
    """CUDA_MEMCPY2D."""

    _fields_ = [
        ("src_x", ctypes.c_size_t),
        ("src_y", ctypes.c_size_t),
        ("src_type", ctypes.c_uint),
        ("src_host", ctypes.c_void_p),
        ("src_device", ctypes.c_void_p),
        ("src_array", ctypes.c_void_p),
        ("src_pitch", ctypes.c_size_t),
        ("dst_x", ctypes.c_size_t),
        ("dst_y", ctypes.c_size_t),
        ("dst_type", ctypes.c_uint),
        ("dst_host", ctypes.c_void_p),
        ("dst_device", ctypes.c_void_p),
        ("dst_array", ctypes.c_void_p),
        ("dst_pitch", ctypes.c_size_t),
        ("width_bytes", ctypes.c_size_t),
        ("height", ctypes.c_size_t),
    ]


class Launch:
    """A kernel with arguments of the types that it declares, to be launched any number of times."""

    def __init__(
        self,
        kernel: ctypes.c_void_p,
        grid: tuple[int, int],
        block: tuple[int, int],
        *arguments: ctypes._SimpleCData[Any],
    ) -> None:
        self.kernel, self.grid, self.block, self.arguments = kernel, grid, block, arguments
        self.places = (ctypes.c_void_p * len(arguments))(*map(ctypes.addressof, arguments))


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Work of the device, done in the order in which it is asked for, by any threads.

    All but ``wait`` return at once: what they read must stay until then.
    """

    _driver: Driver
    _handle: ctypes.c_void_p

    @property
    def address(self) -> int:
        """By which others in this process know it."""
        return self._handle.value or 0

    def copy_in(self, image: Image, to: int) -> None:
        """A uint8 (h, w, 3) picture in page-locked memory, without the gaps between its rows."""
        height, width = image.shape[:2]
        self._driver.queue(
            "cuMemcpy2DAsync_v2",
            ctypes.byref(
                _Region(
                    src_type=_ON_HOST,
                    src_host=address_of(image),
                    src_pitch=image.strides[0],
                    dst_type=_ON_DEVICE,
                    dst_device=to,
                    dst_pitch=3 * width,
                    width_bytes=3 * width,
                    height=height,
                )
            ),
            self._handle,
        )

    def upload(self, values: NDArray[Any], to: int) -> None:
        """Contiguous values in any memory."""
        source, size = _pointer(values.ctypes.data), ctypes.c_size_t(values.nbytes)
        self._driver.do("cuMemcpyHtoDAsync_v2", _pointer(to), source, size, self._handle)

    def copy_on(self, at: int, to: int, size: int) -> None:
        """From one place on the device to another."""
        self._driver.queue(
            "cuMemcpyDtoDAsync_v2", _pointer(to), _pointer(at), ctypes.c_size_t(size), self._handle
        )

    def copy_out(self, at: int, into: NDArray[Any]) -> None:
        """To contiguous values in page-locked memory."""
        target, size = _pointer(into.ctypes.data), ctypes.c_size_t(into.nbytes)
        self._driver.queue("cuMemcpyDtoHAsync_v2", target, _pointer(at), size, self._handle)

    def launch(self, call: Launch) -> None:
        (columns, rows), (width, height) = call.grid, call.block
        self._driver.queue(
            "cuLaunchKernel",
            *(call.kernel, columns, rows, 1, width, height, 1, 0, self._handle, call.places, None),
        )

    def begin_recording(self) -> None:
        """What is asked for from now on by this thread is recorded and not done."""
        self._driver.do("cuStreamBeginCapture_v2", self._handle, _THREAD_LOCAL)

    def end_recording(self) -> Graph:
        """Raises RuntimeError where something could not be recorded."""
        graph, made = ctypes.c_void_p(), ctypes.c_void_p()
        self._driver.do("cuStreamEndCapture", self._handle, ctypes.byref(graph))
        try:
            self._driver.do(
                "cuGraphInstantiateWithFlags", ctypes.byref(made), graph, ctypes.c_ulonglong(0)
            )
        finally:
            self._driver.do("cuGraphDestroy", graph)
        return Graph(self._driver, made)

    def wait(self) -> None:
        """Until all of it is done; raises what went wrong meanwhile."""
        self._driver.do("cuStreamSynchronize", self._handle)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """Recorded work, done again as a whole."""

    _driver: Driver
    _handle: ctypes.c_void_p

    def launch(self, stream: Stream) -> None:
        self._driver.queue("cuGraphLaunch", self._handle, ctypes.c_void_p(stream.address))

    def close(self) -> None:
        self._driver.do("cuGraphExecDestroy", self._handle)


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """A mark in a stream."""

    _driver: Driver
    _handle: ctypes.c_void_p

    def mark(self, stream: Stream) -> None:
        self._driver.queue("cuEventRecord", self._handle, ctypes.c_void_p(stream.address))

    def is_past(self, *, quick: bool = True) -> bool:
        """Whether all that was asked for before the mark is done; raises what went wrong.

        ``quick`` keeps the interpreter's lock meanwhile: not for a device that is overdue.
        """
        return self._driver.is_done("cuEventQuery", self._handle, quick=quick)

    def close(self) -> None:
        self._driver.do("cuEventDestroy_v2", self._handle)


def address_of(array: NDArray[np.uint8]) -> int:
    """Of its first element; quicker than ``array.ctypes``."""
    found: int = array.__array_interface__["data"][0]
    return found


def _pointer(address: int) -> ctypes.c_void_p:
    return ctypes.c_void_p(address)
