"""Fixtures of the fault harness; its table is printed at the end of the run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.ledger import LEDGER, Ledger
from tests.support.tiny_model import write_tiny_package


def pytest_configure(config: pytest.Config) -> None:
    config.stash[LEDGER] = Ledger()


@pytest.fixture
def ledger(request: pytest.FixtureRequest) -> Ledger:
    """Where a test writes what it saw. One for the session, wherever it was begun."""
    return request.config.stash.setdefault(LEDGER, Ledger())


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A tiny model: the score is the brightness of the brightest place."""
    return write_tiny_package(tmp_path / "package", t1=0.6, t2=0.8)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    ledger = config.stash.get(LEDGER, None)
    if ledger is not None and ledger.rows:
        terminalreporter.section("faults")
        terminalreporter.write_line(ledger.markdown())
