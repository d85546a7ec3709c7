"""Looking at one of the last rejected parts, and the ways back to the line."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from inspector.core.inspection import Part
from inspector.gui.live.rejected import RejectedParts
from inspector.gui.live.view import LiveView
from inspector.gui.notices import NoticeBoard, Severity
from inspector.gui.runs.events import PartEvent

LOOK_S = 20
"""After so long the line's own picture comes back: nobody may forget to go back."""


class LookController(QObject):
    """The look ends by its button, Escape, the time, a new alarm, another product."""

    def __init__(self, view: LiveView, notices: NoticeBoard) -> None:
        super().__init__(view)
        self._view, self._notices = view, notices
        self._rejected = RejectedParts()
        self._alarms = self._holding()
        self.timer = QTimer(self)
        self.timer.setSingleShot(True)
        self.timer.setInterval(1000 * LOOK_S)
        self.timer.timeout.connect(self.end)
        view.part_chosen.connect(self._on_chosen)
        view.back_wanted.connect(self.end)
        notices.changed.connect(self._on_notices)

    def add(self, event: PartEvent) -> None:
        """A part that was rejected just now; a look at another one is not disturbed."""
        self._rejected.add(event)
        self._view.add_rejected(event)

    def clear(self) -> None:
        self.end()
        self._rejected.clear()
        self._view.clear_rejected()

    def end(self) -> None:
        self.timer.stop()
        self._view.end_look()

    def _on_chosen(self, part: Part) -> None:
        event = self._rejected.find(part.part_id)
        if event is not None:
            self._view.look_at(event)
            self.timer.start()

    def _on_notices(self) -> None:
        """One that held already is perhaps why somebody looks."""
        holding = self._holding()
        if holding - self._alarms:
            self.end()
        self._alarms = holding

    def _holding(self) -> frozenset[str]:
        alarms = (n for n in self._notices.notices if n.severity is Severity.ALARM)
        return frozenset(notice.key for notice in alarms if notice.holds)
