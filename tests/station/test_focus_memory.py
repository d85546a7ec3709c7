"""Which runs go on with what earlier ones learnt of a sharp picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.config import RunConfig
from inspector.core.geometry import Roi
from inspector.engine.focus_memory import FocusMemory, Place, Sharp
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


def used(config: RunConfig, memory: FocusMemory | None) -> FocusMemory:
    with build_station(config, focus=memory) as station:
        return station.pipeline._setup.focus


def test_a_live_line_goes_on_with_them(package: Path) -> None:
    memory = FocusMemory()
    live = RunConfig(source=LINE, model=package, live=True)
    assert used(live, memory) is memory
    assert used(live, None) is not used(live, None)


def test_they_hold_for_this_camera_picture_product_and_region(package: Path) -> None:
    asked: list[Place] = []

    class Asked(FocusMemory):
        def recall(self, place: Place) -> Sharp:
            asked.append(place)
            return super().recall(place)

    roi = Roi(10, 20, 100, 90)
    used(RunConfig(source=LINE, model=package, live=True, roi=roi), Asked())
    assert asked == [Place("sim-metal_nut", 160, 120, "tiny", roi)]


def test_recorded_footage_gives_the_same_records_whatever_ran_before(
    package: Path, pictures: Path
) -> None:
    memory = FocusMemory()
    for config in (
        RunConfig(source=LINE, model=package),
        RunConfig(source=str(pictures), model=package),
        RunConfig(source=str(pictures), model=package, live=True),
    ):
        assert used(config, memory) is not memory


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
    assert isinstance(given[0], FocusMemory)
    assert given[0] is given[1]
