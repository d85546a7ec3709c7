"""Telling the service manager that the station is ready, and that it is really alive.

systemd's protocol (sd_notify(3)): datagrams to the socket that NOTIFY_SOCKET names.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Mapping

from inspector.engine.liveness import Liveness
from inspector.engine.status import PipelineStatus

LOG_EVERY_S = 60.0
"""A line ``alive`` in the log so often: for whoever watches it where there is no systemd."""
_PATIENCE_S = 10.0

_log = logging.getLogger(__name__)


class ServiceManager:
    """Says nothing where no service manager asked; a message that is lost ends no run."""

    def __init__(self, address: str | None, watchdog_s: float | None) -> None:
        """``watchdog_s``: the manager acts after so long without a word; None: it does not."""
        self._address = "\0" + address[1:] if address and address[0] == "@" else address
        self.watchdog_s = watchdog_s

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], pid: int) -> ServiceManager:
        """As systemd sets it; a watchdog meant for another process is none of ours."""
        mine = environment.get("WATCHDOG_PID", str(pid)) == str(pid)
        microseconds = environment.get("WATCHDOG_USEC", "")
        asked = mine and microseconds.isascii() and microseconds.isdigit() and int(microseconds)
        watchdog_s = int(microseconds) / 1e6 if asked else None
        return cls(environment.get("NOTIFY_SOCKET") or None, watchdog_s)

    def tell(self, *facts: str) -> None:
        """``READY=1`` and the like."""
        if self._address is None or not hasattr(socket, "AF_UNIX"):
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.setblocking(False)  # noqa: FBT003 - its only argument
                sender.connect(self._address)
                sender.send("\n".join(facts).encode())
        except OSError as error:
            _log.warning("the service manager cannot be told %s: %s", facts[0], error)


class Watchdog:
    """Follows the runs of a station; told their statuses from the loop that follows them.

    Readiness is told at the first status, life at a third of what the manager waits, and
    only while every run is alive: of one that hangs nothing is told any more, and the
    manager ends the process and starts it anew.
    """

    def __init__(
        self, manager: ServiceManager, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._manager = manager
        self._clock = clock
        self._every_s = manager.watchdog_s / 3 if manager.watchdog_s else _PATIENCE_S
        self._runs: dict[str, Liveness] = {}
        self._due = self._log_due = float("-inf")
        self._ready = False
        self._hung = False

    def follow(self, statuses: Mapping[str, PipelineStatus]) -> None:
        """By camera; called several times a second."""
        now = self._clock()
        if not self._ready:
            self._ready = True
            self._manager.tell("READY=1", f"STATUS=inspecting with {len(statuses)} cameras")
        # a list and not a generator: every one must see every status
        alive = [self._of(name).is_alive(s, now) for name, s in statuses.items()]
        if all(alive):
            self._hung = False
            self._ping(now)
        elif not self._hung:
            self._hung = True
            names = [n for n, well in zip(statuses, alive, strict=True) if not well]
            _log.critical("no progress: the watchdog is no longer told", extra={"runs": names})
            self._manager.tell(f"STATUS=no progress: {', '.join(names)}")

    def stopping(self) -> None:
        self._manager.tell("STOPPING=1")

    def _of(self, name: str) -> Liveness:
        if name not in self._runs:
            self._runs[name] = Liveness(self._every_s)
        return self._runs[name]

    def _ping(self, now: float) -> None:
        if now >= self._due and self._manager.watchdog_s is not None:
            self._due = now + self._every_s
            self._manager.tell("WATCHDOG=1")
        if now >= self._log_due:
            self._log_due = now + LOG_EVERY_S
            _log.info("alive")
