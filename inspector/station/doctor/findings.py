"""Findings: one line each on what was looked at, how bad it is, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import IntEnum

from inspector.errors import InspectorError


class Severity(IntEnum):
    """As monitoring plug-ins have it: 0 is well, 1 a warning, 2 critical.

    NOTE is well, too: something that a person may want to know.
    """

    OK = -1
    NOTE = 0
    WARNING = 1
    ERROR = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """``what`` was looked at, what was ``found``; ``todo`` where something is to be done."""

    severity: Severity
    what: str
    found: str
    todo: str = ""

    def as_dict(self) -> dict[str, str]:
        return {
            "severity": self.severity.name.lower(),
            "what": self.what,
            "found": self.found,
            "todo": self.todo,
        }


def ok(what: str, found: str) -> Finding:
    return Finding(Severity.OK, what, found)


def note(what: str, found: str, todo: str = "") -> Finding:
    return Finding(Severity.NOTE, what, found, todo)


def warning(what: str, found: str, todo: str) -> Finding:
    return Finding(Severity.WARNING, what, found, todo)


def error(what: str, found: str, todo: str) -> Finding:
    return Finding(Severity.ERROR, what, found, todo)


Check = Callable[[], Iterable[Finding]]


def run_checks(checks: Iterable[tuple[str, Check]]) -> Iterator[Finding]:
    """Every check's findings, in order; one that breaks is itself a finding."""
    for name, check in checks:
        try:
            yield from list(check())
        except (InspectorError, OSError, ValueError) as problem:
            yield error(name, " ".join(str(problem).split()), "see the message")


def exit_code(findings: Iterable[Finding]) -> int:
    """0 all is well, 1 warnings, 2 something that keeps the station from its work."""
    return max((max(0, int(f.severity)) for f in findings), default=0)
