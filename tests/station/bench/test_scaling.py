from __future__ import annotations

from pathlib import Path

import pytest

from inspector.config import RunConfig
from inspector.sources.looped import LoopedSource
from inspector.station.bench import scaling
from inspector.station.group import CameraGroup
from tests.support.tiny_model import write_tiny_package

SOURCE = "sim:metal_nut?width=320&height=180&fps=30&parts=1"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path, t1=0.6, t2=0.8)


@pytest.fixture
def begun(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Index of the picture that each camera shows first."""
    found: list[int] = []

    class Watched(LoopedSource):
        def __init__(self, *args: object, first: int = 0) -> None:
            found.append(first)
            super().__init__(*args, first=first)  # type: ignore[arg-type]

    def not_run(group: CameraGroup, seconds: float) -> object:
        group.start()
        group.stop()
        group.finish()
        raise RuntimeError("measured enough")

    monkeypatch.setattr(scaling, "LoopedSource", Watched)
    monkeypatch.setattr(scaling, "_run", not_run)
    return found


def measure(package: Path, count: int, *, in_step: bool) -> None:
    config = RunConfig(source=SOURCE, model=package)
    with pytest.raises(RuntimeError, match="measured enough"):
        scaling.measure_cameras(config, [count], 0.1, lambda _: None, in_step=in_step)


def test_cameras_begin_at_places_of_their_own_and_the_same_each_time(
    package: Path, begun: list[int]
) -> None:
    measure(package, 4, in_step=False)
    first = list(begun)
    assert len(set(first)) > 1
    begun.clear()
    measure(package, 3, in_step=False)
    assert begun == first[:3]


def test_in_step_all_begin_with_the_same_picture(package: Path, begun: list[int]) -> None:
    measure(package, 3, in_step=True)
    assert begun == [0, 0, 0]
