"""I/O binding with buffers that stay, as on a GPU, run on the CPU's own provider."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inspector.errors import StateError
from inspector.inference.bound import BoundRunner
from inspector.inference.lanes import LANES
from inspector.inference.network import PlainRunner
from inspector.inference.package import Package, load_package
from inspector.inference.sized import SizedRunner
from inspector.inference.trouble import Trouble, trouble_of
from tests.support.gpus import Script, bound, session_of
from tests.support.tiny_model import write_tiny_package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return load_package(write_tiny_package(tmp_path_factory.mktemp("tiny"), size=32, map_size=8))


@pytest.fixture
def runner(package: Package) -> Iterator[BoundRunner]:
    made = bound(package)
    yield made
    made.close()


def pictures(count: int, seed: int = 0) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 32, 32, 3), np.uint8))


@settings(max_examples=20, deadline=None)
@given(sizes=st.lists(st.integers(1, 8), min_size=1, max_size=12))
def test_it_says_what_session_run_says_whatever_batches_come(package: Package, sizes: list[int]):
    plain = PlainRunner(session_of(package), "image", ["score", "map"])
    runner = bound(package)
    for seed, size in enumerate(sizes):
        images = pictures(size, seed)
        for found, expected in zip(runner(images), plain(images), strict=True):
            np.testing.assert_array_equal(found, expected)
    runner.close()


def test_buffers_are_made_once_for_each_lane_and_size(package: Package):
    script = Script()
    runner = bound(package, script)
    runner.warm_up([1, 3])
    assert runner.sizes == (1, 3)
    warm = len(script.runs)
    assert warm == 2 * 2 * LANES  # the run that allocates and the one that is asked for
    for size in (1, 1, 3, 3) * 2:
        runner(pictures(size))
    assert len(script.runs) == warm + 8
    runner.close()


def test_all_runs_are_made_on_one_thread(package: Package):
    script = Script()
    runner = bound(package, script)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: runner(pictures(1 + n % 3, n)), range(30)))
    assert len({thread for thread, _ in script.runs}) == 1
    runner.close()


def test_the_next_pictures_are_copied_while_a_batch_runs(package: Package):
    script = Script()
    runner = bound(package, script)
    runner.warm_up([1])
    script.held = True
    with ThreadPoolExecutor(LANES) as pool:
        first = pool.submit(runner, pictures(1, 1))
        assert script.entered.acquire(timeout=10)
        second = pool.submit(runner, pictures(1, 2))
        # it waits for the device's thread alone: its lane is taken, its pictures are in
        while runner._thread._work_queue.qsize() == 0:
            assert not second.done()
        script.go.release(2)
        answers = [f.result(10)[1] for f in (first, second)]
    assert not np.array_equal(*answers)
    runner.close()


def test_a_failed_run_leaves_the_others_be(package: Package):
    script = Script()
    runner = bound(package, script)
    runner(pictures(1))
    script.problem = "Error in execution: CUDA failure 2: out of memory"
    for _ in range(3 * LANES):
        with pytest.raises(RuntimeError, match="out of memory"):
            runner(pictures(2))
    script.problem = None
    assert runner(pictures(2))[0].shape == (2,)
    runner.close()


def test_wrong_pictures_are_refused(runner: BoundRunner):
    with pytest.raises(ValueError, match="shape"):
        runner([np.zeros((16, 16, 3), np.uint8)])
    assert runner(pictures(1))[0].shape == (1,)


def test_a_run_that_does_not_come_back_is_a_lost_device(package: Package):
    """A driver that hangs must not hold the line."""
    script = Script()
    runner = bound(package, script)
    runner.warm_up([1])
    script.held, runner._answer_s = True, 0.05
    with pytest.raises(RuntimeError, match=r"device lost: no answer within 0\.05 s") as caught:
        runner(pictures(1))
    assert trouble_of(str(caught.value)) is Trouble.LOST
    runner.abandon()  # returns at once, although the run is still inside
    with pytest.raises(StateError):
        runner(pictures(1))
    script.go.release()


@pytest.mark.parametrize("also", [True, False])
def test_what_hangs_in_the_driver_holds_up_nobody_who_closes(package: Package, *, also: bool):
    """Nor is anything freed then: neither of the runner that hangs nor of one beside it."""
    script = Script()
    hanging, beside = bound(package, script), bound(package)
    for runner in (hanging, beside):
        runner.warm_up([1])
    kept = [weakref.ref(hanging._session), weakref.ref(beside._session)]
    script.held, hanging._answer_s = True, 0.05
    with pytest.raises(RuntimeError, match="device lost"):
        hanging(pictures(1))
    closing: Any = SizedRunner({1: beside, 2: hanging}) if also else hanging
    with ThreadPoolExecutor(1) as pool:
        pool.submit(closing.close).result(10)
    lane = hanging._lanes.get()
    untouched = lane.by_size[1].staging.images.copy()
    hanging._lanes.put(lane)
    for _ in range(2 * LANES):
        with pytest.raises(StateError):
            hanging(pictures(1, seed=9))
    assert np.array_equal(lane.by_size[1].staging.images, untouched)
    beside.close()
    del hanging, beside, closing, runner, lane
    gc.collect()
    assert kept[0]() is not None
    assert (kept[1]() is not None) == also
    script.go.release(2)
