"""Whether the last part's verdict still speaks for the line, and how old it is."""

from __future__ import annotations

import time
from collections.abc import Callable

from PySide6.QtCore import QCoreApplication

from inspector.core.inspection import Verdict
from inspector.gui.widgets.verdict import Past, verdict_word


class LastPart:
    """One thread. A verdict that has become past stays so until the next part is finished:
    a camera that came back has said nothing yet."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """``clock`` in seconds, never backwards."""
        self._clock = clock
        self._verdict: Verdict | None = None
        self._finished = 0.0
        self._inspecting = False
        self._is_past = False

    def clear(self) -> None:
        """No part yet."""
        self._verdict, self._is_past = None, False

    def finished(self, verdict: Verdict) -> None:
        """One that is finished while nothing is inspected (late out of the queue) is past."""
        self._verdict, self._finished = verdict, self._clock()
        self._is_past = not self._inspecting

    def set_inspecting(self, *, inspecting: bool) -> None:
        """Whether the line is being inspected at this moment."""
        self._inspecting = inspecting
        self._is_past = self._is_past or not inspecting

    def past(self) -> Past | None:
        """How to say that the verdict is past; None for one of now, or for none."""
        if self._verdict is None or not self._is_past:
            return None
        waiting = _tr("WAITING FOR THE NEXT PART")
        headline = waiting if self._inspecting else _tr("NOT INSPECTING")
        line = _tr("Last part, %1: %2").replace("%1", ago(self._clock() - self._finished))
        return Past(headline, line.replace("%2", verdict_word(self._verdict)))


def ago(seconds: float) -> str:
    """As coarse as a person would say it."""
    for unit, words in ((3600, _tr("%1 h ago")), (60, _tr("%1 min ago"))):
        if seconds >= unit:
            return words.replace("%1", f"{int(seconds // unit)}")
    return _tr("%1 s ago").replace("%1", f"{max(0, int(seconds))}")


def _tr(text: str) -> str:
    return QCoreApplication.translate("LastPart", text)
