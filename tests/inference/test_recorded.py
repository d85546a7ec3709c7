"""Runs that are recorded once and done again, with a device in the host's memory."""

from __future__ import annotations

import gc
import queue
import weakref
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from inspector.errors import StateError
from inspector.inference import pinned
from inspector.inference import recorded as recorded_module
from inspector.inference.gate import CaptureGate
from inspector.inference.lanes import LANES
from inspector.inference.network import PlainRunner
from inspector.inference.package import Package, load_package
from inspector.inference.recorded import RecordedRunner
from inspector.inference.sized import SizedRunner
from inspector.inference.trouble import Trouble, trouble_of
from inspector.vision.resize import resize
from tests.support.gpus import ILLEGAL_ADDRESS, Script, recorded, session_of
from tests.support.shrinking import HostDevice, Locks
from tests.support.tiny_model import write_tiny_package


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Package:
    return load_package(write_tiny_package(tmp_path_factory.mktemp("tiny"), size=32, map_size=8))


def pictures(count: int, seed: int = 0, size: int = 32) -> list[np.ndarray]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, size, size, 3), np.uint8))


def plain(package: Package, images: list[np.ndarray]) -> list[np.ndarray]:
    runner = PlainRunner(session_of(package), "image", ["score", "map"])
    return runner([resize(image, 32, 32) for image in images])


@pytest.mark.parametrize("size", [1, 3])
def test_it_says_what_session_run_says(package: Package, size: int):
    runner = recorded(package, size)
    for seed in range(3 * LANES):
        for images in (pictures(size, seed), pictures(size, seed, 70)):
            for found, expected in zip(runner(images), plain(package, images), strict=True):
                np.testing.assert_array_equal(found, expected)
    runner.close()


def test_the_session_runs_on_one_thread_while_lanes_are_made_and_never_again(package: Package):
    script = Script()
    runner = recorded(package, 1, script)
    runner.warm_up()
    assert runner.sizes == (1,)
    made = len(script.runs)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(lambda n: runner(pictures(1, n)), range(30)))
    assert len(script.runs) == made
    assert len({thread for thread, _ in script.runs}) == 1
    assert script.replays == LANES + 30
    for _, options in script.runs:  # ONNX Runtime records none of its own
        assert options.get_run_config_entry("gpu_graph_id") == "-1"
    waits = [
        o.get_run_config_entry("disable_synchronize_execution_providers") for _, o in script.runs
    ]
    # what allocates comes first, and more than once; the recorded one must not wait
    assert waits == (["0"] * 3 + ["1"]) * LANES
    runner.close()


def test_another_number_of_pictures_is_refused(package: Package):
    runner = recorded(package, 2)
    with pytest.raises(StateError, match="a graph of 2 pictures, asked for 1"):
        runner(pictures(1))
    assert runner(pictures(2))[0].shape == (2,)
    runner.close()


def test_closing_frees_all_and_gives_the_stream_back(package: Package):
    device = HostDevice()
    runner = recorded(package, 1, device=device)
    runner(pictures(1, size=70))
    assert device.held
    session = weakref.ref(runner._session._session)
    runner.close()
    runner.close()
    assert device.held == {}
    assert device.spared == device.streams
    gc.collect()
    assert session() is None
    with pytest.raises(StateError, match="close"):
        runner(pictures(1))


class RecordingGate(CaptureGate):
    def __init__(self) -> None:
        super().__init__()
        self.entries: list[str] = []

    @contextmanager
    def shared(self) -> Iterator[None]:
        with super().shared():
            self.entries.append("shared")
            yield

    @contextmanager
    def alone(self) -> Iterator[None]:
        with super().alone():
            self.entries.append("alone")
            yield


def test_only_a_recording_is_made_alone_and_a_line_passes_no_gate(package: Package):
    gate = RecordingGate()
    runner = recorded(package, 1, gate=gate)
    runner.warm_up()
    assert gate.entries == ["shared", "shared", "alone"] * LANES
    for _ in range(2 * LANES):
        runner(pictures(1))
    assert len(gate.entries) == 3 * LANES
    runner.close()


