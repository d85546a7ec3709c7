"""Nothing else is set up on the GPU while a CUDA graph is recorded.

We record in CUDA's thread-local mode, which other threads' copies and runs do not spoil. What
sessions do that are opened or freed meanwhile (allocations, waiting for the whole device) is ONNX
Runtime's and the driver's affair, and has been seen to fail beside a recording in global mode: so
these keep out of each other's way. Runs that were recorded pass no gate.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class CaptureGate:
    """Open to many, or to one alone; who waits to be alone goes before newcomers.

    Attributes:
        making: held by whoever prepares and records. Its first run takes seconds inside: a
            second one who waited for that to be alone would hold up all newcomers meanwhile.
    """

    def __init__(self) -> None:
        self.making = threading.Lock()
        self._changed = threading.Condition()
        self._inside = 0
        self._alone = False
        self._asking = 0

    @contextmanager
    def shared(self) -> Iterator[None]:
        """For copies, runs and allocations. Not to be entered twice by one thread."""
        with self._changed:
            self._changed.wait_for(lambda: not self._alone and not self._asking)
            self._inside += 1
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """For a recording."""
        with self._changed:
            self._asking += 1
            self._changed.wait_for(lambda: not self._alone and not self._inside)
            self._asking -= 1
            self._alone = True
        try:
            yield
        finally:
            with self._changed:
                self._alone = False
                self._changed.notify_all()


GPU_GATE = CaptureGate()
"""Of this process: CUDA's rule is the process's, whatever number of models it holds."""
