"""What nvidia-smi answers, and how calls split; there may be no GPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from inspector.config import RunConfig
from inspector.engine.judging import Decision
from inspector.station import asking
from inspector.station.bench.device import CallWatch, gpu_state, parse_state, percentiles
from inspector.station.bench.measure import frames_in_memory
from inspector.station.build import Station, build_station
from tests.support.gpus import OneModel, Script, scripted_gpu
from tests.support.tiny_model import write_tiny_package


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
    monkeypatch.setattr(asking.shutil, "which", lambda name: None)
    assert gpu_state() is None


def test_a_tool_that_fails_is_no_error(monkeypatch: pytest.MonkeyPatch, tmp_path):
    monkeypatch.setattr(asking.shutil, "which", lambda name: str(tmp_path / "gone"))
    assert gpu_state() is None


def test_nothing_judged_nothing_split():
    watch = CallWatch()
    assert watch.split_ms() is None
    assert watch.memory_to_verdict_ms()["max"] == 0.0


def test_percentiles_of_a_known_row():
    found = percentiles([float(n) for n in range(101)])
    assert found == {"p50": 50.0, "p95": 95.0, "p99": 99.0, "max": 100.0}


def test_a_bound_network_splits_into_copies_and_run(tmp_path: Path):
    """As on a GPU, with the buffers on the CPU."""
    model = write_tiny_package(tmp_path / "tiny", t1=0.9, t2=0.95)
    predictor, watch, end = scripted_gpu(model, Script()), CallWatch(), StopsAt(5)
    watch.predictor = predictor
    config = RunConfig(source="sim:metal_nut?width=320&height=180&parts=1", model=model)
    with (
        frames_in_memory(replace(config, live=True)) as frames,
        build_station(
            config, models=OneModel(predictor), frames=frames, frame_observers=[watch, end]
        ) as station,
    ):
        end.station = station
        station.pipeline.start()
        station.finish()
    split = watch.split_ms()
    assert split is not None
    assert list(split) == ["to_device", "run", "to_host"]
    assert all(0 < times["p50"] <= times["max"] for times in split.values())
    # the longest run lies within a frame's time
    assert split["run"]["max"] < watch.memory_to_verdict_ms()["max"]


class StopsAt:
    """Ends a run that has no end once so many frames are decided."""

    def __init__(self, frames: int) -> None:
        self._left = frames
        self.station: Station | None = None

    def on_decision(self, decision: Decision) -> None:
        self._left -= 1
        if self._left == 0 and self.station is not None:
            self.station.pipeline.stop()
