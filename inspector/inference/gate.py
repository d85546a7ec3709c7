"""Nothing else may touch the GPU while a CUDA graph is recorded.

ONNX Runtime records in CUDA's *global* capture mode: a copy, an allocation or a run on any
other thread of the process then fails with error 900 and spoils the recording. A model that
is loaded beside the running line would so break it, and be broken.
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
