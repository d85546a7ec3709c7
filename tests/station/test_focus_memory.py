"""Which runs go on with what earlier ones learnt of a sharp picture."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from inspector.config import RunConfig
from inspector.core.camera import CameraSettings
from inspector.core.geometry import Roi
from inspector.engine.focus_memory import FocusMemories, FocusMemory, Place, Sharp
from inspector.gui import app
from inspector.gui.runs.session import RunSession
from inspector.sources.credentials import Credentials
from inspector.station.build import build_station
from tests.support.tiny_model import write_tiny_package

LINE = "sim:metal_nut?seed=1&width=160&height=120&fps=60&parts=1"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path / "tiny" / "1", t1=0.6, t2=0.8)


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.zeros((120, 160, 3), np.uint8))
    return folder


def used(config: RunConfig, memories: FocusMemories | None) -> FocusMemory:
    with build_station(config, focus=memories) as station:
        return station.pipeline._setup.focus


def test_a_live_line_goes_on_with_them_whatever_was_tuned(package: Path) -> None:
    memories = FocusMemories()
    live = RunConfig(source=LINE, model=package, live=True)
    memory = used(live, memories)
    assert used(replace(live, roi=Roi(0, 0, 100, 90), threads=1), memories) is memory
    assert used(live, None) is not memory


@pytest.mark.parametrize(
    "change", [{"source": LINE + "&defect_rate=0.5"}, {"camera": CameraSettings(gain=2.0)}]
)
def test_another_camera_or_one_set_otherwise_has_its_own(
    package: Path, change: dict[str, Any]
) -> None:
    """More gain is more noise, which looks like fine detail."""
    memories = FocusMemories()
    live = RunConfig(source=LINE, model=package, live=True)
    assert used(replace(live, **change), memories) is not used(live, memories)


def test_they_hold_for_this_picture_product_and_region(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Place] = []
    recall = FocusMemory.recall

    def noted(memory: FocusMemory, place: Place) -> Sharp:
        asked.append(place)
        return recall(memory, place)

    monkeypatch.setattr(FocusMemory, "recall", noted)
    roi = Roi(10, 20, 100, 90)
    used(RunConfig(source=LINE, model=package, live=True, roi=roi), FocusMemories())
    assert asked == [Place(160, 120, "tiny", roi)]


@pytest.mark.parametrize("live", [False, True])
def test_recorded_footage_gives_the_same_records_whatever_ran_before(
    package: Path, pictures: Path, live: bool
) -> None:
    memories = FocusMemories()
    config = RunConfig(source=str(pictures), model=package, live=live)
    assert used(config, memories) is not used(config, memories)


def test_so_does_a_simulated_line_that_waits(package: Path) -> None:
    memories = FocusMemories()
    config = RunConfig(source=LINE, model=package)
    assert used(config, memories) is not used(config, memories)


def test_the_runs_of_a_window_share_one(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[object] = []

    def build(config: RunConfig, **options: object) -> None:
        given.append(options["focus"])
        raise RuntimeError

    monkeypatch.setattr(app, "build_station", build)
    start = app.session_with(Credentials())
    for _ in range(2):
        session: RunSession = start(RunConfig(source=LINE, model=package))
        session.start()
        assert session.join(10)
    assert isinstance(given[0], FocusMemories)
    assert given[0] is given[1]
