"""What happens to a run when the display server dies: it is ended as by Stop.

Qt tells of a lost display in one message. Then, as plugin and version will have it, it
leaves the event loop or ends the process on the spot. In the first case the interpreter
waits at its end for the threads of a run that nobody sees any more, for ever with a camera;
in the second their last parts are lost. At the message both can still be prevented.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from PySide6.QtCore import QMessageLogContext, QtMsgType, qFormatLogMessage, qInstallMessageHandler

LOST = ("The X11 connection broke", "The Wayland connection broke")
"""How Qt's platform plugins begin the message (Qt 6; a test with a real server watches)."""
EXIT_CODE = 1


class DisplayWatch:
    """A message handler for Qt. Of a lost display it makes a clean end of the process.

    Any thread may come here, and nothing of Qt may be called once the display is gone.
    """

    def __init__(
        self, stop_run: Callable[[], bool], leave: Callable[[int], object] = os._exit
    ) -> None:
        """``stop_run`` ends what inspects and waits for its record; whether it could."""
        self._stop_run, self._leave = stop_run, leave
        self._lost = False

    def __call__(self, kind: QtMsgType, context: QMessageLogContext, message: str | None) -> None:
        if message is not None and message.startswith(LOST):
            self._on_lost(message)
        else:
            _say(qFormatLogMessage(kind, context, message or ""))

    def _on_lost(self, message: str) -> None:
        """Leaves on the spot: a window without a display cannot be closed in good order."""
        if self._lost:
            return
        self._lost = True
        _say(f"the display is gone, the inspection is being stopped ({message})")
        if not self._stop_run():
            _say("the inspection did not stop in time: its last parts may be missing")
        sys.stdout.flush()
        self._leave(EXIT_CODE)


@contextmanager
def ended_with_the_display(stop_run: Callable[[], bool]) -> Iterator[None]:
    """While the event loop runs."""
    before = qInstallMessageHandler(DisplayWatch(stop_run))
    try:
        yield
    finally:
        qInstallMessageHandler(before)


def _say(line: str) -> None:
    """On standard error, which a window started from a desktop may not have."""
    if sys.stderr is not None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
