"""Runs the fault harness and writes its table into docs/reliability.md.

    python -m tests.faults.report [--slow]

Ends with 1 where a test fails or a bound is not met.
"""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

import pytest

from tests.faults.ledger import LEDGER, Ledger, machine

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reliability.md"
BEGIN, END = "<!-- faults: begin -->", "<!-- faults: end -->"


class Reporter:
    """A plugin: takes the table out when the session ends."""

    def __init__(self) -> None:
        self.ledger = Ledger()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self.ledger = session.config.stash.get(LEDGER, Ledger())


def written(page: str, ledger: Ledger, *, today: dt.date, where: str) -> str:
    """The page with another table between its marks."""
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    words = f"{today.isoformat()}, {where}: {len(ledger.rows)} faults."
    return f"{head}{BEGIN}\n{words}\n\n{ledger.markdown()}\n{END}{tail}"


def main(arguments: list[str]) -> int:
    reporter = Reporter()
    marks = "slow or not slow" if "--slow" in arguments else "not slow"
    here = Path(__file__).parent
    # the soak breaks nothing, and has a target of its own
    asked = [str(here), f"--ignore={here / 'test_soak.py'}", "-m", marks]
    code = int(pytest.main(asked, plugins=[reporter]))
    page = written(
        PAGE.read_text(encoding="utf-8"),
        reporter.ledger,
        today=dt.datetime.now(dt.UTC).date(),
        where=machine(),
    )
    PAGE.write_text(page, encoding="utf-8")
    return code or bool(reporter.ledger.unmet)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
