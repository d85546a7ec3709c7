"""Fixtures and guards for every test."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# a shared machine may stall for longer than any deadline; pytest's time-out stands
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# no test may leave a key in the keyring of whoever runs it
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"


@pytest.fixture(autouse=True)
def _no_leaked_threads() -> Iterator[None]:
    """A test that leaves a thread running fails."""
    before = set(threading.enumerate())
    yield
    leaked = [t for t in threading.enumerate() if t not in before and t.is_alive()]
    for thread in leaked:
        thread.join(timeout=2.0)
    names = [t.name for t in leaked if t.is_alive()]
    assert not names, f"threads left running: {names}"


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Development data; skips where it is absent."""
    root = Path(__file__).resolve().parents[1]
    path = Path(os.environ.get("INSPECTOR_DATA", root.parent / "shared" / "data"))
    if not path.is_dir():
        pytest.skip(f"no development data at {path} (set INSPECTOR_DATA)")
    return path
