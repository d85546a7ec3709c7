"""Trouble with a GPU: read from ONNX Runtime's words, mended once, then the CPU. Never PASS."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.core.frame import Image
from inspector.core.inspection import Crop
from inspector.errors import DeviceError, InferenceError, StateError
from inspector.inference.combiner import Combiner
from inspector.inference.lanes import LANES
from inspector.inference.network import Outputs
from inspector.inference.predictor import OnnxPredictor
from inspector.inference.providers import CPU, CUDA
from inspector.inference.recovery import DEGRADED, FAILED, HEALTHY_S, REBUILT, SturdyNetwork
from inspector.inference.trouble import Trouble, trouble_of
from tests.support.gpus import CUDNN, ILLEGAL_ADDRESS, OUT_OF_MEMORY, Script, scripted_gpu
from tests.support.tiny_model import write_tiny_package


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path, size=32, map_size=8)


def grey(level: int = 51) -> list[Crop]:
    return [Crop(np.full((32, 32, 3), level, np.uint8))]


def events_of(predictor: OnnxPredictor) -> list[tuple[str, str]]:
    heard: list[tuple[str, str]] = []
    predictor.listen(lambda kind, detail: heard.append((kind, detail)))
    return heard


@pytest.mark.parametrize(
    ("message", "trouble"),
    [
        (OUT_OF_MEMORY, Trouble.MEMORY),
        ("Available memory of 1048576 is smaller than requested bytes of 8388608", Trouble.MEMORY),
        ("CUDA failure 2: out of memory ; GPU=0 ; hostname=h ; expr=cudaMalloc", Trouble.MEMORY),
        ("CUBLAS failure 3: CUBLAS_STATUS_ALLOC_FAILED ; GPU=0", Trouble.MEMORY),
        ("CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED", Trouble.MEMORY),
        (CUDNN, Trouble.FAILED),
        ("CUBLAS failure 13: CUBLAS_STATUS_EXECUTION_FAILED ; GPU=0", Trouble.FAILED),
        ("CUDA error cudaErrorInvalidValue: invalid argument", Trouble.FAILED),
        ("CUDA failure 900: operation not permitted when stream is capturing", Trouble.FAILED),
        ("TensorRT EP execution context enqueue failed.", Trouble.FAILED),
        (ILLEGAL_ADDRESS, Trouble.LOST),
        ("CUDA failure 719: unspecified launch failure ; GPU=0", Trouble.LOST),
        ("CUDA failure 214: uncorrectable ECC error encountered", Trouble.LOST),
        ("CUDA failure 46: CUDA-capable device(s) is/are busy or unavailable", Trouble.LOST),
        ("CUDA error 100: no CUDA-capable device is detected", Trouble.LOST),
        ("cudaErrorIllegalAddress", Trouble.LOST),
        ("cudaError(719)", Trouble.LOST),
        ("device lost", Trouble.LOST),
        # the GPU has no part in these
        ("Non-zero status code returned while running Reshape node: shape mismatch", None),
        ("Expected on CUDAExecutionProvider, 100 found", None),
        ("Invalid rank for input: image Got: 3 Expected: 4", None),
        ("", None),
    ],
)
def test_what_the_words_mean(message: str, trouble: Trouble | None):
    assert trouble_of(message) is trouble


def test_the_frame_that_meets_it_fails_and_the_next_is_judged_by_a_new_session(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    heard = events_of(predictor)
    script.problem = OUT_OF_MEMORY
    closed = predictor._network._network
    mend_when_reopened(predictor, script)

    with pytest.raises(DeviceError, match="the GPU is out of memory"):
        predictor.predict(grey())

    assert predictor.predict(grey())[0].score == pytest.approx(0.2)
    assert (predictor.provider, predictor.degraded) == (CUDA, None)
    assert script.opens == [CUDA, CUDA]
    assert [kind for kind, _ in heard] == [REBUILT]
    assert "out of memory" in heard[0][1]
    with pytest.raises(StateError):  # its memory is free before the new one is loaded
        closed([np.zeros((32, 32, 3), np.uint8)])
    predictor.close()


def test_what_the_caller_has_to_do_meanwhile_does_not_wait_for_the_new_session(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    script.problem = OUT_OF_MEMORY
    order: list[str] = []
    reopen = predictor._network._reopen

    def reopens(provider: str):
        order.append("reopened")
        script.problem = None
        return reopen(provider)

    predictor._network._reopen = reopens
    with pytest.raises(DeviceError):
        predictor.predict(grey(), lambda: order.append("meanwhile"))
    assert order[0] == "meanwhile"
    assert order[-1] == "reopened"
    predictor.close()


def mend_when_reopened(predictor, script: Script) -> None:
    reopen = predictor._network._reopen

    def mended(provider: str):
        script.problem = None
        return reopen(provider)

    predictor._network._reopen = mended


@pytest.mark.parametrize("message", [OUT_OF_MEMORY, CUDNN])
def test_again_so_soon_it_goes_on_on_the_cpu(folder: Path, message: str):
    script, now = Script(), [0.0]
    predictor = scripted_gpu(folder, script, clock=lambda: now[0])
    heard = events_of(predictor)
    mend_when_reopened(predictor, script)
    for _ in range(2):
        script.problem = message
        with pytest.raises(DeviceError):
            predictor.predict(grey())
        now[0] += HEALTHY_S / 2

    assert predictor.predict(grey())[0].score == pytest.approx(0.2)
    assert predictor.provider == CPU
    assert "on the CPU instead of CUDA" in (predictor.degraded or "")
    assert [kind for kind, _ in heard] == [REBUILT, DEGRADED]
    predictor.close()


def test_after_a_healthy_while_it_is_built_anew_once_more(folder: Path):
    script, now = Script(), [0.0]
    predictor = scripted_gpu(folder, script, clock=lambda: now[0])
    heard = events_of(predictor)
    mend_when_reopened(predictor, script)
    for _ in range(3):
        script.problem = OUT_OF_MEMORY
        with pytest.raises(DeviceError):
            predictor.predict(grey())
        now[0] += HEALTHY_S + 1
    assert [kind for kind, _ in heard] == [REBUILT] * 3
    predictor.close()


def test_where_a_new_session_fails_too_the_cpu_takes_over_at_once(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    heard = events_of(predictor)
    script.problem = OUT_OF_MEMORY  # the golden check of the new session meets it as well
    with pytest.raises(DeviceError):
        predictor.predict(grey())
    assert script.opens == [CUDA, CUDA, CPU]
    assert predictor.predict(grey())[0].score == pytest.approx(0.2)
    assert [kind for kind, _ in heard] == [DEGRADED]
    assert "loading it anew failed" in heard[0][1]
    predictor.close()


def test_a_lost_gpu_is_not_tried_again_and_not_freed(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    heard = events_of(predictor)
    let_go: list[bool] = []
    network = predictor._network._network
    network.let_go = lambda error: let_go.append(error.lost)
    script.problem = ILLEGAL_ADDRESS
    with pytest.raises(DeviceError, match="the GPU is lost"):
        predictor.predict(grey())
    assert script.opens == [CUDA, CPU]
    assert let_go == [True]
    assert heard[0][0] == DEGRADED
    assert "restart the program" in heard[0][1]
    assert predictor.predict(grey())[0].score == pytest.approx(0.2)
    predictor.close()


@pytest.mark.parametrize("stay", [True, False])
def test_with_nothing_left_every_frame_fails(folder: Path, *, stay: bool):
    """Where a GPU is required, or the CPU cannot be had either."""
    script = Script()
    predictor = scripted_gpu(folder, script, stay=stay)
    heard = events_of(predictor)
    script.refuses = [CPU]
    script.problem = ILLEGAL_ADDRESS
    with pytest.raises(DeviceError):
        predictor.predict(grey())
    for _ in range(3):
        with pytest.raises(InferenceError, match="no network is left to ask"):
            predictor.predict(grey())
    assert [kind for kind, _ in heard] == [FAILED]
    assert ("a GPU is required" in heard[0][1]) is stay
    predictor.close()


def test_what_is_not_the_gpus_doing_changes_nothing(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    heard = events_of(predictor)
    script.problem = "Non-zero status code returned while running Reshape node"
    for _ in range(3):
        with pytest.raises(InferenceError, match="Reshape"):
            predictor.predict(grey())
    script.problem = None
    assert predictor.predict(grey())[0].score == pytest.approx(0.2)
    assert (script.opens, heard) == ([CUDA], [])
    predictor.close()


def test_two_threads_that_meet_it_together_mend_it_once(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    heard = events_of(predictor)
    script.held = True
    blank = [np.zeros((32, 32, 3), np.uint8)]
    with ThreadPoolExecutor(2) as pool:
        both = [pool.submit(predictor.run, blank) for _ in range(2)]
        assert script.entered.acquire(timeout=10)
        runner = predictor._network._network._runner
        while runner._thread._work_queue.qsize() == 0:  # the other one is inside, too
            assert not any(future.done() for future in both)
        script.problem, script.held = CUDNN, False
        script.go.release()
        for future in both:
            with pytest.raises(DeviceError):
                future.result(10)
    assert [kind for kind, _ in heard] == [DEGRADED]
    assert script.opens == [CUDA, CUDA, CPU]
    assert predictor.run(blank)["anomaly_score"].tolist() == [0.0]
    predictor.close()


def test_who_has_left_is_not_told(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    other = predictor.front(predictor.run, lambda: None)
    mine, others = events_of(predictor), events_of(other)
    other.stop_listening()
    script.problem = ILLEGAL_ADDRESS
    with pytest.raises(DeviceError):
        predictor.predict(grey())
    assert len(mine) == 1
    assert others == []
    # what runs is the same for both
    assert (other.provider, other.degraded) == (predictor.provider, predictor.degraded)
    predictor.close()


def test_leaving_waits_until_nobody_is_being_told(folder: Path):
    script = Script()
    predictor = scripted_gpu(folder, script)
    telling, go_on = threading.Event(), threading.Event()

    def slow(kind: str, detail: str) -> None:
        telling.set()
        assert go_on.wait(10)

    predictor.listen(slow)
    script.problem = ILLEGAL_ADDRESS
    with ThreadPoolExecutor(2) as pool:
        asking = pool.submit(predictor.predict, grey())
        assert telling.wait(10)
        leaving = pool.submit(predictor.stop_listening)
        assert not leaving.done()
        go_on.set()
        leaving.result(10)
        with pytest.raises(DeviceError):
            asking.result(10)
    predictor.close()


class Staged:
    """A network that is told what to do."""

    provider, remarks, golden_difference, last_split = CUDA, (), 0.0, None

    def __init__(self, act: Callable[[], Outputs], on_close: Callable[[], None]) -> None:
        self._act, self._on_close = act, on_close

    def __call__(self, images: Sequence[Image], meanwhile: object = None) -> Outputs:
        return self._act()

    def let_go(self, error: DeviceError) -> None:
        self._on_close()


def test_who_finds_it_closed_meanwhile_waits_for_the_new_one():
    """A StateError would end the run: it is not the frame's."""
    inside, closed, raised = (threading.Event() for _ in range(3))
    turns = iter([True, False])

    def act() -> Outputs:
        if next(turns):
            inside.set()
            assert closed.wait(10)
            raised.set()
            raise StateError("predict() after close()")
        raise DeviceError("the GPU failed")

    late: list[Future[Outputs]] = []

    def reopen(provider: str) -> Staged:
        assert raised.wait(10)
        wait(late, timeout=0.1)  # time enough to go wrong
        return Staged(dict, lambda: None)

    sturdy = SturdyNetwork(Staged(act, closed.set), reopen)
    with ThreadPoolExecutor(2) as pool:
        late.append(pool.submit(sturdy, []))
        assert inside.wait(10)
        with pytest.raises(DeviceError):
            sturdy([])
        assert late[0].result(10) == {}


