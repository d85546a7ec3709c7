"""What the tests of networks share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from inspector.inference import pinned


@pytest.fixture(autouse=True)
def _no_gpu_is_lost() -> Iterator[None]:
    """For good, as far as the process is concerned: but not from one test to the next."""
    yield
    pinned._lost.clear()
