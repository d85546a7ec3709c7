"""Whether the machine, or this process, stood still while something was measured: a p99 taken on
a machine that was taken away for 70 ms says nothing of the program.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from types import TracebackType

from inspector.station.bench.heartbeat import Stall, beat

_CHILD = (sys.executable, "-m", "inspector.station.bench.heartbeat")
_END_S = 10.0


class Stalls:
    """A context manager around what is measured.

    Attributes:
        machine: the longest stall of a process that does nothing else; None where none could
            be started. Set at the end.
        process: that of a thread in this one; not much longer than the machine's where nobody
            keeps the interpreter's lock. Set at the end.
    """

    def __init__(self) -> None:
        self.machine: Stall | None = None
        self.process = Stall()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        self._child: subprocess.Popen[str] | None = None
        self._start = 0.0

    def __enter__(self) -> Stalls:
        try:
            self._child = subprocess.Popen(  # noqa: S603 - this very program
                _CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        except OSError:
            self._child = None  # said by ``machine``
        if self._child is not None and self._child.stdout is not None:
            self._child.stdout.readline()  # it beats
        self._thread.start()
        self._start = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if self._child is not None:
            self.machine = self._told(self._child)

    def as_dict(self) -> dict[str, float | None]:
        """``machine_ms``, ``process_ms``, and ``at_s``: how many seconds after the beginning the
        process's longest stall was over.
        """
        return {
            "machine_ms": None if self.machine is None else round(self.machine.worst_ms, 2),
            "process_ms": round(self.process.worst_ms, 2),
            "at_s": round(max(0.0, self.process.at_s - self._start), 3),
        }

    def _beat(self) -> None:
        self.process = beat(self._over.wait)

    def _told(self, child: subprocess.Popen[str]) -> Stall | None:
        try:
            said, _ = child.communicate(timeout=_END_S)
            return Stall(**json.loads(said))
        except (subprocess.TimeoutExpired, ValueError, TypeError):
            child.kill()
            child.wait()
            return None
