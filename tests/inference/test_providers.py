"""Which provider is asked for, with what options, and what is said where it cannot be had."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any

import onnxruntime as ort
import pytest

from inspector.core.execution import Execution
from inspector.errors import ProviderError
from inspector.inference import providers as providers_module
from inspector.inference import session as session_module
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
from tests.support.tiny_model import write_tiny_package

NO_GPU = providers_module.why_no_cuda()


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


def test_memory_that_cannot_be_locked_says_why_and_works():
    staging = Staging((2, 4, 4, 3), lock=True)
    if NO_GPU is not None:
        assert staging.problem
    staging.images[:] = 7
    assert staging.images.ctypes.data % 4096 == 0
    staging.unlock()
    staging.unlock()
