"""What breaking the station showed: a row for each fault, and the table of them all."""

from __future__ import annotations

import os
import platform
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

DETECTED_S, RECOVERED_S = 1.0, 2.0
HEAD = (
    *("fault", "injected in", "expected", "detected after", "verdicts meanwhile"),
    *("announced and lost", "back after", "bounds"),
)
LEDGER = pytest.StashKey["Ledger"]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fault and what came of it. Times in seconds, None where there is none to tell.

    ``meanwhile`` counts the verdicts of parts that were in view while the fault lasted.
    ``bounded``: it is a fault of the camera, with bounds of time.
    """

    fault: str
    where: str
    expected: str
    detected_s: float | None = None
    meanwhile: Counter[str] = field(default_factory=Counter)
    lost: int = 0
    recovered_s: float | None = None
    bounded: bool = False
    note: str = ""

    @property
    def unmet(self) -> str:
        """The bounds that do not hold, in words; empty where all do."""
        late = []
        if self.bounded and self.detected_s is not None and self.detected_s > DETECTED_S:
            late.append(f"declared after more than {DETECTED_S:g} s")
        if self.bounded and self.recovered_s is not None and self.recovered_s > RECOVERED_S:
            late.append(f"back after more than {RECOVERED_S:g} s")
        if self.lost:
            late.append("announced verdicts lost")
        return ", ".join(late)

    def cells(self) -> tuple[str, ...]:
        said = ", ".join(f"{n} {v}" for v, n in sorted(self.meanwhile.items())) or "none"
        return (
            self.fault,
            self.where,
            self.expected + (f" ({self.note})" if self.note else ""),
            _seconds(self.detected_s),
            said,
            str(self.lost),
            _seconds(self.recovered_s),
            f"**not met: {self.unmet}**" if self.unmet else "met",
        )


def _seconds(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f} s"


@dataclass(slots=True)
class Ledger:
    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> None:
        self.rows.append(row)

    @property
    def unmet(self) -> list[Row]:
        return [row for row in self.rows if row.unmet]

    def markdown(self) -> str:
        return "\n".join(_lines(HEAD, (row.cells() for row in self.rows)))


def _lines(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    table = [head, tuple("---" for _ in head), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in table]


def machine() -> str:
    """Where the figures come from, in a few words."""
    name = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        models = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        name = models[0].partition(":")[2].strip() if models else name
    return f"{os.cpu_count()} × {name}, {platform.system()}, Python {platform.python_version()}"
