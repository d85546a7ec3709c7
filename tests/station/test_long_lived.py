"""A full collection while a line runs does not look at what lives as long as the program."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from typer.testing import CliRunner

from inspector.cli import replay as replay_command
from inspector.cli import run as run_command
from inspector.cli import station as station_command
from inspector.cli.app import build_app
from inspector.config import RunConfig
from inspector.engine import pipeline
from inspector.errors import InspectorError
from inspector.station.bench import measure, scaling
from inspector.station.bench.stalls import Stalls
from inspector.station.long_lived import set_aside

MODEL = Path(__file__).parents[2] / "models/metal_nut/1"


class Cycle:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.collect()
    gc.freeze()


def test_what_is_there_is_passed_over_and_what_comes_later_is_not():
    set_aside()
    assert gc.get_freeze_count() > 10_000
    assert len(gc.get_objects()) < 1_000
    later = Cycle()
    gone = weakref.ref(later)
    del later
    gc.collect()
    assert gone() is None


def test_what_the_line_before_left_behind_is_collected():
    held = Cycle()
    gone = weakref.ref(held)
    set_aside()
    del held
    gc.collect()
    assert gone() is not None
    set_aside()
    assert gone() is None


class Started(InspectorError):
    """As far as the test goes."""


@pytest.mark.parametrize("command", [run_command, replay_command, station_command])
def test_a_command_does_it_before_its_line_starts(
    command: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    done: list[str] = []
    monkeypatch.chdir(tmp_path)

    def starts(*given: object) -> None:
        assert done == ["set aside"]
        raise Started

    monkeypatch.setattr(command, "set_aside", lambda: done.append("set aside"))
    monkeypatch.setattr(pipeline.Pipeline, "start", starts)
    footage = str(MODEL.parents[2] / "assets/footage/metal_nut.mp4")
    options = ["--model", str(MODEL), "--roi", "240,30,480,480"]
    job = f'name = "nut"\nsource = "{footage}"\nmodel = "{MODEL}"\n'
    (tmp_path / "nut.toml").write_text(job)
    (tmp_path / "line.toml").write_text(
        'station = "s"\n[[cameras]]\nname = "a"\njob = "nut.toml"\n'
    )
    source = "sim:metal_nut?width=960&height=540&fps=60"
    arguments = {
        run_command: ["run", source, *options],
        replay_command: ["replay", footage, *options],
        station_command: ["station", str(tmp_path / "line.toml")],
    }[command]
    result = CliRunner().invoke(build_app(arguments), arguments)
    assert isinstance(result.exception, Started), result.output


def _one_camera(config: RunConfig) -> None:
    measure.run_once(config, 0.5)


def _many_cameras(config: RunConfig) -> None:
    scaling.measure_cameras(config, [1], 0.1, lambda step: None)


@pytest.mark.parametrize(
    ("module", "run"), [(measure, _one_camera), (scaling, _many_cameras)], ids=["one", "many"]
)
def test_what_it_takes_is_not_measured(
    module: ModuleType, run: Callable[[RunConfig], None], monkeypatch: pytest.MonkeyPatch
):
    order: list[str] = []

    class Notes(Stalls):
        def __enter__(self) -> Stalls:
            order.append("measured")
            raise Started

    monkeypatch.setattr(module, "set_aside", lambda: order.append("set aside"))
    monkeypatch.setattr(module, "Stalls", Notes)
    with pytest.raises(Started):
        run(RunConfig(source="sim:metal_nut?width=320&height=180&fps=60", model=MODEL))
    assert order == ["set aside", "measured"]
