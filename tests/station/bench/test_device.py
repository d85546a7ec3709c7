"""What nvidia-smi answers, and how calls split; there may be no GPU."""

from __future__ import annotations

import pytest

from inspector.station.bench import device
from inspector.station.bench.device import CallWatch, gpu_state, parse_state, percentiles


def test_the_first_gpu_is_told_of():
    text = "NVIDIA H200, 580.65.06, 143771, 1204\nNVIDIA H200, 580.65.06, 143771, 3\n"
    assert parse_state(text) == {
        "name": "NVIDIA H200",
        "driver": "580.65.06",
        "memory_total_mib": 143771,
        "memory_used_mib": 1204,
    }


@pytest.mark.parametrize(
    "text", ["", "\n", "No devices were found\n", "NVIDIA H200, 580, [N/A], 3\n", "a, b, 1, 2, 3\n"]
)
def test_no_gpu_is_none_and_no_guess(text: str):
    assert parse_state(text) is None


def test_without_nvidias_tool_there_is_none(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(device.shutil, "which", lambda name: None)
    assert gpu_state() is None


def test_a_tool_that_fails_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(device.shutil, "which", lambda name: str(tmp_path / "gone"))
    assert gpu_state() is None


def test_nothing_judged_nothing_split():
    watch = CallWatch()
    assert watch.split_ms() is None
    assert watch.memory_to_verdict_ms()["max"] == 0.0


def test_percentiles_of_a_known_row():
    found = percentiles([float(n) for n in range(101)])
    assert found == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}
