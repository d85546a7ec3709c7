"""A package opened on CUDA: its sessions and graphs, what is checked, what a refusal leaves."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inspector.core.execution import Execution
from inspector.core.inspection import Crop
from inspector.errors import DeviceError, PackageError, ProviderError
from inspector.inference import opening as opening_module
from inspector.inference import pinned
from inspector.inference import predictor as predictor_module
from inspector.inference.bound import BoundRunner
from inspector.inference.network import Network
from inspector.inference.opening import open_network
from inspector.inference.package import Package, load_package
from inspector.inference.pinned import LockedMemory
from inspector.inference.predictor import open_predictor
from inspector.inference.providers import (
    CPU,
    CUDA,
)
from inspector.inference.recorded import RecordedRunner
from inspector.inference.recovery import SturdyNetwork
from inspector.inference.session import open_session
from inspector.vision.resize import resize
from tests.support.gpus import ILLEGAL_ADDRESS, OUT_OF_MEMORY, Script, ScriptedSession, session_of
from tests.support.shrinking import HostDevice, Locks
from tests.support.tiny_model import write_tiny_package

NO_GRAPH = (
    "[ONNXRuntimeError] : 1 : FAIL : This session cannot use the graph capture feature as"
    " requested by the user  as all compute graph nodes have not been partitioned to the"
    " CUDAExecutionProvider"
)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return load_package(write_tiny_package(tmp_path / "tiny", size=32, map_size=8))


class FakeCuda:
    """Sessions "on CUDA" that run on the CPU, as the options ask: with a graph or without."""

    def __init__(self, package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
        self._package = package
        self.scripts = {"1": Script(), "0": Script()}
        self.refuses: dict[str, str] = {}
        self.opened: list[str] = []
        self.limits: list[int] = []
        self.alive: list[bool] = []
        self.device, self.no_device = HostDevice(), ""
        self._sessions: list[weakref.ref[Any]] = []
        monkeypatch.setattr(opening_module, "open_session", self._open)
        monkeypatch.setattr(opening_module, "BoundRunner", self._bound)
        monkeypatch.setattr(opening_module, "RecordedRunner", self._recorded)
        monkeypatch.setattr(opening_module, "driver", self._driver)

    def _driver(self) -> HostDevice:
        if self.no_device:
            raise RuntimeError(self.no_device)
        return self.device

    def _open(self, model: bytes, *, options: dict[str, str], **more: Any) -> Any:
        if more["provider"] == CPU:
            return session_of(self._package)
        graph = options["enable_cuda_graph"]
        self.opened.append(graph)
        self.limits.append(int(options["gpu_mem_limit"]))
        self.alive.append(any(held() is not None for held in self._sessions))
        if graph in self.refuses:
            raise ProviderError(f"CUDA cannot be used: {self.refuses[graph]}")
        real = session_of(self._package)
        named = options.get("user_compute_stream", "")
        stream = next((s for s in self.device.streams if str(s.address) == named), None)
        assert (stream is not None) == (graph == "1")
        scripted = ScriptedSession(real, self.scripts[graph], stream)
        scripted.get_inputs = real.get_inputs
        scripted.get_outputs = real.get_outputs
        self._sessions.append(weakref.ref(scripted))
        return scripted

    def _bound(self, *given: Any, device: str) -> BoundRunner:
        return BoundRunner(*given, device="cpu")

    def _recorded(self, *given: Any, **more: Any) -> RecordedRunner:
        return RecordedRunner(*given, **more, memory="cpu")


@pytest.fixture
def cuda(package: Package, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCuda]:
    return FakeCuda(package, monkeypatch)


def opened(package: Package, *, most: int = 1, **execution: Any) -> Network:
    asked = Execution(**execution)
    return open_network(package, "fp32", CUDA, threads=1, execution=asked, most=most)


def test_a_model_that_can_be_recorded_is(package: Package, cuda: FakeCuda):
    network = opened(package)
    assert cuda.opened == ["1"]
    assert not any("graph" in line for line in network.remarks)
    assert network([np.zeros((32, 32, 3), np.uint8)] * 2)["anomaly_score"].tolist() == [0, 0]
    network.close()


@pytest.fixture
def reach(monkeypatch: pytest.MonkeyPatch) -> Iterator[LockedMemory]:
    """Memory that the device can read: all of it, here."""
    locks = Locks()
    monkeypatch.setattr(pinned, "driver", lambda: locks)
    memory = LockedMemory(16)
    yield memory
    memory.close()


@pytest.mark.parametrize("most", [1, 4])
def test_regions_come_as_they_are_and_are_made_smaller_there(
    package: Package, cuda: FakeCuda, reach: LockedMemory, most: int
):
    network, plain = (
        opened(package, most=most),
        open_network(package, "fp32", CPU, threads=1, execution=Execution(provider="cpu")),
    )
    random = np.random.default_rng(0)
    large = [reach.kept(random.integers(0, 256, (90, 70, 3), np.uint8)) for _ in range(7)]
    assert all(network.takes(image) and not plain.takes(image) for image in large)
    far = random.integers(0, 256, (90, 70, 3), np.uint8)
    assert not network.takes(far)
    for images in (large[:1], large[:3], [*large, far], [far], large[:1]):
        expected = plain([resize(image, 32, 32) for image in images])
        for found in (network(images), plain(images)):
            for role, values in expected.items():
                np.testing.assert_array_equal(found[role], values)
    assert sum(len(stream.launched) for stream in cuda.device.streams) > 0
    network.close()
    assert cuda.device.held == {}


def test_who_asks_has_time_once_however_many_are_asked_about(package: Package, cuda: FakeCuda):
    network, seen = opened(package, most=2), list[int]()
    sturdy = SturdyNetwork(network, lambda provider: network)
    assert sturdy.runs_beside
    for count in (1, 2, 5):
        sturdy([np.zeros((32, 32, 3), np.uint8)] * count, lambda: seen.append(1))
    assert len(seen) == 3
    sturdy.close()


def test_a_size_is_proven_once_for_batches_of_all_sizes(
    package: Package, cuda: FakeCuda, reach: LockedMemory
):
    """A line that starts has no time for more."""
    network = opened(package, most=8)
    image = reach.kept(np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8))
    for count in (1, 2, 4, 8):
        network([image] * count)
    assert sum(len(stream.launched) for stream in cuda.device.streams) == 4 + 1
    network.close()


def test_without_it_the_processor_makes_them_smaller_and_says_so(
    package: Package, cuda: FakeCuda, reach: LockedMemory
):
    cuda.no_device = "CUDA failure 222: the provided PTX was compiled with an unsupported toolchain"
    network = opened(package)
    assert any(r.startswith("no CUDA graph: CUDA failure 222") for r in network.remarks)
    image = reach.kept(np.full((90, 70, 3), 51, np.uint8))
    assert not network.takes(image)
    assert network([image])["anomaly_score"] == pytest.approx([0.2])
    network.close()


def test_what_fails_there_is_the_gpus_fault(package: Package, cuda: FakeCuda, reach: LockedMemory):
    network = opened(package)
    image = reach.kept(np.full((90, 70, 3), 51, np.uint8))
    for stream in cuda.device.streams:
        stream.problem = "CUDA failure 700: an illegal memory access was encountered ; cuStreamSyn"
    with pytest.raises(DeviceError) as caught:
        network([image])
    assert caught.value.lost
    network.let_go(caught.value)


@pytest.mark.parametrize(("most", "sessions"), [(2, 2), (3, 3), (8, 4)])
def test_batches_of_any_size_run_on_graphs_that_stay_whole(
    package: Package, cuda: FakeCuda, most: int, sessions: int
):
    """A session whose batch changes frees the kernels that its graphs launch."""
    network = opened(package, most=most)
    assert cuda.opened == ["1"] * sessions
    assert sum(cuda.limits) <= Execution().gpu_mem_limit_mb << 20
    for count in (1, 3, 2, 8, 1, 5, 4, 7, 6, 20, 1):
        levels = [12 * n for n in range(count)]
        found = network([np.full((32, 32, 3), level, np.uint8) for level in levels])
        assert found["anomaly_score"] == pytest.approx([level / 255 for level in levels])
    network.close()


@pytest.mark.parametrize("graph", [True, False])
@pytest.mark.parametrize("lane", [1, 2])
@pytest.mark.parametrize(("most", "size"), [(1, 1), (4, 1), (4, 2), (4, 4), (5, 5), (2, 2)])
def test_no_size_and_no_lane_escapes_the_golden_check(
    package: Package, cuda: FakeCuda, *, graph: bool, lane: int, most: int, size: int
):
    for script in cuda.scripts.values():
        script.wrong = (size, lane)
    with pytest.raises(PackageError, match="golden check failed"):
        opened(package, most=most, cuda_graph=graph)


@pytest.mark.parametrize("most", [1, 3, 8])
def test_the_single_pictures_are_checked_once_more_after_the_batches(
    package: Package, cuda: FakeCuda, most: int
):
    """A graph that minds another size may work until that has run."""
    network = opened(package, most=most)
    shown = [int(size) for size in cuda.scripts["1"].sizes]
    images = len(package.golden("fp32").images)
    assert shown[-images:] == [1] * images
    assert max(shown) == most
    network.close()


@pytest.mark.parametrize("message", ["CUDA failure 700: an illegal memory access", OUT_OF_MEMORY])
def test_what_happens_while_a_later_size_is_opened(
    package: Package, cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch, message: str
):
    """Lost: what is recorded must not be freed. Full: one session without graphs may fit."""
    real = cuda._open

    def broken(model: bytes, **more: Any) -> Any:
        if cuda.opened == ["1"]:
            cuda.opened.append("1")
            raise ProviderError(f"CUDA cannot be used: {message}")
        return real(model, **more)

    monkeypatch.setattr(opening_module, "open_session", broken)
    if message == OUT_OF_MEMORY:
        network = opened(package, most=4)
        assert cuda.opened == ["1", "1", "0"]
        assert cuda.alive == [False, False]
        assert network.remarks[0].startswith("no CUDA graph: ")
        network.close()
        return
    with pytest.raises(ProviderError, match="illegal memory access"):
        opened(package, most=4)
    gc.collect()
    assert cuda._sessions[0]() is not None


def test_a_later_size_that_cannot_be_recorded_leaves_no_session_behind(
    package: Package, cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
):
    real = cuda._open

    def full(model: bytes, **more: Any) -> Any:
        if len(cuda.opened) == 2:
            cuda.scripts["1"].problem = OUT_OF_MEMORY
        return real(model, **more)

    monkeypatch.setattr(opening_module, "open_session", full)
    network = opened(package, most=4)
    assert cuda.opened == ["1", "1", "1", "0"]
    assert cuda.alive[-1] is False
    assert network.remarks[0].startswith("no CUDA graph: ")
    network.close()


def test_a_model_that_cannot_be_recorded_runs_without_and_says_why(
    package: Package, cuda: FakeCuda
):
    cuda.refuses = {"1": NO_GRAPH}
    network = opened(package)
    assert cuda.opened == ["1", "0"]
    assert network.remarks[0].startswith("no CUDA graph: ")
    assert "not been partitioned" in network.remarks[0]
    network.close()


def test_graphs_can_be_switched_off(package: Package, cuda: FakeCuda):
    network = opened(package, cuda_graph=False)
    assert cuda.opened == ["0"]
    network.close()


@pytest.mark.parametrize(
    "message", ["CUDA failure 900: operation not permitted when stream is capturing", OUT_OF_MEMORY]
)
def test_a_recording_that_fails_is_done_without(package: Package, cuda: FakeCuda, message: str):
    cuda.scripts["1"].problem = message
    network = opened(package)
    assert cuda.opened == ["1", "0"]
    assert pinned._lost == []  # the GPU is sound
    # a spoilt recording must not be freed, memory that ran out must be
    assert cuda.alive == [False, message != OUT_OF_MEMORY]
    assert network.remarks[0].startswith("no CUDA graph: ")
    network.close()


def test_a_gpu_that_is_lost_while_recording_is_not_asked_again(package: Package, cuda: FakeCuda):
    cuda.scripts["1"].problem = ILLEGAL_ADDRESS
    with pytest.raises(ProviderError, match="CUDA cannot be used"):
        opened(package)
    assert cuda.opened == ["1"]
    assert pinned._lost


def test_another_refusal_is_no_matter_of_graphs(package: Package, cuda: FakeCuda):
    cuda.refuses = {"1": "onnxruntime fell back to CPUExecutionProvider"}
    with pytest.raises(ProviderError, match="fell back"):
        opened(package)
    assert cuda.device.spared == cuda.device.streams
    assert cuda.opened == ["1"]


def test_out_of_memory_from_the_start_leaves_the_cpu(
    package: Package, cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch
):
    """Where no GPU is required; the golden check on the CPU still has the last word."""
    for script in cuda.scripts.values():
        script.problem = OUT_OF_MEMORY
    with pytest.raises(ProviderError, match="CUDA cannot be used: "):
        opened(package)
    assert cuda.opened == ["1", "0"]
    monkeypatch.setattr(predictor_module, "why_no_cuda", lambda: None)
    real = open_network

    def on(package: Package, name: str, provider: str, **more: Any) -> Network:
        if provider == CPU:
            monkeypatch.setattr(opening_module, "open_session", open_session)
        return real(package, name, provider, **more)

    monkeypatch.setattr(predictor_module, "open_network", on)
    predictor = open_predictor(package)
    assert predictor.provider == CPU
    assert predictor.predict([Crop(np.zeros((32, 32, 3), np.uint8))])[0].score == 0.0
    predictor.close()


def test_a_golden_check_that_fails_is_the_packages_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def tamper(draft: Any) -> None:
        draft.golden["anomaly_score"] = draft.golden["anomaly_score"] + 0.5

    bad = load_package(write_tiny_package(tmp_path / "bad", size=32, map_size=8, tamper=tamper))
    FakeCuda(bad, monkeypatch)
    with pytest.raises(PackageError, match="golden check failed on CUDA"):
        opened(bad)