def test_a_line_goes_on_while_another_model_gets_ready(package: Package):
    gate, script = CaptureGate(), Script()
    line, other = recorded(package, 1, gate=gate), recorded(package, 1, script, gate=gate)
    line.warm_up()
    script.held = True
    with ThreadPoolExecutor(2) as pool:
        loading = pool.submit(other, pictures(1))
        assert script.entered.acquire(timeout=10)
        assert pool.submit(line, pictures(1)).result(10)[0].shape == (1,)
        script.go.release(9)
        assert loading.result(10)[0].shape == (1,)
    line.close()
    other.close()


def test_a_recording_that_is_refused_is_told(package: Package):
    device, refusal = HostDevice(), "CUDA failure 901: operation failed ; cuStreamEndCapture"
    runner = recorded(package, 1, device=device)
    device.streams[0].refuses_to_record = refusal
    for _ in range(2 * LANES):
        with pytest.raises(RuntimeError, match="CUDA failure 901"):
            runner(pictures(1))
    device.streams[0].refuses_to_record = None
    assert runner(pictures(1))[0].shape == (1,)  # no lane is lost by it
    runner.close()


def test_the_first_error_of_a_recording_is_the_one_told(package: Package):
    device, script = HostDevice(), Script()
    runner = recorded(package, 1, script, device)
    runner.warm_up()
    runner._lanes.get()
    runner._lanes.put(None)
    real, device.streams[0].refuses_to_record = (
        runner._session.run_with_iobinding,
        "CUDA failure 901",
    )

    def breaks(binding: Any, options: Any) -> None:
        if device.streams[0].recording is not None:
            raise RuntimeError("Error in execution: Resize")
        real(binding, options)

    runner._session.run_with_iobinding = breaks
    runner(pictures(1))
    with pytest.raises(RuntimeError, match="Resize"):
        runner(pictures(1))
    runner.close()


def test_what_fails_is_raised_and_others_are_left_be(package: Package):
    script = Script()
    runner = recorded(package, 1, script)
    runner.warm_up()
    script.problem = ILLEGAL_ADDRESS
    for _ in range(3 * LANES):
        with pytest.raises(RuntimeError, match="illegal memory access"):
            runner(pictures(1))
    script.problem = None
    assert runner(pictures(1))[0].shape == (1,)
    runner.close()


def test_a_lane_that_cannot_be_made_leaves_no_memory_locked(
    package: Package, monkeypatch: pytest.MonkeyPatch
):
    """It would be taken for what is mapped there next."""
    locks, device = Locks(), HostDevice()
    monkeypatch.setattr(pinned, "driver", lambda: locks)
    runner = recorded(package, 1, device=device)
    runner._memory = "cuda"
    monkeypatch.setattr(
        RecordedRunner, "_on_device", lambda self, shape, dtype: on_the_host(shape, dtype)
    )
    device.streams[0].refuses_to_record = "CUDA failure 901"
    for _ in range(2):
        with pytest.raises(RuntimeError, match="CUDA failure 901"):
            runner(pictures(1))
    assert locks.locked == {}
    device.streams[0].refuses_to_record = None
    runner(pictures(1))
    assert len(locks.locked) == 3  # pictures, score and map
    runner.close()
    assert locks.locked == {}


def on_the_host(shape: Any, dtype: Any) -> ort.OrtValue:
    return ort.OrtValue.ortvalue_from_shape_and_type(list(shape), dtype, "cpu", 0)


