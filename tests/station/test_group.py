"""Cameras in a group: one that fails ends alone; accounts are told camera by camera."""

from __future__ import annotations

import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from inspector.config import RunConfig
from inspector.engine.judging import Decision
from inspector.engine.status import PipelineStatus, State
from inspector.errors import InferenceError, SourceOpenError
from inspector.inference.predictor import OnnxPredictor
from inspector.inference.service import ModelService
from inspector.station.group import build_group, problems
from tests.support.tiny_model import write_tiny_package


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path / "package", t1=0.6, t2=0.8)


def config(package: Path, seed: int, parts: int = 1) -> RunConfig:
    source = f"sim:metal_nut?width=320&height=180&fps=60&parts={parts}&seed={seed}"
    return RunConfig(source=source, model=package)


class BreaksAt:
    """An observer that ends the run that it watches with an error."""

    def __init__(self, frame: int) -> None:
        self._frame = frame

    def on_decision(self, decision: Decision) -> None:
        if decision.ticket.frame.index == self._frame:
            raise InferenceError("the GPU is gone")


def test_all_run_to_their_ends_and_models_are_freed(package: Path):
    models = ModelService()
    seen: list[str] = []
    with build_group(
        [(name, config(package, seed)) for seed, name in enumerate(("a", "b"))],
        models,
        on_part=lambda camera, part, frame: seen.append(camera),
    ) as group:
        assert models.loaded == 1
        group.start()
        assert group.wait(60)
        statuses = group.finish()
    assert models.loaded == 0
    assert problems(statuses) == []
    assert {s.state for s in statuses.values()} == {State.STOPPED}
    assert set(seen) == {"a", "b"}


class NotedThreads(ModelService):
    """Notes how many threads each camera's model is to have."""

    def __init__(self) -> None:
        super().__init__()
        self.threads: list[int | None] = []

    def open(self, package: Path, **asked: Any) -> OnnxPredictor:
        self.threads.append(asked["threads"])
        return super().open(package, **asked)


def test_many_cameras_run_on_one_thread_each_unless_told_otherwise(
    package: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    models = NotedThreads()
    told = replace(config(package, 2), threads=2)
    with build_group([("a", config(package, 0)), ("b", config(package, 1)), ("c", told)], models):
        assert models.threads == [1, 1, 2]
        assert models.loaded == 2


@pytest.mark.parametrize(
    ("cameras", "live", "rehearses"), [(1, True, 1), (1, False, 0), (2, True, 0)]
)
def test_only_a_live_camera_that_has_the_station_to_itself_rehearses(
    package: Path, cameras: int, live: bool, rehearses: int
):
    configs = [(str(n), replace(config(package, n), live=live)) for n in range(cameras)]
    with build_group(configs, ModelService()) as group:
        setups = [station.pipeline._setup for station in group.stations.values()]
    assert sum(setup.rehearses for setup in setups) == rehearses


def test_one_that_breaks_ends_alone(package: Path):
    with (
        build_group([("sound", config(package, 1, parts=2))], ModelService()) as sound,
        build_group(
            [("broken", config(package, 2, parts=2))], ModelService(), observers=[BreaksAt(3)]
        ) as broken,
    ):
        for group in (sound, broken):
            group.start()
            assert group.wait(60)
        found = {**sound.finish(), **broken.finish()}
    assert problems(found) == ["camera broken: the GPU is gone"]
    assert found["sound"].state is State.STOPPED


def test_a_bad_camera_is_named_and_the_others_are_closed(package: Path):
    models = ModelService()
    with pytest.raises(SourceOpenError, match="camera second"):
        build_group(
            [("first", config(package, 1)), ("second", RunConfig(source="gone", model=package))],
            models,
        )
    assert models.loaded == 0


def test_stop_ends_all_whatever_they_wait_for(package: Path):
    first_frames = threading.Barrier(3, timeout=30)

    class Meets:
        def __init__(self) -> None:
            self._met: set[int] = set()

        def on_decision(self, decision: Decision) -> None:
            thread = threading.get_ident()
            if thread not in self._met:
                self._met.add(thread)
                first_frames.wait()

    endless = [(n, config(package, s, parts=500)) for s, n in enumerate(("a", "b"))]
    with build_group(endless, ModelService(), observers=[Meets()]) as group:
        group.start()
        first_frames.wait()
        group.stop()
        assert group.wait(30)
        statuses = group.finish()
    assert problems(statuses) == []


def test_unsound_accounts_are_a_problem():
    lost = PipelineStatus(state=State.STOPPED, captured=3, inspected=2)
    assert [p.partition(":")[0] for p in problems({"a": lost})] == ["camera a"]
