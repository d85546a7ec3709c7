"""A session run by I/O binding: buffers at fixed addresses, copies under the caller's eye.

The same class runs on CUDA and on the CPU; there it is what the tests run, and slower than
``session.run`` in nothing but a copy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.manifest import InputSpec, OutputSpec
from inspector.inference.gate import GPU_GATE, CaptureGate
from inspector.inference.lanes import ANSWER_S, LANES, Laned, Split
from inspector.inference.pinned import Staging

_In = TypeVar("_In")
_Out = TypeVar("_Out")


@dataclass(frozen=True, slots=True, eq=False)
class _Buffers:
    """Of one lane and one batch size; bound once."""

    staging: Staging
    taken: ort.OrtValue
    outputs: tuple[ort.OrtValue, ...]
    binding: ort.IOBinding


@dataclass(frozen=True, slots=True, eq=False)
class _Lane:
    by_size: dict[int, _Buffers] = field(default_factory=dict)


class BoundRunner(Laned[_Lane]):
    """Runs batches of any size; from any number of threads, one at a time.

    Up to ``LANES`` calls are inside at once: each copies its pictures on its own thread,
    then the runs follow one another, on one thread of this class: ONNX Runtime sets up
    libraries and memory for every thread that runs it, and one that hangs is left behind.

    Args:
        device: ``cuda`` or ``cpu``: where the buffers lie.
        answer_s: how long a run may take (the first of a size may take any time).
    """

    runs_beside = False

    def __init__(
        self,
        session: ort.InferenceSession,
        spec: InputSpec,
        outputs: Sequence[OutputSpec],
        *,
        device: str,
        gate: CaptureGate = GPU_GATE,
        answer_s: float = ANSWER_S,
    ) -> None:
        super().__init__(session, [_Lane() for _ in range(LANES)])
        self._spec, self._outputs = spec, tuple(outputs)
        self._device, self._gate = device, gate
        self._answer_s = answer_s
        self._warm: list[int] = []

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> list[NDArray[np.float32]]:
        """The outputs in the manifest's order, float32 (n, …), for n uint8 (H, W, 3) BGR.

        Raises what ONNX Runtime raises, RuntimeError where the device does not answer, and
        StateError once closed.
        """
        lane = self._lanes.get()
        try:
            self._opened()  # who waited for a lane meanwhile must not touch a lost device
            buffers = lane.by_size.get(len(images))
            if buffers is None:
                buffers = lane.by_size[len(images)] = self._made(len(images))
            with self._gate.shared():
                return self._asked(buffers, images)
        finally:
            self._lanes.put(lane)

    def takes(self, image: Image) -> bool:
        return False

    @property
    def sizes(self) -> tuple[int, ...]:
        """Of the batches that it is ready for; others take longer at first."""
        return tuple(self._warm)

    def warm_up(self, sizes: Sequence[int]) -> None:
        """Makes the buffers of these batch sizes, in every lane."""
        blank = np.zeros((self._spec.height, self._spec.width, 3), np.uint8)
        for size in sizes:
            for _ in range(LANES):  # they take turns
                self([blank] * size)
            self._warm.append(size)

    def _emptied(self, lane: _Lane) -> _Lane:
        for buffers in lane.by_size.values():
            buffers.staging.unlock()
        lane.by_size.clear()
        return lane

    def _asked(self, buffers: _Buffers, images: Sequence[Image]) -> list[NDArray[np.float32]]:
        start = time.perf_counter_ns()
        np.stack(images, out=buffers.staging.images)
        buffers.taken.update_inplace(buffers.staging.images)
        copied = time.perf_counter_ns()
        self._on_thread(self._run, buffers, self._answer_s)
        ran = time.perf_counter_ns()
        found = [_own(value) for value in buffers.outputs]
        end = time.perf_counter_ns()
        self.last = Split((copied - start) / 1e6, (ran - copied) / 1e6, (end - ran) / 1e6)
        return found

    def _on_thread(
        self,
        work: Callable[[ort.InferenceSession, _In], _Out],
        given: _In,
        timeout: float | None = None,
    ) -> _Out:
        session = self._opened()
        try:
            return self._thread.submit(work, session, given).result(timeout)
        except TimeoutError:
            self._hung = True
            raise RuntimeError(f"device lost: no answer within {timeout:g} s") from None

    def _run(self, session: ort.InferenceSession, buffers: _Buffers) -> None:
        """ONNX Runtime lets go of the interpreter's lock meanwhile, and returns when all
        of it has been computed."""
        session.run_with_iobinding(buffers.binding)

    def _made(self, size: int) -> _Buffers:
        with self._gate.making:
            with self._gate.shared():
                made = self._on_thread(self._bound, size)
                try:
                    # it allocates and chooses algorithms: seconds, without a time-out
                    self._on_thread(self._run, made)
                except BaseException:
                    made.staging.unlock()
                    raise
            return made

    def _bound(self, session: ort.InferenceSession, size: int) -> _Buffers:
        shape = (size, self._spec.height, self._spec.width, 3)
        staging = Staging(shape, lock=self._device != "cpu")
        self.unpinned = staging.problem
        binding = session.io_binding()
        taken = self._on_device(shape, np.uint8)
        taken.update_inplace(staging.images)
        binding.bind_ortvalue_input(self._spec.name, taken)
        outputs = tuple(self._on_device((size, *o.shape), np.float32) for o in self._outputs)
        for output, value in zip(self._outputs, outputs, strict=True):
            binding.bind_ortvalue_output(output.name, value)
        return _Buffers(staging, taken, outputs, binding)

    def _on_device(self, shape: Sequence[int], dtype: type[np.generic]) -> ort.OrtValue:
        return ort.OrtValue.ortvalue_from_shape_and_type(list(shape), dtype, self._device, 0)


def _own(value: ort.OrtValue) -> NDArray[np.float32]:
    """On the host, in memory that the next run leaves alone: on the CPU it is a view."""
    found: NDArray[np.float32] = value.numpy()
    return found if found.flags.owndata else found.copy()
