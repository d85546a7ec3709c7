from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.faults import soak_window
from tests.faults.soak import Look, problems, slope, soak, summary


def observed() -> Look:
    """So short a run may end before it was looked at."""
    return Look(600, 1.0, 0.5, 100.0, 9, 5, 0.1, 1.0)


def test_a_short_soak_adds_up(tmp_path: Path) -> None:
    looks, status = soak(tmp_path, 600, None, (64, 64), None)
    assert status.captured == 600
    assert status.parts_total == 50
    assert summary([*looks, observed()], status)["frames"] == 600


def looks(**changes: Callable[[int], float]) -> list[Look]:
    """Forty at a sound run, with what is changed told by the number of the look."""
    sound = [Look(1000 * i, 10.0 * i, 2.0 * i, 100.0, 9, 5, 4.0, 3.0) for i in range(1, 41)]
    return [
        replace(look, **{name: change(i) for name, change in changes.items()})
        for i, look in enumerate(sound)
    ]


def test_a_sound_run_is_flat() -> None:
    assert problems(looks()) == []
    # beside other work it takes longer, and computes no more
    assert problems(looks(seconds=lambda i: 10.0 * i + 0.3 * i * i)) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rss_mb": lambda i: 100.0 + i}, "memory grows"),
        ({"handles": lambda i: 9 + i // 8}, "handles grow"),
        ({"threads": lambda i: 5 + i // 20}, "threads grow"),
        ({"frames": lambda i: 1000 * min(i, 25)}, "stood still"),
        ({"seconds": lambda i: 10.0 * i + max(0, i - 30) ** 3}, "as long as"),
        ({"log_mb": lambda i: 8.0 * i}, "log grows"),
        ({"cpu_s": lambda i: 2.0 * i + 0.1 * i * i}, "costs"),
    ],
)
def test_what_is_not_flat_is_told(changes: dict[str, Callable[[int], float]], words: str) -> None:
    found = problems(looks(**changes))
    assert len(found) == 1
    assert words in found[0]


def test_a_slope_is_that_of_a_line_and_none_through_one_place() -> None:
    assert slope([1.0, 2.0, 4.0], [5.0, 7.0, 11.0]) == pytest.approx(2.0)
    assert slope([600.0, 600.0], [1.0, 2.0]) == 0.0


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


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_twenty_minutes_with_the_window_leave_everything_flat(tmp_path: Path) -> None:
    if shutil.which("Xvfb") is None:
        pytest.skip("there is no Xvfb")
    seen = soak_window.soak_window(tmp_path, 20 * 60.0, (1920, 1080), 60)
    assert soak_window.found(seen) == [], soak_window.summary(seen)
