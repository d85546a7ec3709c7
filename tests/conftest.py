"""Fixtures and guards for every test."""

from __future__ import annotations

import gc
import getpass
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from inspector.inference import pinned
from training.start import wait_asleep

# a shared machine may stall for longer than any deadline; pytest's time-out stands
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

# tests run side by side; OpenMP's threads must not turn in circles meanwhile
wait_asleep()

# no test may leave a key in the keyring of whoever runs it
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
# nor in their cache; kept from one run to the next, as a station's is
os.environ["XDG_CACHE_HOME"] = str(
    Path(tempfile.gettempdir()) / f"inspector-tests-{getpass.getuser()}"
)


def pytest_collection_finish() -> None:
    """A collection goes through all that torch, Qt and the tests have made, half a second each
    time, and tests of the window ask for many: what is there now stays anyway.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _models_of_tests_are_harmless() -> Iterator[None]:
    """Tests write models by the hundred; a process for each would take a second.

    Commands that run in a process of their own do prove them (see ``inference.proving``).
    """
    from inspector.inference import predictor

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(predictor, "prove", lambda package, variant: None)
        yield


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


@pytest.fixture(autouse=True)
def _no_gpu_is_lost() -> Iterator[None]:
    """For good, as far as a process is concerned: but not from one test to the next."""
    yield
    pinned._lost.clear()
