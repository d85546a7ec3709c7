"""Notices to people: alarms that must be acknowledged, warnings, remarks."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from enum import IntEnum

from PySide6.QtCore import QObject, Signal

_log = logging.getLogger(__name__)


class Severity(IntEnum):
    """INFO goes by a press; WARNING stays while it holds; ALARM until acknowledged."""

    INFO = 0
    WARNING = 1
    ALARM = 2


@dataclass(frozen=True, slots=True)
class Notice:
    """In the operator's words.

    Attributes:
        key: the condition; raising the same key again replaces the notice.
        title: what happened, a short sentence.
        advice: what to do.
        details: for the engineer; may be long.
        holds: the condition is there now. An alarm whose condition has gone stays until
            acknowledged, a warning goes with it.
        acknowledged: a person has seen it.
        follows: it is what others lead to, so that they stand before it.
    """

    key: str
    severity: Severity
    title: str
    advice: str = ""
    details: str = ""
    holds: bool = True
    acknowledged: bool = False
    follows: bool = False


class NoticeBoard(QObject):
    """All notices in force; the bar shows the gravest. One thread."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notices: dict[str, Notice] = {}

    def tell(self, notice: Notice) -> None:
        """A notice, or the same condition anew; new facts want a new acknowledgement.

        The same words while the condition has held on change nothing.
        """
        known = self._notices.get(notice.key)
        if known is not None and known.holds and _same_words(known, notice):
            return
        level = logging.INFO if notice.severity is Severity.INFO else logging.WARNING
        facts = {"key": notice.key, "details": notice.details}
        _log.log(level, "shown: %s", notice.title, extra=facts)
        self._notices.pop(notice.key, None)
        self._notices[notice.key] = notice
        self.changed.emit()

    def resolve(self, key: str) -> None:
        """The condition has gone: the notice goes too, unless it is an unseen alarm."""
        notice = self._notices.get(key)
        if notice is None:
            return
        if notice.severity is Severity.ALARM and not notice.acknowledged:
            self._notices[key] = replace(notice, holds=False)
        else:
            del self._notices[key]
        self.changed.emit()

    def acknowledge(self, key: str) -> None:
        """A person has seen it; it stays, calmer, only while its condition holds."""
        notice = self._notices.get(key)
        if notice is None:
            return
        if notice.holds and notice.severity is not Severity.INFO:
            self._notices[key] = replace(notice, acknowledged=True)
        else:
            del self._notices[key]
        self.changed.emit()

    def acknowledge_all(self) -> None:
        for key in list(self._notices):
            self.acknowledge(key)

    @property
    def notices(self) -> tuple[Notice, ...]:
        """The gravest unseen first, then by severity; what holds before what is over, causes
        before what follows, then the newest.
        """
        newest_first = reversed(self._notices.values())
        return tuple(sorted(newest_first, key=_place))

    @property
    def waiting(self) -> tuple[Notice, ...]:
        """Those nobody has acknowledged, in the same order."""
        return tuple(n for n in self.notices if not n.acknowledged)


def _place(notice: Notice) -> tuple[bool, int, bool, bool]:
    return (notice.acknowledged, -notice.severity, not notice.holds, notice.follows)


def _same_words(one: Notice, other: Notice) -> bool:
    return (one.severity, one.title, one.advice) == (other.severity, other.title, other.advice)
