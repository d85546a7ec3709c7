"""Sessions that behave as on a GPU that breaks; all of it runs on the CPU."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import onnxruntime as ort

from inspector.errors import ProviderError
from inspector.inference.bound import BoundRunner
from inspector.inference.gate import CaptureGate
from inspector.inference.network import Network, Opened
from inspector.inference.package import Package, load_package
from inspector.inference.predictor import OnnxPredictor
from inspector.inference.providers import CPU, CUDA
from inspector.inference.recorded import RecordedRunner
from inspector.inference.recovery import SturdyNetwork
from inspector.inference.session import open_session
from inspector.inference.shrink import Shrinker
from tests.support.shrinking import HostDevice, HostStream

OUT_OF_MEMORY = (
    "Error in execution: Non-zero status code returned while running Conv node. Name:'/b4/Conv'"
    " Status Message: /onnxruntime_src/onnxruntime/core/framework/bfc_arena.cc:376 void*"
    " onnxruntime::BFCArena::AllocateRawInternal(size_t) Failed to allocate memory for requested"
    " buffer of size 209715200"
)
ILLEGAL_ADDRESS = (
    "Error in execution: CUDA failure 700: an illegal memory access was encountered ; GPU=0 ;"
    " hostname=line3 ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_graph.cc ;"
    " line=158 ; expr=cudaStreamSynchronize(stream_);"
)
ILLEGAL_INSTRUCTION = (
    "Error in execution: CUDA failure 715: an illegal instruction was encountered ; GPU=0 ;"
    " hostname=vm ; file=/onnxruntime_src/onnxruntime/core/providers/cuda/cuda_graph.cc ;"
    " line=85 ; expr=cudaStreamSynchronize(stream_);"
)
CUDNN = (
    "Error in execution: CUDNN failure 5000: CUDNN_STATUS_EXECUTION_FAILED ; GPU=0 ;"
    " hostname=line3 ; expr=cudnnConvolutionForward(...);"
)


class Script:
    """What the sessions of one GPU do: ``problem`` is raised by runs while it is set."""

    def __init__(self) -> None:
        self.problem: str | None = None
        self.opens: list[str] = []
        self.refuses: list[str] = []
        self.entered, self.go = threading.Semaphore(0), threading.Semaphore(0)
        self.held = False
        self.runs: list[Any] = []
        self.wrong: tuple[int, int] | None = None
        """(pictures, lane from 1 on) of which every session gives wrong answers."""
        self.sizes: list[int] = []
        self.replays = 0


class ScriptedSession:
    """A real session on the CPU whose bound runs follow the script; on ``stream`` where it has one,
    and then they are recorded there.

    What was recorded dies with the next batch of another size, as on a GPU: see ``sized``.
    """

    def __init__(
        self, session: ort.InferenceSession, script: Script, stream: HostStream | None = None
    ) -> None:
        self._session, self._script, self._stream = session, script, stream
        self._size, self._plan = 0, 0
        self._bindings: dict[int, list[ort.IOBinding]] = {}

    def io_binding(self) -> ort.IOBinding:
        return self._session.io_binding()

    def run_with_iobinding(
        self, binding: ort.IOBinding, options: ort.RunOptions | None = None
    ) -> None:
        script = self._script
        script.runs.append((threading.current_thread().name, options))
        size = binding.get_outputs()[0].shape()[0]
        if size != self._size:
            self._size, self._plan = size, self._plan + 1
        if self._stream is None or self._stream.recording is None:
            self._run(binding)
            return
        if script.problem is not None:
            raise RuntimeError(script.problem)
        plan = self._plan
        self._stream.do(lambda: self._replay(binding, plan))

    def _run(self, binding: ort.IOBinding) -> None:
        script = self._script
        if script.held:
            script.entered.release()
            assert script.go.acquire(timeout=10)
        if script.problem is not None:
            raise RuntimeError(script.problem)
        self._session.run_with_iobinding(binding)
        self._falsify(binding)

    def _replay(self, binding: ort.IOBinding, plan: int) -> None:
        if plan != self._plan:
            raise RuntimeError(ILLEGAL_INSTRUCTION)
        self._script.replays += 1
        self._run(binding)

    def _falsify(self, binding: ort.IOBinding) -> None:
        score = binding.get_outputs()[0]
        self._script.sizes.append(score.shape()[0])
        seen = self._bindings.setdefault(score.shape()[0], [])
        if not any(binding is other for other in seen):
            seen.append(binding)
        lane = next(n for n, other in enumerate(seen, 1) if other is binding)
        if self._script.wrong == (score.shape()[0], lane):
            score.update_inplace(score.numpy() + 1)


def session_of(package: Package, variant: str = "fp32") -> ort.InferenceSession:
    return open_session(package.variant_bytes(variant), provider=CPU, threads=1, where="tiny")


def bound(package: Package, script: Script | None = None) -> BoundRunner:
    """A bound runner with buffers on the CPU."""
    manifest = package.manifest
    session: Any = session_of(package)
    if script is not None:
        session = ScriptedSession(session, script)
    return BoundRunner(session, manifest.input, manifest.outputs, device="cpu", gate=CaptureGate())


def recorded(
    package: Package,
    size: int,
    script: Script | None = None,
    device: HostDevice | None = None,
    gate: CaptureGate | None = None,
) -> RecordedRunner:
    """A recorded runner with buffers on the CPU."""
    spec, outputs = package.manifest.input, package.manifest.outputs
    host: Any = device or HostDevice()
    stream = host.stream()
    session: Any = ScriptedSession(session_of(package), script or Script(), stream)
    shrinker = Shrinker(host, spec.height, spec.width, locked=lambda image: True)
    return RecordedRunner(
        session,
        spec,
        outputs,
        size,
        device=host,
        stream=stream,
        shrinker=shrinker,
        memory="cpu",
        gate=gate or CaptureGate(),
    )


def scripted_gpu(folder: Path, script: Script, *, stay: bool = False, **more: Any) -> OnnxPredictor:
    """A predictor that believes to run on CUDA, and can be moved to the CPU."""
    package = load_package(folder)

    def opened(provider: str) -> Network:
        script.opens.append(provider)
        if provider in script.refuses:
            raise ProviderError(f"{provider} cannot be used: scripted")
        return Network(package, "fp32", Opened(bound(package, script), provider, free_batch=True))

    def reopen(provider: str) -> Network:
        if provider == CPU and CPU not in script.refuses:
            healthy = bound(package)
            script.opens.append(provider)
            return Network(package, "fp32", Opened(healthy, CPU, free_batch=True))
        return opened(provider)

    network = SturdyNetwork(opened(CUDA), reopen, stay=stay, **more)
    return OnnxPredictor(package, "fp32", network)


class OneModel:
    """In place of the ModelService."""

    def __init__(self, predictor: OnnxPredictor) -> None:
        self._predictor = predictor

    def open(self, package: Path, **options: Any) -> OnnxPredictor:
        return self._predictor
