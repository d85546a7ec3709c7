from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.soak import Look, problems, soak, summary


def observed() -> Look:
    """So short a run may end before it was looked at."""
    return Look(600, 1.0, 100.0, 9, 5, 0.1, 1.0)


def test_a_short_soak_adds_up(tmp_path: Path) -> None:
    looks, status = soak(tmp_path, 600, None, (64, 64), None)
    assert status.captured == 600
    assert status.parts_total == 50
    assert summary([*looks, observed()], status)["frames"] == 600


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_a_million_frames_leave_everything_flat(tmp_path: Path) -> None:
    looks, status = soak(tmp_path, 1_000_000, None, (64, 64), None)
    assert problems(looks) == [], summary(looks, status)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_minutes_at_1080p60_leave_everything_flat(tmp_path: Path) -> None:
    looks, status = soak(tmp_path, 10**12, 20 * 60.0, (1920, 1080), 60.0)
    assert problems(looks) == [], summary(looks, status)
