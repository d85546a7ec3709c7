"""A full collection while a line runs does not look at what lives as long as the program."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from inspector.cli import running
from inspector.cli import station as station_command
from inspector.config import RunConfig
from inspector.station.bench import measure, scaling
from inspector.station.long_lived import set_aside

MODEL = Path(__file__).parents[2] / "models/metal_nut/1"


class Cycle:
    def __init__(self) -> None:
        self.me = self


@pytest.fixture(autouse=True)
def thawed() -> Iterator[None]:
    yield
    gc.unfreeze()


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


class Started(Exception):
    """As far as the test goes."""


def follows(start: Callable[[], None]) -> dict[str, Callable[[], object]]:
    """Every way in which a command starts a line."""
    pipeline = SimpleNamespace(start=start)
    station = SimpleNamespace(pipeline=pipeline, run_id="run")
    group = SimpleNamespace(start=start, stations={})
    return {
        "run": lambda: running.follow(station),  # type: ignore[arg-type]
        "station": lambda: station_command._follow(group, None),  # type: ignore[arg-type]
        "bench": lambda: measure.plain_follow(station, 1.0),  # type: ignore[arg-type]
    }


@pytest.mark.parametrize("way", ["run", "station", "bench"])
def test_it_is_done_before_a_line_starts(way: str, monkeypatch: pytest.MonkeyPatch):
    done: list[str] = []

    def start() -> None:
        assert done == ["set aside"]
        raise Started

    for module in (running, station_command, measure):
        monkeypatch.setattr(module, "set_aside", lambda: done.append("set aside"))
    with pytest.raises(Started):
        follows(start)[way]()


def test_many_cameras_are_measured_without_it_in_between(monkeypatch: pytest.MonkeyPatch):
    order: list[str] = []

    class Notes(scaling.Stalls):
        def __enter__(self) -> scaling.Stalls:
            order.append("measured")
            raise Started

    monkeypatch.setattr(scaling, "set_aside", lambda: order.append("set aside"))
    monkeypatch.setattr(scaling, "Stalls", Notes)
    config = RunConfig(source="sim:metal_nut?width=320&height=180&fps=60", model=MODEL)
    with pytest.raises(Started):
        scaling.measure_cameras(config, [1], 0.1, lambda step: None)
    assert order == ["set aside", "measured"]
