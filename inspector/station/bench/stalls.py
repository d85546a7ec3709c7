"""Whether the machine, or this process, stood still while something was measured: a p99 taken on
a machine that was taken away for 70 ms says nothing of the program.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
import time
from types import TracebackType

from inspector.station.bench import heartbeat
from inspector.station.bench.heartbeat import READY, Stall, beat

_CHILD = (sys.executable, "-I", heartbeat.__file__)
"""-I: nothing of the folder that somebody works in is run."""
_START_S, _END_S = 10.0, 10.0


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
        self._child = _started()
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
            self.machine = _told(self._child)

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


def _started() -> subprocess.Popen[str] | None:
    """A heart that beats; None where none does, which ``machine`` says."""
    if not all(_CHILD):  # embedded: nobody knows where Python is
        return None
    try:
        child = subprocess.Popen(  # noqa: S603 - a file of this very program
            _CHILD,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
    except OSError:
        return None
    said: queue.SimpleQueue[str] = queue.SimpleQueue()
    assert child.stdout is not None
    # on a thread: what is no Python may never say anything
    line = child.stdout.readline
    listens = threading.Thread(target=lambda: said.put(line()), name="heartbeat-start", daemon=True)
    listens.start()
    try:
        if said.get(timeout=_START_S).strip() == READY:
            return child
    except queue.Empty:
        pass  # ended below, and said by ``machine``
    child.kill()
    listens.join()
    child.communicate()
    return None


def _told(child: subprocess.Popen[str]) -> Stall | None:
    try:
        said, _ = child.communicate(timeout=_END_S)
        return Stall(**json.loads(said))
    except (subprocess.TimeoutExpired, ValueError, TypeError):
        child.kill()
        child.communicate()
        return None
