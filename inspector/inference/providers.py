"""Execution providers: which can be had on this machine, and with what options."""

from __future__ import annotations

import ctypes
import hashlib
import importlib.metadata
import sys
from pathlib import Path

import onnxruntime as ort

from inspector.core.execution import Execution
from inspector.core.manifest import InputSpec
from inspector.errors import ProviderError
from inspector.inference.driver import driver_name
from inspector.platforms import cache_folder

CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
TENSORRT = "TensorrtExecutionProvider"
NAMES = {"cpu": CPU, "cuda": CUDA, "tensorrt": TENSORRT}
"""By the word that configuration files and the command line use."""

_MIB = 1 << 20
_TENSORRT_MAJOR = 10


def why_no_cuda() -> str | None:
    """Why CUDA need not be tried here, None where it may work.

    Asked before ONNX Runtime is, which prints native warnings when it fails.
    """
    held = ort.get_available_providers()
    if CUDA not in held:
        return f"this onnxruntime was built without CUDA (it has {', '.join(held)})"
    driver = driver_name()
    try:
        cuda = ctypes.CDLL(driver)
    except OSError:
        return f"no NVIDIA driver ({driver}) on this machine"
    count = ctypes.c_int(0)
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGetCount(ctypes.byref(count)) != 0 or not count.value:
        return "the NVIDIA driver finds no GPU it can use"
    return None


def why_no_tensorrt() -> str | None:
    """Why TensorRT need not be tried here, None where it may work."""
    missing = why_no_cuda()
    if missing is not None:
        return missing
    held = ort.get_available_providers()
    if TENSORRT not in held:
        return f"this onnxruntime was built without TensorRT (it has {', '.join(held)})"
    return None if _tensorrt_library() else (
        f"its library {_library('nvinfer')} cannot be loaded: install TensorRT {_TENSORRT_MAJOR}"
        " (pip install tensorrt-cu13), or choose provider cuda"
    )  # fmt: skip


def cuda_options(execution: Execution, *, graph: bool, sessions: int = 1) -> dict[str, str]:
    """Of ONNX Runtime's CUDA provider; so many sessions of one model share its memory.

    The arena grows by what is asked and not by powers of two: several models share a card.
    cuDNN may take the workspace that its fastest algorithm wants; that one is chosen by its
    rules and not by trial, which would differ between two starts. fp32 means fp32, no TF32:
    the golden check compares with a CPU.
    """
    return {
        "device_id": "0",
        "gpu_mem_limit": str(execution.gpu_mem_limit_mb * _MIB // sessions),
        "arena_extend_strategy": "kSameAsRequested",
        "cudnn_conv_use_max_workspace": "1",
        "cudnn_conv_algo_search": "HEURISTIC",
        "use_tf32": "0",
        "enable_cuda_graph": "1" if graph else "0",
    }


def tensorrt_options(
    execution: Execution, *, spec: InputSpec, sha256: str, half: bool, most: int
) -> dict[str, str]:
    """Of ONNX Runtime's TensorRT provider, with engines kept from one start to the next.

    An engine fits one model, one version of each library and one kind of GPU: the folder
    is named by the first three, ONNX Runtime adds the fourth to its file names.

    Args:
        spec, sha256: of the model.
        half: whether TensorRT may compute in fp16.
        most: pictures of one batch that the engine is built for.

    Raises ProviderError where the cache cannot be written.
    """
    folder = engine_folder(sha256)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ProviderError(
            f"TensorRT's engines cannot be kept in {folder}: {error.strerror}"
        ) from None

    def shape(count: int) -> str:
        return f"{spec.name}:{count}x{spec.height}x{spec.width}x3"

    return {
        "device_id": "0",
        "trt_max_workspace_size": str(execution.gpu_mem_limit_mb * _MIB // 2),
        "trt_fp16_enable": str(half),
        "trt_engine_cache_enable": "True",
        "trt_engine_cache_path": str(folder),
        "trt_timing_cache_enable": "True",
        "trt_timing_cache_path": str(folder),
        "trt_profile_min_shapes": shape(1),
        "trt_profile_opt_shapes": shape(most),
        "trt_profile_max_shapes": shape(most),
    }


def engine_folder(sha256: str) -> Path:
    """Where the engines of a model are kept, below the user's cache."""
    versions = f"onnxruntime {ort.__version__}, TensorRT {tensorrt_version()}"
    key = hashlib.sha256(f"{sha256} {versions}".encode()).hexdigest()
    return cache_folder() / "tensorrt" / key[:32]


def tensorrt_version() -> int:
    """As the library counts it (10.9.0 is 100900), 0 where there is none."""
    library = _tensorrt_library()
    return int(library.getInferLibVersion()) if library else 0


def _tensorrt_library() -> ctypes.CDLL | None:
    """Loaded for the whole process: ONNX Runtime's provider then finds it by its name."""
    for place in ("", *_wheel_folders()):
        try:
            found = ctypes.CDLL(str(Path(place) / _library("nvinfer")), mode=ctypes.RTLD_GLOBAL)
            ctypes.CDLL(str(Path(place) / _library("nvonnxparser")), mode=ctypes.RTLD_GLOBAL)
        except OSError:
            continue
        return found
    return None


def _library(name: str) -> str:
    if sys.platform == "win32":
        return f"{name}_{_TENSORRT_MAJOR}.dll"
    return f"lib{name}.so.{_TENSORRT_MAJOR}"


def _wheel_folders() -> list[str]:
    """Where pip puts TensorRT's libraries: beside onnxruntime itself."""
    try:
        site = importlib.metadata.distribution("onnxruntime-gpu").locate_file("tensorrt_libs")
    except importlib.metadata.PackageNotFoundError:
        return []
    return [str(site)]