def test_cameras_that_share_a_broken_gpu_all_hear_of_it_and_go_on(folder: Path):
    script = Script()
    core = scripted_gpu(folder, script)
    combiner = Combiner(core.run, most=4, lanes=2)
    cameras = [core.front(combiner, lambda: None) for _ in range(3)]
    heard = [events_of(camera) for camera in cameras]
    script.problem = ILLEGAL_ADDRESS

    def camera(number: int) -> list[float | None]:
        found: list[float | None] = []
        for _ in range(10):
            try:
                found.append(cameras[number].predict(grey(51 * number))[0].score)
            except InferenceError:
                found.append(None)
        return found

    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(camera, range(3)))
    assert any(score is None for scores in answers for score in scores)
    for number, scores in enumerate(answers):
        # what failed failed, and nothing was answered by what is broken
        assert [s for s in scores if s is not None] == pytest.approx(
            [0.2 * number] * (10 - scores.count(None))
        )
        assert scores[-1] is not None
        assert [kind for kind, _ in heard[number]] == [DEGRADED]
        assert cameras[number].provider == CPU
    for one in (*cameras, core):
        one.close()


@pytest.mark.parametrize("message", [OUT_OF_MEMORY, CUDNN])
def test_the_old_session_is_freed_before_a_new_one_is_loaded(folder: Path, message: str):
    """Else there would be as little memory as before: tracebacks hold on to sessions."""
    script = Script()
    predictor = scripted_gpu(folder, script)
    old = weakref.ref(predictor._network._network._runner._session)
    bindings = [weakref.ref(b.binding) for b in buffers_of(predictor)]
    mend_when_reopened(predictor, script)
    mended = predictor._network._reopen
    alive: list[bool] = []

    def reopen(provider: str):
        alive.append(any(held() is not None for held in (old, *bindings)))
        return mended(provider)

    predictor._network._reopen = reopen
    script.problem = message
    with pytest.raises(DeviceError):
        predictor.predict(grey())
    assert bindings
    assert alive == [False]
    predictor.close()


def buffers_of(predictor: OnnxPredictor) -> list[Any]:
    runner = predictor._network._network._runner
    lanes = [runner._lanes.get() for _ in range(LANES)]
    found = [held for lane in lanes for held in lane.by_size.values()]
    for lane in lanes:
        runner._lanes.put(lane)
    return found
