"""ONNX Runtime sessions: the provider that really works, and what its graph looks like."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import onnxruntime as ort
from onnxruntime.capi import onnxruntime_pybind11_state as native

from inspector.core.execution import Execution
from inspector.core.manifest import ModelManifest
from inspector.errors import PackageError, ProviderError
from inspector.inference.providers import CPU

# ONNX Runtime's exceptions share no base but Exception; ValueError is its Python layer's
ORT_ERRORS = (
    native.Fail,
    native.InvalidArgument,
    native.InvalidGraph,
    native.InvalidProtobuf,
    native.NoModel,
    native.NotImplemented,
    native.RuntimeException,
    native.EPFail,
    native.EngineError,
    ValueError,
    RuntimeError,
    MemoryError,
)

Provider = tuple[str, Mapping[str, str]]
"""An execution provider with its options."""

_DEFAULT_THREADS = 2
_LOG_ERRORS_ONLY = 3
_LOG_NOTHING = 4
"""On a GPU it logs as errors what it then does in another way (plans of cuDNN that do not fit, a
graph that is not recorded): dozens of lines a start. What fails is raised all the same.
"""
MOST_SIDE_BY_SIDE = 4
"""As many frames as wait in a replay."""


def default_threads() -> int:
    """Two, or one on a single core: capture and screen need the others (see FIELD notes)."""
    return min(_DEFAULT_THREADS, os.cpu_count() or 1)


def threads_beside(cameras: int) -> int | None:
    """Threads of a run where so many cameras ask for runs; None leaves it to the default.

    From as many cameras as cores on, a thread each: two runs of one thread side by side take
    less than two of two threads one after the other, which wait for each other at every
    operator.
    """
    return 1 if cameras >= max(2, os.cpu_count() or 1) else None


def lanes_on_cpu(threads: int | None) -> int:
    """How many runs of so many threads the cores hold side by side."""
    return max(1, (os.cpu_count() or 1) // (threads or default_threads()))


def runs_side_by_side(threads: int | None) -> int:
    """How many runs are best under way at once where pictures wait for the network: with
    nothing said of threads, a core each. Outputs are the same to the bit.
    """
    return min(MOST_SIDE_BY_SIDE, lanes_on_cpu(threads or 1))


def open_session(
    model: bytes,
    *,
    provider: str,
    threads: int | None,
    where: str,
    execution: Execution | None = None,
    options: Mapping[str, str] = MappingProxyType({}),
    behind: Sequence[Provider] = (),
) -> ort.InferenceSession:
    """A session that runs on ``provider`` and says so where it cannot.

    Args:
        model: a verified, self-contained .onnx file.
        provider, options: ``CPU``, ``CUDA`` or ``TENSORRT``, with ONNX Runtime's options.
        behind: who gets the operators that it does not take. What is left goes to the
            CPU, unless ``execution`` is strict.
        threads: of one ``run`` on the CPU; None for ``default_threads()``. Part of
            what makes results repeat: sums are split by thread.
        where: names the file in errors.

    Raises ProviderError where a provider other than the CPU cannot be had, PackageError
    where the model cannot be loaded.
    """
    asked = execution or Execution()
    held = _options(threads or default_threads(), spin=asked.spin)
    if provider != CPU:
        # it prints its findings on stdout, which may carry a JSON document
        with contextlib.redirect_stdout(sys.stderr):
            ort.preload_dlls()
        ort.set_default_logger_severity(_LOG_NOTHING)
        held.log_severity_level = _LOG_NOTHING
    strict = asked.strict and provider != CPU
    if strict:
        held.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    # ONNX Runtime refuses a CPU provider that is named where its use is forbidden
    last: tuple[Provider, ...] = () if strict or provider == CPU else ((CPU, {}),)
    try:
        session = ort.InferenceSession(
            model,
            sess_options=held,
            providers=[(name, dict(o)) for name, o in ((provider, options), *behind, *last)],
            # else a failing GPU is swapped for the CPU in mid-run, with only a print
            enable_fallback=0,
        )
    except ORT_ERRORS as error:
        if provider != CPU:
            raise ProviderError(f"{short(provider)} cannot be used: {brief(error)}") from None
        raise PackageError(f"{where}: ONNX Runtime cannot load it: {brief(error)}") from None
    used = session.get_providers()[0]
    if used != provider:
        raise ProviderError(
            f"{short(provider)} cannot be used: onnxruntime fell back to {used}: check that the"
            " CUDA and cuDNN libraries are installed (extra: cuda)"
        )
    return session


def short(provider: str) -> str:
    """``CUDA`` for ``CUDAExecutionProvider``."""
    return provider.removesuffix("ExecutionProvider")


def profiled_session(model: bytes, *, threads: int | None, prefix: str) -> ort.InferenceSession:
    """On the CPU, with the station's options; writes its events to ``<prefix>_….json``.

    Raises PackageError where the model cannot be loaded.
    """
    options = _options(threads or default_threads(), spin=False)
    options.enable_profiling = True
    options.profile_file_prefix = prefix
    try:
        return ort.InferenceSession(model, sess_options=options, providers=[CPU])
    except ORT_ERRORS as error:
        raise PackageError(f"ONNX Runtime cannot load the model: {brief(error)}") from None


def _options(threads: int, *, spin: bool) -> ort.SessionOptions:
    """No custom operator library is ever registered here: models bring no native code."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = _LOG_ERRORS_ONLY
    options.use_deterministic_compute = True
    # idle workers that spin do so on the cores that capture and screen need
    options.add_session_config_entry("session.intra_op.allow_spinning", "1" if spin else "0")
    # the safety check reads protobuf: ONNX Runtime must not guess its own file format
    options.add_session_config_entry("session.load_model_format", "ONNX")
    return options


