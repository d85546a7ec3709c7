"""A source in a process of its own: a hanging driver or a crash there ends only there."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any
from urllib.parse import quote

from inspector import errors
from inspector.core.frame import Frame, SourceInfo
from inspector.errors import (
    InspectorError,
    SourceError,
    SourceInterrupted,
    SourceOpenError,
    StateError,
)
from inspector.sources.address import Address, source_id_of
from inspector.sources.isolated_child import READ, ChildConfig, ring_command, run_child
from inspector.sources.options import SourceOptions
from inspector.sources.ring import FrameRing, RingLayout

_SLOTS = 8
# a busy machine may take this long to start an interpreter and import OpenCV
_START_S = 20.0
_MARGIN_S = 0.25
_GOODBYE_S = 0.5
_FILE_PATIENCE_S = 20.0
# a file owes no frame at any time: a decoder that takes so long for one hangs
FRAMES_MISSED = 3
"""So many frames must stay away before a camera slower than the time-out counts as silent."""


class IsolatedSource:
    """Any device or stream, read by a child process that always drains it; or a file,
    where the child waits for its reader and so loses nothing.

    ``read`` never waits longer than ``options.read_timeout_s``, or three frames' time of a
    slower camera. It does not wait for a silent child's end either: the loss is told first,
    ``close`` (at most a second) kills afterwards.
    """

    def __init__(
        self,
        address: Address,
        options: SourceOptions,
        *,
        opener: str = "inspector.sources.factory:open_direct",
    ) -> None:
        self._address = address
        self._options = options
        self._opener = opener
        self._source_id = source_id_of(address)
        self._next_index = 0
        self._first_index = 0
        self._limit_s = options.read_timeout_s
        self._lossless = address.kind == "path"
        self._info: SourceInfo | None = None
        self._ring: FrameRing | None = None
        self._child: _Child | None = None
        self._ending: tuple[Any, ...] | None = None
        self._lock = threading.Lock()

    def open(self) -> SourceInfo:
        """Raises SourceOpenError, within ``open_timeout_s`` of the child's start."""
        self.close()
        child = _Child(self._address, self._options, self._opener, lossless=self._lossless)
        with self._lock:
            self._child = child
        try:
            self._expect(child, "started", _START_S)
            (info,) = self._expect(child, "opened", self._options.open_timeout_s + _MARGIN_S)
            layout = RingLayout(_SLOTS, info.width, info.height)
            self._ring = FrameRing.create(layout)
            child.send(ring_command(self._ring, layout))
        except InspectorError:
            self.close()
            raise
        self._first_index = self._next_index
        self._info = info
        slow_s = FRAMES_MISSED / info.fps if info.fps else 0.0
        if self._lossless:
            slow_s = _FILE_PATIENCE_S
        self._limit_s = max(self._options.read_timeout_s, slow_s)
        return self._info

    def _expect(self, child: _Child, kind: str, timeout_s: float) -> tuple[Any, ...]:
        message = child.receive(time.monotonic() + timeout_s)
        if message is None:
            raise SourceOpenError(
                f"{self._address.shown}: no picture within {timeout_s:g} s; "
                "check that it is switched on and reachable"
            )
        if message[0] == "crashed":
            raise SourceOpenError(f"{self._address.shown}: {message[1]}")
        if message[0] != kind:
            raise self._failure(message)
        return message[1:]

    def _failure(self, message: tuple[Any, ...]) -> InspectorError:
        if message[0] == "interrupted":
            return SourceInterrupted(f"{self._address.shown}: interrupted")
        if message[0] == "crashed":
            return SourceError(f"{self._address.shown}: {message[1]}")
        raised: InspectorError = getattr(errors, message[1])(message[2])
        return raised

    def read(self) -> Frame | None:
        """See FrameSource; after an error only ``close`` and ``open`` help."""
        child, ring = self._child, self._ring
        if child is None or ring is None:
            raise StateError(f"{self._address.shown}: read before open")
        deadline = time.monotonic() + self._limit_s
        while True:
            if child.interrupted:
                raise self._failure(("interrupted",))
            frame = ring.read(
                first_index=self._first_index,
                station_id=self._options.station_id,
                source_id=self._source_id,
            )
            if frame is not None:
                self._next_index = frame.index + 1
                if self._lossless:
                    child.send(READ)
                return frame
            if self._ending is not None:
                self._check_end(self._ending)
                return None
            self._wait_for_news(child, deadline)

    def _wait_for_news(self, child: _Child, deadline: float) -> None:
        message = child.receive(deadline)
        if message is None:
            child.silent = True
            raise SourceError(f"{self._address.shown}: no frame for {self._limit_s:.2g} s")
        if message[0] not in ("frame", "interrupted"):
            self._ending = message

    def _check_end(self, message: tuple[Any, ...]) -> None:
        if message[0] != "ended":
            raise self._failure(message)

    def interrupt(self) -> None:
        """See FrameSource; wakes a waiting ``open`` too."""
        with self._lock:
            if self._child is not None:
                self._child.interrupt()

    def close(self) -> None:
        """Ends the child within a second, by force where it must be."""
        with self._lock:
            child, self._child = self._child, None
        if child is not None:
            child.end()
        if self._ring is not None:
            self._ring.close()
        self._ring = self._info = self._ending = None


class _Child:
    """The process, its pipes, and the one way to wait for it."""

    def __init__(
        self, address: Address, options: SourceOptions, opener: str, *, lossless: bool
    ) -> None:
        self._secrets = [s for s in (options.username, options.password) if s]
        self._log = _private_file()
        config = ChildConfig(
            opener, address.target, address.scheme, options, str(self._log), lossless
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
        self.interrupted = self.silent = False

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
        lines = self._log.read_text(errors="replace")[-4000:].strip().splitlines()
        fatal = [line for line in lines if line.startswith("Fatal")]
        text = (fatal or lines[-1:] or [""])[0][:300]
        for secret in self._secrets:
            text = text.replace(secret, "***").replace(quote(secret, safe=""), "***")
        return text

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
