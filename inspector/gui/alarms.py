"""When rejects become an alarm: rules over the sequence of finished parts."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from inspector.core.inspection import Verdict
from inspector.gui.settings import AlarmSettings


class Alarm(StrEnum):
    """The key of its notice."""

    CONSECUTIVE_FAILS = "consecutive_fails"
    FAIL_SHARE = "fail_share"
    CONSECUTIVE_INVALID = "consecutive_invalid"


@dataclass(frozen=True, slots=True)
class AlarmState:
    """``count`` and ``of``: how many parts of how many made it so."""

    alarm: Alarm
    holds: bool
    count: int
    of: int


class AlarmWatch:
    """Fed every part in order; tells each rule's state after it (one thread)."""

    def __init__(self, settings: AlarmSettings) -> None:
        self._settings = settings
        self._recent: deque[Verdict] = deque(maxlen=settings.window)
        self._fails = 0
        self._invalid = 0

    def after(self, verdict: Verdict) -> tuple[AlarmState, ...]:
        """States of the rules that are switched on."""
        self._recent.append(verdict)
        self._fails = self._fails + 1 if verdict is Verdict.FAIL else 0
        self._invalid = self._invalid + 1 if verdict is Verdict.INVALID else 0
        return tuple(
            state
            for state in (self._row_of_fails(), self._share(), self._row_of_invalid())
            if state
        )

    def acknowledged(self, alarm: Alarm) -> None:
        """Somebody saw to it: that rule counts from here on."""
        if alarm is Alarm.CONSECUTIVE_FAILS:
            self._fails = 0
        elif alarm is Alarm.CONSECUTIVE_INVALID:
            self._invalid = 0
        else:
            self._recent.clear()

    def _row_of_fails(self) -> AlarmState | None:
        least = self._settings.consecutive_fails
        if not least:
            return None
        return AlarmState(Alarm.CONSECUTIVE_FAILS, self._fails >= least, self._fails, self._fails)

    def _row_of_invalid(self) -> AlarmState | None:
        least = self._settings.consecutive_invalid
        if not least:
            return None
        return AlarmState(
            Alarm.CONSECUTIVE_INVALID, self._invalid >= least, self._invalid, self._invalid
        )

    def _share(self) -> AlarmState | None:
        """Only over a full window: two fails of three parts are no rate."""
        share = self._settings.fail_share
        if not share:
            return None
        of = len(self._recent)
        fails = sum(v is Verdict.FAIL for v in self._recent)
        full = of == self._settings.window
        return AlarmState(Alarm.FAIL_SHARE, full and fails >= share * of, fails, of)
