"""Pictures of other processes lie where the GPU can fetch them, for as long as it may."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inspector.config import RunConfig
from inspector.core.execution import Execution
from inspector.core.frame import Frame
from inspector.core.geometry import Roi
from inspector.core.inspection import Crop, Prediction
from inspector.errors import InferenceError
from inspector.inference import pinned
from inspector.inference.lanes import LANES
from inspector.inference.pinned import is_locked
from inspector.inference.predictor import OnnxPredictor
from inspector.station import build, frame_memory
from inspector.station.bench import measure
from inspector.station.build import build_station
from inspector.station.frame_memory import FRAMES_AT_HAND
from tests.support.shrinking import Locks
from tests.support.tiny_model import write_tiny_package


class Looks:
    """Notes of every frame whether it lies within reach."""

    def __init__(self) -> None:
        self.seen: list[bool] = []

    def on_frame(self, frame: Frame) -> None:
        self.seen.append(is_locked(frame.image))


@pytest.fixture
def locks(monkeypatch: pytest.MonkeyPatch) -> Locks:
    """A machine with a GPU, as far as memory is concerned."""
    made = Locks()
    monkeypatch.setattr(pinned, "driver", lambda: made)
    monkeypatch.setattr(frame_memory, "why_no_cuda", lambda: None)
    return made


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    folder = tmp_path / "footage"
    folder.mkdir()
    for number in range(3):
        image = np.random.default_rng(number).integers(0, 256, (80, 100, 3), np.uint8)
        cv2.imwrite(str(folder / f"{number}.png"), image)
    return folder


def config(footage: Path, tmp_path: Path, provider: str = "auto") -> RunConfig:
    return RunConfig(
        source=str(footage),
        model=write_tiny_package(tmp_path / "tiny"),
        isolate=True,
        execution=Execution(provider=provider),  # type: ignore[arg-type]
    )


def run(config: RunConfig, looks: Looks) -> None:
    with build_station(config, grab_observers=[looks]) as station:
        station.pipeline.start()
        station.finish()


def without_cuda(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model itself is opened on the processor: there is no GPU."""
    monkeypatch.setattr(build, "open_predictor", _on_the_cpu)


def _on_the_cpu(package: Path, **more: object) -> object:
    from inspector.inference.predictor import open_predictor

    return open_predictor(package, execution=Execution(provider="cpu"))


def test_a_source_of_its_own_process_brings_them_there(
    locks: Locks, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    without_cuda(monkeypatch)
    looks, held = Looks(), list[int]()
    closed = pinned.LockedMemory.close

    def closes(memory: pinned.LockedMemory) -> None:
        held.append(sum(locks.locked.values()))
        closed(memory)

    monkeypatch.setattr(pinned.LockedMemory, "close", closes)
    run(config(footage, tmp_path), looks)
    assert looks.seen == [True] * 3
    assert held == [FRAMES_AT_HAND * 80 * 100 * 3]
    assert locks.locked == {}


def test_memory_and_model_are_ready_before_the_line_runs(
    locks: Locks, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    without_cuda(monkeypatch)
    shown: list[Sequence[Crop]] = []
    predict = OnnxPredictor.predict

    def notes(predictor: OnnxPredictor, crops: Sequence[Crop], *more: Any) -> list[Prediction]:
        shown.append(crops)
        return predict(predictor, crops, *more)

    monkeypatch.setattr(OnnxPredictor, "predict", notes)
    monkeypatch.setattr(OnnxPredictor, "runs_beside", property(lambda predictor: True))
    monkeypatch.setattr(OnnxPredictor, "sizes", (1, 2, 4))
    asked = replace(config(footage, tmp_path), roi=Roi(10, 5, 70, 64))
    with build_station(asked):
        assert len(locks.locked) == 1
        assert {crop.pixels().shape for crops in shown for crop in crops} == {(64, 70, 3)}
        assert all(is_locked(crop.pixels()) for crops in shown for crop in crops)
        # each lane of each size of batches, and a picture of its own in each place
        assert [len(crops) for crops in shown] == [n for n in (1, 2, 4) for _ in range(LANES)]
        assert len({id(crop) for crops in shown for crop in crops}) == 7 * LANES


def test_a_network_in_trouble_does_not_keep_the_line_from_starting(
    locks: Locks, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """It may have been moved to the processor by then; if not, the first frame is INVALID."""
    without_cuda(monkeypatch)

    def fails(*given: Any) -> list[Prediction]:
        raise InferenceError("CUDA failure 2: out of memory")

    monkeypatch.setattr(OnnxPredictor, "runs_beside", property(lambda predictor: True))
    monkeypatch.setattr(OnnxPredictor, "predict", fails)
    with build_station(config(footage, tmp_path)) as station:
        station.pipeline.start()
        assert station.finish().failed == 3


def test_files_that_are_read_in_this_process_lock_nothing(
    locks: Locks, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    without_cuda(monkeypatch)
    looks = Looks()
    run(replace(config(footage, tmp_path), isolate=False), looks)
    assert looks.seen == [False] * 3
    assert locks.most == 0


def test_where_the_processor_is_asked_for_any_memory_does(
    locks: Locks, footage: Path, tmp_path: Path
):
    looks = Looks()
    run(config(footage, tmp_path, "cpu"), looks)
    assert looks.seen == [False] * 3


def test_the_gpu_has_let_go_before_the_memory_does(
    locks: Locks, footage: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    without_cuda(monkeypatch)
    order: list[str] = []
    closed = pinned.LockedMemory.close

    def closes(memory: pinned.LockedMemory) -> None:
        order.append("memory")
        closed(memory)

    monkeypatch.setattr(pinned.LockedMemory, "close", closes)
    with build_station(config(footage, tmp_path)) as station:
        gone = station.predictor._on_close
        station.predictor._on_close = lambda: (order.append("model"), gone())  # type: ignore[func-returns-value]
    assert set(order[:-1]) == {"model"}
    assert order[-1] == "memory"


def test_a_benchmark_from_memory_has_them_there(locks: Locks, footage: Path, tmp_path: Path):
    with measure.held_frames(config(footage, tmp_path)) as (_, images):
        assert [is_locked(image) for image in images] == [True] * 3
        assert not images[0].flags.writeable
    assert locks.locked == {}
