"""The process that reads a device or stream, as its parent holds it."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

from inspector.core.redact import Redactor
from inspector.sources.address import Address
from inspector.sources.isolated_child import ChildConfig, run_child
from inspector.sources.options import SourceOptions

_GOODBYE_S = 0.5


class CaptureProcess:
    """The process, its pipes, and the one way to wait for it. Started at once."""

    def __init__(
        self, address: Address, options: SourceOptions, opener: str, *, lossless: bool
    ) -> None:
        self._redactor = Redactor()
        for secret in (options.username, options.password):
            self._redactor.hide(secret or "")
        self._log = _private_file()
        config = ChildConfig(
            opener,
            address.target,
            address.scheme,
            options,
            str(self._log),
            lossless,
            # Python's own sign that the program was started with its output closed
            has_stdout=sys.__stdout__ is not None,
        )
        context = multiprocessing.get_context("spawn")
        self._events, child_events = context.Pipe(duplex=False)
        child_commands, self._commands = context.Pipe(duplex=False)
        self._wake, self._waker = context.Pipe(duplex=False)
        self._process: SpawnProcess = context.Process(
            target=run_child, args=(config, child_events, child_commands), name="capture"
        )
        with _sigint_blocked():
            self._process.start()
        child_events.close()
        child_commands.close()
        self.started = self.interrupted = self.silent = False

    @property
    def is_alive(self) -> bool:
        return self._process.is_alive()

    @property
    def is_ready(self) -> bool:
        """Whether it stands by, or has begun its work."""
        return self.started or self._events.poll()

    def receive(self, deadline: float) -> tuple[Any, ...] | None:
        """The next message, ``("interrupted",)``, ``("crashed", why)``, or None: time is up."""
        timeout_s = max(0.0, deadline - time.monotonic())
        ready = wait([self._events, self._wake, self._process.sentinel], timeout_s)
        if self._wake in ready:
            return ("interrupted",)
        if not ready:
            return None
        try:
            if self._events.poll():
                message: tuple[Any, ...] = self._events.recv()
                return message
        except (EOFError, OSError):
            pass
        return ("crashed", self._why_it_ended())

    def _why_it_ended(self) -> str:
        self._process.join(_GOODBYE_S)
        code = self._process.exitcode
        said = self._last_words()
        return f"the capture process ended by itself (exit code {code})" + (
            f": {said}" if said else ""
        )

    def _last_words(self) -> str:
        """The telling line of the child's stderr, without credentials."""
        text = self._redactor.text(self._log.read_text(errors="replace"))
        # cut afterwards: half a secret is known by nobody
        lines = text[-4000:].strip().splitlines()
        fatal = [line for line in lines if line.startswith("Fatal")]
        return (fatal or lines[-1:] or [""])[0][:300]

    def send(self, command: tuple[Any, ...]) -> None:
        """A child that is gone by now is noticed by the next ``receive``."""
        with contextlib.suppress(OSError):
            self._commands.send(command)

    def interrupt(self) -> None:
        if not self.interrupted:
            self.interrupted = True
            self._waker.send_bytes(b"!")

    def end(self) -> None:
        """Asks, then kills; one that hangs is not asked: the camera may be back by now."""
        if not self.silent:
            self.send(("stop",))
            self._process.join(_GOODBYE_S)
        self.kill()

    def kill(self) -> None:
        """Where it holds no device that wants a goodbye, or has had one."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        for connection in (self._events, self._commands, self._wake, self._waker):
            connection.close()
        self._log.unlink(missing_ok=True)


def _private_file() -> Path:
    descriptor, path = tempfile.mkstemp(prefix="inspector-capture-", suffix=".log")
    os.close(descriptor)
    return Path(path)


@contextlib.contextmanager
def _sigint_blocked() -> Iterator[None]:
    """A child inherits the mask: Ctrl-C is the parent's to decide about."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
