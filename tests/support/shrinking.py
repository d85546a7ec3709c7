"""A device in the host's memory: what the CUDA driver would do there, done by numpy."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inspector.inference.driver import Launch, address_of

Work = Callable[[], object]


class HostDevice:
    """In place of ``Driver``; a stream's work waits until somebody waits for it.

    ``off`` is added to every byte that the kernels make: a device that does it otherwise.
    """

    def __init__(self, off: int = 0) -> None:
        self.off = off
        self.room: int | None = None
        self.held: dict[int, ctypes.Array[ctypes.c_char]] = {}
        self.streams: list[HostStream] = []
        self.spared: list[HostStream] = []

    def kernels(self, ptx: bytes, *names: str) -> dict[str, Any]:
        assert all(f".entry {name}(".encode() in ptx for name in names)
        return {name: getattr(self, f"_{name}") for name in names}

    def stream(self) -> HostStream:
        self.streams.append(HostStream())
        return self.streams[-1]

    def spare(self, stream: HostStream) -> None:
        self.spared.append(stream)

    def event(self) -> HostEvent:
        return HostEvent()

    def allocate(self, size: int) -> int:
        if self.room is not None and size > self.room:
            raise RuntimeError("CUDA failure 2: out of memory ; cuMemAlloc_v2")
        made = ctypes.create_string_buffer(size)
        address = ctypes.addressof(made)
        self.held[address] = made
        return address

    def free(self, address: int) -> None:
        assert not any(stream.waiting for stream in self.streams), "freed under queued work"
        del self.held[address]

    def download(self, at: int, into: NDArray[Any]) -> None:
        ctypes.memmove(into.ctypes.data, at, into.nbytes)

    def _halve(self, source: int, pitch: int, to: int, height: int, width: int) -> None:
        held = _bytes(source, 2 * height * pitch).reshape(2 * height, pitch)
        s = held[:, : 6 * width].reshape(2 * height, 2 * width, 3).astype(int)
        means = (s[::2, ::2] + s[::2, 1::2] + s[1::2, ::2] + s[1::2, 1::2] + 2) >> 2
        _bytes(to, 3 * height * width)[:] = (means + self.off).astype(np.uint8).ravel()

    def _blend(
        self, source: int, pitch: int, columns: int, rows: int, to: int, height: int, width: int
    ) -> None:
        x, y = _table(columns, width), _table(rows, height)
        held = _bytes(source, (int(y[:, 1].max()) + 1) * pitch).reshape(-1, pitch // 3, 3)
        sums = [held[:, x[:, k]].astype(int) * x[:, 2 + k, None] for k in (0, 1)]
        cut = (sums[0] + sums[1]) >> 4
        both = sum((cut[y[:, k]] * y[:, 2 + k, None, None]) >> 16 for k in (0, 1))
        found = np.clip((both + 2) >> 2, 0, 255) + self.off
        _bytes(to, 3 * height * width)[:] = found.astype(np.uint8).ravel()


class HostStream:
    """In place of ``Stream``; what others do on it (see ``do``) is recorded like its own work."""

    def __init__(self) -> None:
        self.waiting: list[Work] = []
        self.recording: list[Work] | None = None
        self.copied_in = 0
        self.launched: list[str] = []
        self.problem: str | None = None
        self.refuses_to_record: str | None = None
        self.is_stuck = False
        self._in_order = threading.RLock()

    @property
    def address(self) -> int:
        return id(self)

    def do(self, work: Work) -> None:
        (self.waiting if self.recording is None else self.recording).append(work)

    def copy_out(self, at: int, into: NDArray[Any]) -> None:
        self.do(lambda: ctypes.memmove(into.ctypes.data, at, into.nbytes))

    def begin_recording(self) -> None:
        self.recording = []

    def end_recording(self) -> HostGraph:
        recorded, self.recording = self.recording, None
        assert recorded is not None
        if self.refuses_to_record is not None:
            raise RuntimeError(self.refuses_to_record)
        return HostGraph(recorded)

    def copy_in(self, image: NDArray[np.uint8], to: int) -> None:
        self.copied_in += image.nbytes
        place = _bytes(to, image.nbytes).reshape(image.shape)
        self.do(lambda: np.copyto(place, image))

    def upload(self, values: NDArray[Any], to: int) -> None:
        held = np.array(values)  # as the driver does with memory that is not page-locked
        self.do(lambda: ctypes.memmove(to, held.ctypes.data, held.nbytes))

    def copy_on(self, at: int, to: int, size: int) -> None:
        self.do(lambda: np.copyto(_bytes(to, size), _bytes(at, size)))

    def launch(self, call: Launch) -> None:
        values, kernel = [argument.value for argument in call.arguments], call.kernel
        height, width = values[-2:]
        assert call.grid[0] * call.block[0] >= 3 * width
        assert call.grid[1] * call.block[1] >= height
        self.launched.append(kernel.__name__.removeprefix("_"))
        self.do(lambda: kernel(*values))

    def wait(self) -> None:
        if self.problem is not None:
            raise RuntimeError(self.problem)
        with self._in_order:
            while self.waiting:
                self.waiting.pop(0)()


class HostGraph:
    """In place of ``Graph``."""

    def __init__(self, recorded: list[Work]) -> None:
        self.recorded, self.launches, self.is_closed = recorded, 0, False

    def launch(self, stream: HostStream) -> None:
        assert not self.is_closed
        self.launches += 1
        stream.waiting.extend(self.recorded)

    def close(self) -> None:
        self.is_closed = True


class HostEvent:
    """In place of ``Event``; the work before its mark is done when it is asked."""

    def __init__(self) -> None:
        self.stream: HostStream | None = None

    def mark(self, stream: HostStream) -> None:
        self.stream = stream

    def is_past(self, *, quick: bool = True) -> bool:
        assert self.stream is not None
        if self.stream.is_stuck:
            return False
        self.stream.wait()
        return True

    def close(self) -> None:
        self.stream = None


class Locks:
    """In place of the driver where memory is page-locked; refuses with ``problem``."""

    def __init__(self, problem: str | None = None) -> None:
        self.problem, self.locked, self.most = problem, {}, 0

    def lock(self, address: int, size: int) -> None:
        if self.problem is not None:
            raise RuntimeError(self.problem)
        self.locked[address] = size
        self.most = max(self.most, sum(self.locked.values()))

    def unlock(self, address: int) -> None:
        del self.locked[address]


def _bytes(address: int, size: int) -> NDArray[np.uint8]:
    return np.frombuffer(memoryview((ctypes.c_uint8 * size).from_address(address)), np.uint8)


def _table(address: int, count: int) -> NDArray[np.int32]:
    return _bytes(address, 16 * count).view(np.int32).reshape(count, 4)


def start_of(array: NDArray[np.uint8]) -> int:
    return address_of(array)