def test_one_run_that_takes_long_does_not_make_the_next_ones_wait(
    package: Package, monkeypatch: pytest.MonkeyPatch
):
    device, clock = HostDevice(), Clock()
    monkeypatch.setattr(recorded_module, "time", clock)
    runner = recorded(package, 1, device=device)
    runner.warm_up()
    event = Answers(clock)
    runner._lanes = queue.SimpleQueue()
    other = recorded(package, 1)
    other.warm_up()
    lane, runner._stream = other._lanes.get(), other._stream
    other._lanes.put(lane)
    for _ in range(LANES):
        runner._lanes.put(replace(lane, done=event))
    for _ in range(60):
        event.after_s = 0.001
        runner(pictures(1))
    assert 0.0008 < runner._usual_s < 0.0013
    assert clock.looks < 60 * 300  # it sleeps for most of it
    for _ in range(40):
        event.after_s = 0.0002
        runner(pictures(1))
    assert runner._usual_s < 0.0004  # and no longer than it must
    event.after_s = 0.001
    for _ in range(40):
        runner(pictures(1))
    event.after_s = 3.0
    runner(pictures(1))
    event.after_s, before = 0.001, clock.now
    runner(pictures(1))
    assert clock.now - before < 0.002
    runner.close()
    other.close()


class Clock:
    """Time that passes by sleeping and by looking."""

    def __init__(self) -> None:
        self.now, self.looks = 100.0, 0

    def perf_counter(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Answers:
    """An event that is past so long after its mark."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.after_s, self.marked = clock, 0.0, 0.0

    def mark(self, stream: Any) -> None:
        stream.wait()
        self.marked = self.clock.now

    def is_past(self, *, quick: bool = True) -> bool:
        self.clock.looks += 1
        self.clock.now += 2e-6
        return self.clock.now - self.marked >= self.after_s

    def close(self) -> None:
        return None


def test_the_lane_is_given_back_when_the_device_has_done_with_it(package: Package):
    script = Script()
    runner = recorded(package, 1, script)
    runner.warm_up()
    before = script.replays

    def breaks() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        runner(pictures(1), breaks)
    assert script.replays == before + 1
    assert runner(pictures(1))[0].shape == (1,)
    runner.close()


def stuck(package: Package, device: HostDevice) -> RecordedRunner:
    runner = recorded(package, 1, device=device)
    runner.warm_up()
    device.streams[0].is_stuck, runner._answer_s = True, 0.05
    with pytest.raises(RuntimeError, match=r"device lost: no answer within 0\.05 s") as caught:
        runner(pictures(1))
    assert trouble_of(str(caught.value)) is Trouble.LOST
    return runner


@pytest.mark.parametrize("also", [True, False])
def test_a_device_that_does_not_answer_holds_up_nobody_and_nothing_of_it_is_freed(
    package: Package, *, also: bool
):
    """Neither of the runner that hangs nor of one beside it."""
    device = HostDevice()
    hanging, beside = stuck(package, device), recorded(package, 1)
    beside.warm_up()
    kept = [weakref.ref(r._session._session) for r in (hanging, beside)]
    closing: Any = SizedRunner({1: beside, 2: hanging}) if also else hanging
    with ThreadPoolExecutor(1) as pool:
        pool.submit(closing.close).result(10)
    for _ in range(2 * LANES):
        with pytest.raises(StateError):
            hanging(pictures(1, seed=9))
    assert device.spared == []
    beside.close()
    del hanging, beside, closing
    gc.collect()
    assert kept[0]() is not None
    assert (kept[1]() is not None) == also


def test_of_a_lost_gpu_nothing_is_freed(package: Package):
    device = HostDevice()
    runner = recorded(package, 1, device=device)
    runner(pictures(1, size=70))
    held = dict(device.held)
    runner.abandon()
    assert device.held == held


def test_the_caller_has_time_while_it_is_computed(package: Package):
    script, seen = Script(), []
    runner = recorded(package, 1, script)
    runner.warm_up()
    before = script.replays
    lane = runner._lanes.get()
    launches = lane.graph.launches
    runner._lanes.put(lane)
    runner._lanes.put(runner._lanes.get())  # the same lane comes next

    def meanwhile() -> None:
        seen.append((lane.graph.launches - launches, script.replays - before))

    runner(pictures(1), meanwhile)
    assert seen == [(1, 0)]  # launched and not yet waited for
    assert SizedRunner({1: runner})(pictures(1) * 3, lambda: seen.append(None))[0].shape == (3,)
    assert seen[1:] == [None]
    runner.close()
