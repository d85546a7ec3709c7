"""How many threads a run on the CPU has, and how many runs there are side by side."""

from __future__ import annotations

import os

import pytest

from inspector.inference.session import lanes_on_cpu, threads_beside


@pytest.mark.parametrize(
    ("cores", "cameras", "threads"),
    [(1, 1, None), (1, 2, 1), (2, 1, None), (2, 2, 1), (2, 16, 1), (8, 4, None), (8, 8, 1)],
)
def test_from_as_many_cameras_as_cores_on_a_run_has_one_thread(
    cores: int, cameras: int, threads: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert threads_beside(cameras) == threads


@pytest.mark.parametrize(
    ("cores", "threads", "lanes"),
    [(1, None, 1), (2, None, 1), (2, 1, 2), (2, 4, 1), (8, None, 4), (8, 3, 2), (None, 1, 1)],
)
def test_runs_side_by_side_share_the_cores(
    cores: int | None, threads: int | None, lanes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: cores)
    assert lanes_on_cpu(threads) == lanes
