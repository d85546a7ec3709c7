"""Runs and their parts become notices: failures, lost cameras, rows of rejects."""

from __future__ import annotations

from PySide6.QtCore import QObject

from inspector.gui.alarms import Alarm, AlarmState, AlarmWatch
from inspector.gui.notices import Notice, NoticeBoard, Severity
from inspector.gui.runs.controller import RunController
from inspector.gui.runs.events import PartEvent, RunEvent
from inspector.gui.runs.session import RunSnapshot
from inspector.gui.settings import SettingsFile
from inspector.gui.words import explain
from inspector.inference.recovery import DEGRADED, FAILED, REBUILT

ENDED, WARNINGS, GPU = "run_ended", "run_warnings", "gpu_trouble"
_OVER = {
    "source_back": "source_lost",
    "picture_back": "picture_lost",
    "view_back": "view_lost",
    "focus_back": "focus_lost",
    "network_back": "network_stalled",
    "record_back": "record_stalled",
}
"""Events that end a notice, and the events (and keys of notices) that begin it."""


class RunNotices(QObject):
    """Listens to a RunController and writes to a NoticeBoard."""

    def __init__(self, runs: RunController, board: NoticeBoard, settings: SettingsFile) -> None:
        super().__init__()
        self._board, self._settings = board, settings
        self._watch = AlarmWatch(settings.values.alarms)
        self._seen: set[str] = set()
        runs.started.connect(self._on_started)
        runs.ended.connect(self._on_ended)
        runs.run_event.connect(self._on_event)
        runs.part_finished.connect(self._on_part)
        board.changed.connect(self._forget_acknowledged)

    def _on_started(self, snapshot: RunSnapshot) -> None:
        self._watch = AlarmWatch(self._settings.values.alarms)
        for key in (ENDED, *_OVER.values(), GPU):
            self._board.resolve(key)
        warnings = snapshot.facts.warnings if snapshot.facts else ()
        if warnings:
            title = self.tr("Read this before you trust the verdicts")
            advice = warnings[0] if len(warnings) == 1 else self.tr("Press Details.")
            self._board.tell(Notice(WARNINGS, Severity.WARNING, title, advice, "\n".join(warnings)))
        else:
            self._board.resolve(WARNINGS)

    def _on_ended(self, snapshot: RunSnapshot) -> None:
        if snapshot.error is not None:
            words = explain(snapshot.error)
            # a run that was refused never inspected anything: a warning is enough
            grave = Severity.ALARM if snapshot.facts else Severity.WARNING
            self._board.tell(Notice(ENDED, grave, words.title, words.advice, words.details))
        for key in (*_OVER.values(), WARNINGS, GPU, *Alarm):
            self._board.resolve(key)

    def _on_event(self, event: RunEvent) -> None:
        if (words := self._alarms().get(event.kind)) is not None:
            self._board.tell(Notice(event.kind, Severity.ALARM, *words, event.detail))
        elif event.kind in _OVER:
            self._board.resolve(_OVER[event.kind])
        elif event.kind in (REBUILT, DEGRADED, FAILED):
            self._board.tell(self._gpu_notice(event))

    def _alarms(self) -> dict[str, tuple[str, str]]:
        """Title and advice, by the event that begins it."""
        return {
            "source_lost": (
                self.tr("The camera is lost: no part is being inspected"),
                self.tr(
                    "Stop the line. Check the camera's cable and power; it is tried again by"
                    " itself."
                ),
            ),
            "picture_lost": (
                self.tr("The camera shows nothing to inspect: no part is being inspected"),
                self.tr("Stop the line. Check the light, the lens and the camera's place."),
            ),
            "view_lost": (
                self.tr("The camera was moved: parts are INVALID"),
                self.tr("Stop the line. Put the camera right, or call the engineer."),
            ),
            "focus_lost": (
                self.tr("The camera is out of focus: parts are INVALID"),
                self.tr(
                    "Stop the line. Clean and set the lens, or call the engineer. If the picture"
                    " is sharp, start the program anew."
                ),
            ),
            "network_stalled": (
                self.tr("The model does not answer: no part is being inspected"),
                self.tr("Stop the line. If it stays like this, the run ends by itself."),
            ),
            "record_stalled": (
                self.tr("The record does not answer: no verdict is announced"),
                self.tr("Stop the line. Check the disk; if it stays like this, call for help."),
            ),
        }

    def _gpu_notice(self, event: RunEvent) -> Notice:
        if event.kind == REBUILT:
            title = self.tr("The graphics processor failed and was started again")
            advice = self.tr("Pictures taken meanwhile are INVALID. Tell the engineer.")
            return Notice(GPU, Severity.WARNING, title, advice, event.detail)
        if event.kind == DEGRADED:
            title = self.tr("The graphics processor failed: the slower CPU inspects now")
            advice = self.tr("Expect more parts that are INVALID. Call the engineer.")
        else:
            title = self.tr("The graphics processor failed: no part is being inspected")
            advice = self.tr("Stop the line and call the engineer.")
        return Notice(GPU, Severity.ALARM, title, advice, event.detail)

    def _on_part(self, event: PartEvent) -> None:
        for state in self._watch.after(event.part.verdict):
            if state.holds:
                self._board.tell(self._alarm(state))
            else:
                self._board.resolve(state.alarm)

    def _alarm(self, state: AlarmState) -> Notice:
        settings = self._settings.values.alarms
        match state.alarm:
            case Alarm.CONSECUTIVE_FAILS:
                title = self.tr("%n parts failed in a row", "", settings.consecutive_fails)
                advice = self.tr("Stop the line and look at the last failed parts below.")
            case Alarm.FAIL_SHARE:
                title = self.tr("Too many failed parts: %1 % of the last %2")
                title = title.replace("%1", f"{100 * settings.fail_share:.0f}")
                title = title.replace("%2", str(settings.window))
                advice = self.tr("Look for a common cause: material, tool, light, position.")
            case Alarm.CONSECUTIVE_INVALID:
                count = settings.consecutive_invalid
                title = self.tr("%n parts in a row could not be inspected", "", count)
                advice = self.tr("Check light, focus and position of the parts.")
        # why no part could be inspected may stand on the board already, in better words
        follows = state.alarm is Alarm.CONSECUTIVE_INVALID
        return Notice(state.alarm, Severity.ALARM, title, advice, follows=follows)

    def _forget_acknowledged(self) -> None:
        """Somebody saw to it: the rule counts anew from here."""
        acknowledged = {n.key for n in self._board.notices if n.acknowledged}
        for alarm in Alarm:
            if alarm in acknowledged and alarm not in self._seen:
                self._watch.acknowledged(alarm)
                self._board.resolve(alarm)
        self._seen = acknowledged
