"""What runs in the process of its own: opens the source and keeps draining it.

Nothing here may import cv2 before the environment is prepared.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import queue
import signal
import threading
from dataclasses import dataclass
from importlib import import_module
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any

from inspector.errors import InspectorError, SourceInterrupted
from inspector.sources.decoder_log import take_over_stdout
from inspector.sources.native_env import prepare_device_process
from inspector.sources.options import SourceOptions
from inspector.sources.ring import FrameRing, RingLayout

if TYPE_CHECKING:
    from inspector.core.protocols import FrameSource

# tokens waiting for a reader that is away; few enough never to fill the pipe
_MAX_TOKENS = 32
_LAST_MOMENT_S = 0.3


@dataclass(frozen=True, slots=True)
class ChildConfig:
    """Picklable.

    Attributes:
        opener: ``module:function`` with the signature of ``factory.open_direct``.
        address: without credentials; those are in ``options``.
        scheme: of a network address, else None.
        options: for the source.
        lossless: waits for the reader instead of dropping frames.
        has_stdout: descriptor 1 is a standard output, not one of the pipes to the parent.
        log_path: where stderr goes: native libraries print what must not be shown.
    """

    opener: str
    address: str
    scheme: str | None
    options: SourceOptions
    log_path: str
    lossless: bool = False
    has_stdout: bool = True


@dataclass(frozen=True, slots=True)
class Opening:
    """``quick``: the stream was open before, and what it is need not be found out again."""

    quick: bool


def run_child(config: ChildConfig, events: Connection, commands: Connection) -> None:
    """Entry point; opens nothing before it is told to by ``open_command``.

    Says everything over ``events`` as tuples, first the kind: ``("started",)``,
    ``("opened", SourceInfo)``, ``("frame",)``, ``("ended",)``, ``("failed", class name,
    message)``. After a failed opening it may be told to open again.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _redirect_stderr(config.log_path)
    if (config.scheme is not None or config.lossless) and config.has_stdout:
        take_over_stdout()
    prepare_device_process(config.scheme)
    module, _, name = config.opener.partition(":")
    source: FrameSource = getattr(import_module(module), name)(config.address, config.options)
    watch = _ParentWatch(commands, source)
    # a broken pipe: the parent is gone, nobody left to tell
    with contextlib.suppress(BrokenPipeError):
        _serve(source, events, watch, config)
    watch.finish()
    source.close()


def _redirect_stderr(path: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    faulthandler.enable()


def _serve(
    source: FrameSource, events: Connection, watch: _ParentWatch, config: ChildConfig
) -> None:
    events.send(("started",))
    try:
        if _open(source, events, watch, config):
            _send_frames(source, events, watch, lossless=config.lossless)
    except SourceInterrupted:
        return
    except InspectorError as error:
        events.send(_failed(error))
    watch.stopped.wait()


def _open(
    source: FrameSource, events: Connection, watch: _ParentWatch, config: ChildConfig
) -> bool:
    """As often as it takes; False where the parent stops instead."""
    while (opening := watch.wait_for_opening()) is not None:
        prepare_device_process(config.scheme, quick=opening.quick)
        try:
            events.send(("opened", source.open()))
            return True
        except SourceInterrupted:
            return False
        except InspectorError as error:
            events.send(_failed(error))
    return False


def _failed(error: InspectorError) -> tuple[str, str, str]:
    return ("failed", type(error).__name__, str(error))


def _send_frames(
    source: FrameSource, events: Connection, watch: _ParentWatch, *, lossless: bool
) -> None:
    ring = watch.wait_for_ring()
    if ring is not None:
        with contextlib.closing(ring):
            _pump(source, events, ring, watch, lossless=lossless)


def _pump(
    source: FrameSource,
    events: Connection,
    ring: FrameRing,
    watch: _ParentWatch,
    *,
    lossless: bool,
) -> None:
    while not watch.stopped.is_set():
        frame = source.read()
        if frame is None:
            events.send(("ended",))
            return
        if lossless and not watch.wait_for_room(ring):
            return
        ring.write(frame)
        if ring.unread <= _MAX_TOKENS:
            events.send(("frame",))


class _ParentWatch:
    """Hears the parent, and its death, while the main thread may hang in a driver."""

    def __init__(self, commands: Connection, source: FrameSource) -> None:
        self.stopped = threading.Event()
        self._commands = commands
        self._source = source
        self._openings: queue.SimpleQueue[Opening | None] = queue.SimpleQueue()
        self._rings: queue.SimpleQueue[FrameRing | None] = queue.SimpleQueue()
        self._room = threading.Event()
        self._main_done = threading.Event()
        self._thread = threading.Thread(target=self._run, name="parent-watch")
        self._thread.start()

    def wait_for_opening(self) -> Opening | None:
        """None where the parent stops instead."""
        return self._openings.get()

    def wait_for_ring(self) -> FrameRing | None:
        """None where the parent stops instead of asking for frames."""
        return self._rings.get()

    def wait_for_room(self, ring: FrameRing) -> bool:
        """False where the parent stops instead of reading on."""
        while ring.is_full and not self.stopped.is_set():
            self._room.wait()
            # cleared before the ring is looked at again: no word is lost in between
            self._room.clear()
        return not self.stopped.is_set()

    def finish(self) -> None:
        """Ends the watch once the parent has said stop, or is gone."""
        self._main_done.set()
        self._thread.join()

    def _run(self) -> None:
        command = self._next_command()
        while command[0] != "stop":
            if command[0] == "open":
                self._openings.put(command[1])
            elif command[0] == "ring":
                self._rings.put(FrameRing.attach(command[1], command[2]))
            else:
                self._room.set()
            command = self._next_command()
        self.stopped.set()
        self._room.set()
        self._openings.put(None)
        self._rings.put(None)
        self._source.interrupt()
        if not self._main_done.wait(_LAST_MOMENT_S):
            os._exit(0)

    def _next_command(self) -> tuple[Any, ...]:
        try:
            command: tuple[Any, ...] = self._commands.recv()
        except (EOFError, OSError):
            return ("stop",)
        return command


READ = ("read",)
"""What the parent of a lossless source sends after each frame."""


def open_command(*, quick: bool) -> tuple[str, Opening]:
    """What the parent sends for the source to be opened."""
    return ("open", Opening(quick))


def ring_command(ring: FrameRing, layout: RingLayout) -> tuple[str, str, RingLayout]:
    """What the parent sends for frames to come."""
    return ("ring", ring.name, layout)
