"""Which provider is asked for, with what options, and what is said where it cannot be had."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from inspector.core.execution import Execution
from inspector.core.inspection import Crop
from inspector.errors import PackageError, ProviderError
from inspector.inference import network as network_module
from inspector.inference import predictor as predictor_module
from inspector.inference import providers as providers_module
from inspector.inference import session as session_module
from inspector.inference.bound import BoundRunner
from inspector.inference.network import Network, open_network
from inspector.inference.package import Package, load_package
from inspector.inference.pinned import Staging
from inspector.inference.predictor import open_predictor
from inspector.inference.providers import (
    CPU,
    CUDA,
    TENSORRT,
    cuda_options,
    engine_folder,
    tensorrt_options,
)
from inspector.inference.session import open_session
from tests.support.gpus import ILLEGAL_ADDRESS, OUT_OF_MEMORY, Script, ScriptedSession, session_of
from tests.support.tiny_model import write_tiny_package

NO_GPU = providers_module.why_no_cuda()
NO_GRAPH = (
    "[ONNXRuntimeError] : 1 : FAIL : This session cannot use the graph capture feature as"
    " requested by the user  as all compute graph nodes have not been partitioned to the"
    " CUDAExecutionProvider"
)


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return load_package(write_tiny_package(tmp_path / "tiny", size=32, map_size=8))


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(folder))
    return folder


def test_options_of_cuda_bound_its_memory_and_keep_its_numbers():
    options = cuda_options(Execution(gpu_mem_limit_mb=512), graph=True)
    assert options["gpu_mem_limit"] == str(512 * 1024 * 1024)
    assert options["arena_extend_strategy"] == "kSameAsRequested"
    assert options["cudnn_conv_use_max_workspace"] == "1"
    assert (options["use_tf32"], options["enable_cuda_graph"]) == ("0", "1")
    assert cuda_options(Execution(), graph=False)["enable_cuda_graph"] == "0"
    shared = cuda_options(Execution(gpu_mem_limit_mb=512), graph=True, sessions=4)
    assert shared["gpu_mem_limit"] == str(128 * 1024 * 1024)


def test_engines_are_kept_by_model_and_versions_for_this_user_alone(package: Package, cache: Path):
    asked = partial(tensorrt_options, Execution(), spec=package.manifest.input, most=8)
    one = asked(sha256="a" * 64, half=True)
    two = asked(sha256="b" * 64, half=False)
    folder = Path(one["trt_engine_cache_path"])
    assert folder.is_dir()
    assert folder.is_relative_to(cache)
    assert sys.platform == "win32" or folder.stat().st_mode & 0o077 == 0
    assert folder != Path(two["trt_engine_cache_path"])
    assert (one["trt_engine_cache_enable"], one["trt_timing_cache_enable"]) == ("True", "True")
    assert (one["trt_fp16_enable"], two["trt_fp16_enable"]) == ("True", "False")
    assert one["trt_profile_min_shapes"] == "image:1x32x32x3"
    assert one["trt_profile_max_shapes"] == "image:8x32x32x3"


def test_another_version_of_tensorrt_has_other_engines(cache: Path, monkeypatch):
    before = engine_folder("a" * 64)
    monkeypatch.setattr(providers_module, "tensorrt_version", lambda: 101400)
    assert engine_folder("a" * 64) != before


def test_a_cache_that_cannot_be_written_is_named(package: Package, tmp_path: Path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(providers_module, "cache_folder", lambda: tmp_path / "file")
    with pytest.raises(ProviderError, match=r"cannot be kept in .*file"):
        tensorrt_options(
            Execution(), spec=package.manifest.input, sha256="a" * 64, half=True, most=1
        )


@pytest.mark.skipif(NO_GPU is None, reason="there is a GPU here")
@pytest.mark.parametrize(("choice", "name"), [("cuda", "CUDA"), ("tensorrt", "Tensorrt")])
def test_a_provider_that_is_asked_for_is_required(package: Package, choice: Any, name: str):
    with pytest.raises(
        ProviderError, match=rf"provider {name} was asked for, but .*: mend that, or choose"
    ):
        open_predictor(package, execution=Execution(provider=choice))


def test_tensorrt_that_is_not_installed_says_what_to_install(package: Package, monkeypatch):
    monkeypatch.setattr(providers_module, "why_no_cuda", lambda: None)
    monkeypatch.setattr(
        providers_module.ort, "get_available_providers", lambda: [TENSORRT, CUDA, CPU]
    )
    monkeypatch.setattr(providers_module, "_tensorrt_library", lambda: None)
    with pytest.raises(ProviderError, match=r"nvinfer.* cannot be loaded: install TensorRT 10"):
        open_predictor(package, execution=Execution(provider="tensorrt"))


def test_the_cpu_can_be_asked_for_but_not_with_a_gpu(package: Package):
    predictor = open_predictor(package, execution=Execution(provider="cpu"))
    assert (predictor.provider, predictor.remarks) == (CPU, ())
    predictor.close()
    with pytest.raises(ProviderError, match="a GPU is required"):
        open_predictor(package, execution=Execution(provider="cpu"), require_gpu=True)


@pytest.mark.parametrize("spin", [False, True])
def test_idle_threads_spin_only_where_that_is_asked_for(package: Package, *, spin: bool):
    session = open_session(
        package.variant_bytes("fp32"),
        provider=CPU,
        threads=1,
        where="tiny",
        execution=Execution(spin=spin),
    )
    options = session.get_session_options()
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == str(int(spin))


class Asked:
    """Notes how a session was to be opened."""

    def __init__(self, used: str) -> None:
        self.used = used
        self.options: ort.SessionOptions | None = None
        self.providers: list[tuple[str, dict[str, str]]] = []

    def __call__(self, model: bytes, *, sess_options: Any, providers: Any, enable_fallback: int):
        self.options, self.providers = sess_options, providers
        return self

    def get_providers(self) -> list[str]:
        return [self.used]


@pytest.mark.parametrize(
    ("provider", "behind", "strict", "named"),
    [
        (CUDA, (), False, [CUDA, CPU]),
        (CUDA, (), True, [CUDA]),
        (TENSORRT, ((CUDA, {}),), False, [TENSORRT, CUDA, CPU]),
        (TENSORRT, ((CUDA, {}),), True, [TENSORRT, CUDA]),
        (CPU, (), True, [CPU]),
    ],
)
def test_strict_mode_leaves_the_cpu_out(
    monkeypatch, provider: str, behind: Any, named: list[str], *, strict: bool
):
    asked = Asked(provider)
    monkeypatch.setattr(session_module.ort, "InferenceSession", asked)
    monkeypatch.setattr(session_module.ort, "preload_dlls", lambda: None)
    open_session(
        b"",
        provider=provider,
        behind=behind,
        options={"device_id": "0"},
        threads=1,
        where="tiny",
        execution=Execution(strict=strict),
    )
    assert [name for name, _ in asked.providers] == named
    assert asked.providers[0][1] == {"device_id": "0"}
    key = "session.disable_cpu_ep_fallback"
    if strict and provider != CPU:
        assert asked.options is not None
        assert asked.options.get_session_config_entry(key) == "1"
    else:
        with pytest.raises(RuntimeError, match="disable_cpu_ep_fallback"):
            asked.options.get_session_config_entry(key)


class FakeCuda:
    """Sessions "on CUDA" that run on the CPU, as the options ask: with a graph or without."""

    def __init__(self, package: Package, monkeypatch: pytest.MonkeyPatch) -> None:
        self._package = package
        self.scripts = {"1": Script(), "0": Script()}
        self.refuses: dict[str, str] = {}
        self.opened: list[str] = []
        self.limits: list[int] = []
        self.alive: list[bool] = []
        self._sessions: list[weakref.ref[Any]] = []
        monkeypatch.setattr(network_module, "open_session", self._open)
        monkeypatch.setattr(network_module, "BoundRunner", self._runner)

    def _open(self, model: bytes, *, options: dict[str, str], **more: Any) -> Any:
        graph = options["enable_cuda_graph"]
        self.opened.append(graph)
        self.limits.append(int(options["gpu_mem_limit"]))
        self.alive.append(any(held() is not None for held in self._sessions))
        if graph in self.refuses:
            raise ProviderError(f"CUDA cannot be used: {self.refuses[graph]}")
        real = session_of(self._package)
        scripted = ScriptedSession(real, self.scripts[graph])
        scripted.get_inputs = real.get_inputs
        scripted.get_outputs = real.get_outputs
        self._sessions.append(weakref.ref(scripted))
        return scripted

    def _runner(self, *given: Any, device: str, graph: bool) -> BoundRunner:
        return BoundRunner(*given, device="cpu", graph=graph)


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

    monkeypatch.setattr(network_module, "open_session", broken)
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

    monkeypatch.setattr(network_module, "open_session", full)
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
    # a spoilt recording must not be freed, memory that ran out must be
    assert cuda.alive == [False, message != OUT_OF_MEMORY]
    assert network.remarks[0].startswith("no CUDA graph: ")
    network.close()


def test_a_gpu_that_is_lost_while_recording_is_not_asked_again(package: Package, cuda: FakeCuda):
    cuda.scripts["1"].problem = ILLEGAL_ADDRESS
    with pytest.raises(ProviderError, match="CUDA cannot be used"):
        opened(package)
    assert cuda.opened == ["1"]


def test_another_refusal_is_no_matter_of_graphs(package: Package, cuda: FakeCuda):
    cuda.refuses = {"1": "onnxruntime fell back to CPUExecutionProvider"}
    with pytest.raises(ProviderError, match="fell back"):
        opened(package)
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
            monkeypatch.setattr(network_module, "open_session", open_session)
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


def test_memory_that_cannot_be_locked_says_why_and_works():
    staging = Staging((2, 4, 4, 3), lock=True)
    if NO_GPU is not None:
        assert staging.problem
    staging.images[:] = 7
    assert staging.images.ctypes.data % 4096 == 0
    staging.unlock()
    staging.unlock()


class Driver:
    """A CUDA driver whose calls all answer with the code given for them."""

    def __init__(self, **codes: int) -> None:
        self.codes, self.called = codes, []

    def __getattr__(self, name: str) -> Any:
        def call(*arguments: Any) -> int:
            self.called.append(name)
            return self.codes.get(name, 0)

        return call


@pytest.mark.parametrize(
    ("codes", "problem"),
    [
        ({}, None),
        ({"cuInit": 100}, "cuInit fails with error 100"),
        ({"cuMemHostRegister_v2": 712}, "cuMemHostRegister_v2 fails with error 712"),
    ],
)
def test_pages_are_registered_once_and_let_go(
    monkeypatch: pytest.MonkeyPatch, codes: dict[str, int], problem: str | None
):
    driver = Driver(**codes)
    monkeypatch.setattr("inspector.inference.pinned.ctypes.CDLL", lambda name: driver)
    staging = Staging((1, 4, 4, 3), lock=True)
    assert staging.problem == problem
    staging.unlock()
    staging.unlock()
    assert driver.called.count("cuMemHostUnregister") == (problem is None)
