"""What holds for every runner with lanes, whichever way it asks its session."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pytest

from inspector.errors import StateError
from inspector.inference.bound import BoundRunner
from inspector.inference.lanes import LANES
from inspector.inference.package import Package, load_package
from inspector.inference.recorded import RecordedRunner
from tests.support.gpus import Script, bound, recorded
from tests.support.tiny_model import write_tiny_package

Runner = BoundRunner | RecordedRunner
Made = Callable[[Script], Runner]
BLACK = [np.zeros((32, 32, 3), np.uint8)]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return load_package(write_tiny_package(tmp_path_factory.mktemp("tiny"), size=32, map_size=8))


@pytest.fixture(params=["bound", "recorded"])
def made(request: pytest.FixtureRequest, package: Package) -> Made:
    """Makes a runner for single pictures whose session follows a script."""
    return partial(bound, package) if request.param == "bound" else partial(recorded, package, 1)


def ready(made: Made, script: Script) -> Runner:
    """All of its lanes are."""
    runner = made(script)
    for _ in range(LANES):
        runner(BLACK)
    return runner


def test_what_was_answered_is_left_alone_by_later_runs(made: Made):
    runner = made(Script())
    bright = [np.full((32, 32, 3), 255, np.uint8)]
    answers = [runner(bright) for _ in range(LANES)]
    for _ in range(2 * LANES):
        runner(BLACK)
    for _, heat in answers:
        assert heat.min() == pytest.approx(1.0)
    runner.close()


def test_many_threads_each_get_their_own_answers(made: Made):
    runner = made(Script())

    def asked(level: int) -> float:
        return max(float(runner([np.full((32, 32, 3), level, np.uint8)])[0][0]) for _ in range(20))

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(asked, range(0, 240, 40)))
    assert found == pytest.approx([level / 255 for level in range(0, 240, 40)])
    runner.close()


def test_close_waits_for_who_is_inside_and_refuses_who_comes_later(made: Made):
    script = Script()
    runner = ready(made, script)
    script.held = True
    with ThreadPoolExecutor(2) as pool:
        inside = pool.submit(runner, BLACK)
        assert script.entered.acquire(timeout=10)
        closing = pool.submit(runner.close)
        with pytest.raises(TimeoutError):
            closing.result(0.2)
        script.go.release()
        assert inside.result(10)[0].shape == (1,)
        closing.result(10)
    with pytest.raises(StateError, match="close"):
        runner(BLACK)
    runner.close()


def test_a_lost_gpu_is_let_go_of_without_freeing_its_session(made: Made):
    """Freeing it may end the process."""
    runner = ready(made, Script())
    assert runner._session is not None
    session = weakref.ref(runner._session._session)  # type: ignore[attr-defined]
    runner.abandon()
    runner.abandon()
    with pytest.raises(StateError, match="close"):
        runner(BLACK)
    del runner
    gc.collect()
    assert session() is not None


def test_a_split_of_the_last_call_is_kept(made: Made):
    runner = made(Script())
    assert runner.last is None
    runner(BLACK)
    assert runner.last is not None
    assert min(runner.last.to_device, runner.last.run, runner.last.to_host) > 0
    runner.close()