def brief(error: BaseException) -> str:
    """The first line of an error of ONNX Runtime, cut to a readable length."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def check_io(session: ort.InferenceSession, manifest: ModelManifest, where: str) -> bool:
    """Whether the batch axis is free (else it is 1).

    Raises PackageError where the graph's input and outputs are not as promised.
    Sizes that a graph leaves open are settled by the golden check.
    """
    try:
        return _has_free_batch(session, manifest, where)
    except UnicodeDecodeError:
        # names are bytes in the file and text in Python (found by fuzzing)
        raise PackageError(f"{where}: a name in the model is no UTF-8: export it again") from None


def _has_free_batch(session: ort.InferenceSession, manifest: ModelManifest, where: str) -> bool:
    spec = manifest.input
    inputs = session.get_inputs()
    if len(inputs) != 1:
        raise PackageError(f"{where}: {len(inputs)} inputs where 1 is expected: export it again")
    _check_value(inputs[0], spec.name, "tensor(uint8)", [spec.height, spec.width, 3], where)
    held = {value.name: value for value in session.get_outputs()}
    for output in manifest.outputs:
        if output.name not in held:
            raise PackageError(
                f"{where}: no output {output.name!r} for {output.role}, only:"
                f" {', '.join(held)}: the manifest is of another model"
            )
        _check_value(held[output.name], output.name, "tensor(float)", output.shape, where)
    return not isinstance(inputs[0].shape[0], int)


def _check_value(value: ort.NodeArg, name: str, dtype: str, shape: list[int], where: str) -> None:
    if value.name != name or value.type != dtype or not _fits(value.shape, [1, *shape]):
        raise PackageError(
            f"{where}: {value.name!r} is {value.type} {value.shape} where the manifest expects"
            f" {name!r} {dtype} {['N', *shape]}: the manifest is of another model"
        )


def _fits(found: list[int | str | None], promised: list[int]) -> bool:
    """A size that is no number is left open by the graph."""
    return len(found) == len(promised) and all(
        size == expected or not isinstance(size, int)
        for size, expected in zip(found, promised, strict=True)
    )
