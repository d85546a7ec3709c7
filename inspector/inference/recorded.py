"""A session's run recorded once as a CUDA graph of our own, and done again from any thread.

ONNX Runtime records graphs, too, but keeps each with the *thread* that ran it: every run then
goes over to that thread and back, which takes a tenth of a millisecond and more each way where
the processor sleeps in between. So its session works on a stream of ours, one run of it is
recorded there, the copies of its outputs with it, and from then on nothing but the driver is asked.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.manifest import InputSpec, OutputSpec
from inspector.errors import StateError
from inspector.inference.driver import Driver, Event, Graph, Stream
from inspector.inference.gate import GPU_GATE, CaptureGate
from inspector.inference.lanes import ANSWER_S, LANES, Laned, Split
from inspector.inference.pinned import Staging
from inspector.inference.shrink import Shrinker, Workbench

_GRAPH, _NO_GRAPH = "gpu_graph_id", "-1"
"""ONNX Runtime's name of a run's graph; with -1 it records none itself."""
_NO_WAIT = "disable_synchronize_execution_providers"
_RUNS_BEFORE = 3
"""The first allocates and chooses algorithms; the second allocates anew, all of a run in one
piece (ONNX Runtime's memory pattern). While it is recorded nothing may be allocated."""
_WAKE_S = 0.00015
"""So much earlier than the answer is due a sleeping thread had better wake: it then looks, and
looks again, without sleeping."""
_LOOKS_S = 0.0005
"""For so long; behind that it sleeps between two looks."""
_NAP_S = 0.0001


@dataclass(frozen=True, slots=True, eq=False)
class _Lane:
    """Buffers at fixed addresses, and the graph that works on them."""

    staging: Staging
    bench: Workbench
    taken: ort.OrtValue
    outputs: tuple[ort.OrtValue, ...]
    binding: ort.IOBinding
    found: tuple[Staging, ...]
    answers: tuple[NDArray[np.float32], ...]
    graph: Graph
    done: Event

    def unlock(self) -> None:
        for memory in (self.staging, *self.found):
            memory.unlock()


class RecordedRunner(Laned["_Lane | None"]):
    """Runs batches of one size; from any number of threads, ``LANES`` of them at once.

    Args:
        session: opened on ``stream``, with graphs enabled: it then keeps what a recorded
            run reads. It runs in here alone, while lanes are made.
        size: pictures of a batch.
        answer_s: how long a run may take.
    """

    runs_beside = True

    def __init__(
        self,
        session: ort.InferenceSession,
        spec: InputSpec,
        outputs: Sequence[OutputSpec],
        size: int,
        *,
        device: Driver,
        stream: Stream,
        shrinker: Shrinker,
        memory: str = "cuda",
        gate: CaptureGate = GPU_GATE,
        answer_s: float = ANSWER_S,
    ) -> None:
        """``memory``: ONNX Runtime's name of the device's (the tests work in the host's)."""
        # what the first run on a thread sets up (handles of cuBLAS and cuDNN, and their memory)
        # goes with the thread, and the graphs need it: so all are made on one that stays
        super().__init__(session, [None] * LANES)
        self._spec, self._outputs, self._size = spec, tuple(outputs), size
        self._device, self._stream, self._shrinker = device, stream, shrinker
        self._memory, self._gate, self._answer_s = memory, gate, answer_s
        self._usual_s = 0.0
        self.sizes: tuple[int, ...] = ()

    def __call__(
        self, images: Sequence[Image], meanwhile: Callable[[], None] | None = None
    ) -> list[NDArray[np.float32]]:
        """The outputs in the manifest's order, float32 (n, …), for n uint8 (H, W, 3) BGR, of
        the input's size or such as it ``takes``. ``meanwhile`` is called while they are computed.

        Raises RuntimeError for what the driver says and where it does not answer, what
        ONNX Runtime raises while the first are made, StateError once closed or for another
        number of pictures than ``size``.
        """
        if len(images) != self._size:
            raise StateError(f"a graph of {self._size} pictures, asked for {len(images)}")
        lane = self._lanes.get()
        try:
            self._opened()  # who waited for a lane meanwhile must not touch a lost device
            if lane is None:
                lane = self._made()
            return self._asked(lane, images, meanwhile)
        finally:
            self._lanes.put(lane)

    def takes(self, image: Image) -> bool:
        """Whether a picture may come larger than the input is."""
        return self._shrinker.takes(image)

    def warm_up(self) -> None:
        """Makes every lane."""
        blank = np.zeros((self._spec.height, self._spec.width, 3), np.uint8)
        for _ in range(LANES):  # they take turns
            self([blank] * self._size)
        self.sizes = (self._size,)

    def free(self) -> None:
        """After ``retire``. What the driver says of it no longer matters."""
        if self._session is not None:
            super().free()
            self._device.spare(self._stream)

    def _emptied(self, lane: _Lane | None) -> None:
        if lane is None:
            return
        for part in (lane.graph, lane.done):
            with suppress(RuntimeError):
                part.close()
        lane.bench.free()
        lane.unlock()

    def _asked(
        self, lane: _Lane, images: Sequence[Image], meanwhile: Callable[[], None] | None
    ) -> list[NDArray[np.float32]]:
        start = time.perf_counter()
        lane.bench.show(images, lane.staging.images, lane.taken.data_ptr())
        queued = time.perf_counter()
        lane.graph.launch(self._stream)
        lane.done.mark(self._stream)
        launched = time.perf_counter()
        try:
            if meanwhile is not None:
                meanwhile()
        finally:  # the lane is given back: the device must have done with it
            self._await(lane.done, launched)
        ran = time.perf_counter()
        found = [answer.copy() for answer in lane.answers]
        end = time.perf_counter()
        self.last = Split(1e3 * (queued - start), 1e3 * (ran - queued), 1e3 * (end - ran))
        return found

    def _await(self, done: Event, start: float) -> None:
        """Sleeps for most of the time that it usually takes, then looks. ``start``: when it was
        launched, by ``time.perf_counter``.
        """
        usual = self._usual_s
        due = start + usual - _WAKE_S - time.perf_counter()
        if due > 0:
            time.sleep(due)
        if done.is_past():
            self._usual_s = 0.9 * usual  # it may have slept too long
            return
        self._look_for(done, start)
        # one that took very long (another model was being loaded) is not what to wait for next
        took = min(time.perf_counter() - start, 2 * usual + _LOOKS_S)
        self._usual_s += (took - usual) / 8

    def _look_for(self, done: Event, start: float) -> None:
        overdue = False
        while not done.is_past(quick=not overdue):
            waited = time.perf_counter() - start
            if waited > self._answer_s:
                self._hung = True
                raise RuntimeError(f"device lost: no answer within {self._answer_s:g} s")
            overdue = waited > self._usual_s + _LOOKS_S
            if overdue:
                time.sleep(_NAP_S)

    def _settled(self, done: Event) -> None:
        """Waits for all that was asked for up to now."""
        done.mark(self._stream)
        self._look_for(done, time.perf_counter())

    def _made(self) -> _Lane:
        with self._gate.making:
            session = self._opened()
            return self._thread.submit(self._make, session).result()

    def _make(self, session: ort.InferenceSession) -> _Lane:
        shape = (self._size, self._spec.height, self._spec.width, 3)
        with self._gate.shared():
            staging = Staging(shape, lock=self._memory != "cpu")
            found = [self._host_memory(o) for o in self._outputs]
        self.unpinned = staging.problem
        try:
            return self._made_with(session, staging, found)
        except BaseException:
            # memory that is freed while it is registered would be taken for what lies there next
            with self._gate.shared():
                for memory in (staging, *found):
                    memory.unlock()
            raise

    def _made_with(
        self, session: ort.InferenceSession, staging: Staging, found: Sequence[Staging]
    ) -> _Lane:
        shape = staging.images.shape
        with self._gate.shared():
            taken = self._on_device(shape, np.uint8)
            taken.update_inplace(staging.images)
            outputs = [self._on_device((self._size, *o.shape), np.float32) for o in self._outputs]
            binding = session.io_binding()
            binding.bind_ortvalue_input(self._spec.name, taken)
            for output, value in zip(self._outputs, outputs, strict=True):
                binding.bind_ortvalue_output(output.name, value)
            for _ in range(_RUNS_BEFORE):
                session.run_with_iobinding(binding, _options(wait=True))
            done = self._device.event()
        bench = Workbench(self._shrinker, self._stream, partial(self._settled, done))
        answers = tuple(
            memory.images.view(np.float32).reshape(self._size, *output.shape)
            for memory, output in zip(found, self._outputs, strict=True)
        )
        with self._gate.alone():
            graph = self._recorded(session, binding, outputs, answers)
        return _Lane(
            staging, bench, taken, tuple(outputs), binding, tuple(found), answers, graph, done
        )

    def _recorded(
        self,
        session: ort.InferenceSession,
        binding: ort.IOBinding,
        outputs: Sequence[ort.OrtValue],
        answers: Sequence[NDArray[np.float32]],
    ) -> Graph:
        self._stream.begin_recording()
        try:
            session.run_with_iobinding(binding, _options(wait=False))
            for value, answer in zip(outputs, answers, strict=True):
                self._stream.copy_out(value.data_ptr(), answer)
        except BaseException:
            with suppress(RuntimeError):  # the first error is the one to tell
                self._stream.end_recording().close()
            raise
        return self._stream.end_recording()

    def _host_memory(self, output: OutputSpec) -> Staging:
        values = self._size * math.prod(output.shape)
        return Staging((4 * values,), lock=self._memory != "cpu")

    def _on_device(self, shape: Sequence[int], dtype: type[np.generic]) -> ort.OrtValue:
        return ort.OrtValue.ortvalue_from_shape_and_type(list(shape), dtype, self._memory, 0)


def _options(*, wait: bool) -> ort.RunOptions:
    options = ort.RunOptions()
    options.add_run_config_entry(_GRAPH, _NO_GRAPH)
    options.add_run_config_entry(_NO_WAIT, "0" if wait else "1")
    return options
