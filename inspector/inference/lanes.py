"""What runners with buffers on a device have in common: who is inside, closing, letting go."""

from __future__ import annotations

import ctypes
import queue
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

import onnxruntime as ort

from inspector.errors import StateError
from inspector.inference.pinned import gpu_is_lost

LANES = 2
"""While one is on the device, the pictures of the next are copied."""
ANSWER_S = 5.0
"""A run of milliseconds that takes so long will not come back."""
CLOSE_S = 10.0

Lane = TypeVar("Lane")


@dataclass(frozen=True, slots=True)
class Split:
    """Milliseconds of one call by the caller's clock: copies in, the run, copies out."""

    to_device: float
    run: float
    to_host: float


class Laned(ABC, Generic[Lane]):
    """A session and its lanes: buffers of which each serves one call at a time.

    A call takes a lane, asks ``_opened`` (who waited meanwhile must not touch a lost device),
    and puts the lane back, whatever comes. ``_hung`` is set by a call that gave up on the device.

    Attributes:
        last: of the last call, None before.
        unpinned: why copies are not from page-locked memory; None where they are.
    """

    def __init__(self, session: ort.InferenceSession, lanes: Sequence[Lane]) -> None:
        self._session: ort.InferenceSession | None = session
        self._lanes: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        for lane in lanes:
            self._lanes.put(lane)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="gpu")
        self._is_open, self._hung = True, False
        self._retired: list[Lane] = []
        self.last: Split | None = None
        self.unpinned: str | None = None

    @abstractmethod
    def _emptied(self, lane: Lane) -> Lane:
        """What is left of it once all that it held is freed."""

    def close(self) -> None:
        """Frees session and buffers once nobody is inside; idempotent.

        Where a run does not come back from the driver, nothing is freed: see ``abandon``.
        """
        if self.retire():
            self.free()
        else:
            self.abandon()

    def retire(self) -> bool:
        """Refuses who comes, waits for who is inside; False where somebody did not come back."""
        self._is_open = False
        with suppress(queue.Empty):  # a call that hangs in the driver keeps its lane
            while len(self._retired) < LANES and self._session is not None:
                self._retired.append(self._lanes.get(timeout=CLOSE_S))
        return not self._hung and (self._session is None or len(self._retired) == LANES)

    def free(self) -> None:
        """After ``retire``."""
        if self._session is None:
            return
        self._session = None
        self._thread.shutdown()
        self._retired = [self._emptied(lane) for lane in self._retired]
        self._give_lanes_back()

    def abandon(self, *, lost: bool = True) -> None:
        """Lets go of a lost GPU, or of what is spoilt on a sound one, and frees nothing there.

        Destructors may throw where the driver refuses, and that ends the process: so the session
        lives on, unused, until the process ends.
        """
        self._is_open = False
        session, self._session = self._session, None
        if session is None:
            return
        if lost:
            gpu_is_lost()
        for kept in (session, self):
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(kept))
        self._thread.shutdown(wait=False)
        self._give_lanes_back()

    def _give_lanes_back(self) -> None:
        """To those who wait for one: they are refused next."""
        for lane in self._retired:
            self._lanes.put(lane)
        self._retired = []

    def _opened(self) -> ort.InferenceSession:
        session = self._session
        if session is None or not self._is_open:
            raise StateError("predict() after close()")
        return session
