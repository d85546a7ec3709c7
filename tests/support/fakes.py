"""Scripted stand-ins at the level of the engine's protocols."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterable, Sequence
from itertools import count
from typing import Any

import numpy as np

from inspector.core.frame import Frame, SourceInfo
from inspector.core.geometry import Affine
from inspector.core.inspection import Crop, Inspection, Part, Prediction
from inspector.errors import SourceInterrupted

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
MODEL_ID = "tiny@1#" + "a" * 64
SIDE = 64


def grey(level: int, side: int = SIDE) -> np.ndarray:
    """uint8 (side, side, 3) with a little structure, so that it is no blank picture."""
    image = np.full((side, side, 3), level, np.uint8)
    image[::2] += 8
    return image


def frame(index: int, image: np.ndarray | None = None, fault: str | None = None) -> Frame:
    image = grey(100) if image is None else image
    image.flags.writeable = False
    return Frame(
        index=index,
        image=image,
        captured_ns=index * 10_000_000,
        captured_at=START + dt.timedelta(milliseconds=10 * index),
        pts_ns=None,
        station_id="s",
        source_id="fake",
        fault=fault,
    )


class ScriptedSource:
    """Plays steps: a frame, an exception to raise, or a callable run before the next."""

    def __init__(
        self,
        steps: Iterable[Frame | Exception | Callable[[], None]],
        *,
        live: bool = False,
        freshness: str = "timestamps",
        open_steps: Iterable[Exception | None] = (),
    ) -> None:
        self._steps = iter(steps)
        self._open_steps = iter(open_steps)
        self._interrupted = threading.Event()
        self.opened = 0
        self.closed = 0
        self.info = SourceInfo("fake", "fake:", live, SIDE, SIDE, 100.0, None, freshness=freshness)

    def open(self) -> SourceInfo:
        self.opened += 1
        step = next(self._open_steps, None)
        if step is not None:
            raise step
        return self.info

    def read(self) -> Frame | None:
        for step in self._steps:
            if self._interrupted.is_set():
                raise SourceInterrupted("asked to")
            if isinstance(step, Frame):
                return step
            if isinstance(step, Exception):
                raise step
            step()
        return None

    def interrupt(self) -> None:
        self._interrupted.set()

    def close(self) -> None:
        self.closed += 1


class ScriptedPredictor:
    """Scores by ``score_of(image)``; ``gate`` (if given) is waited for at each call."""

    model_id = MODEL_ID
    provider = "FakeExecutionProvider"
    variant = "fp32"
    degraded = None
    runs_beside = False

    def __init__(
        self,
        score_of: Callable[[np.ndarray], float] = lambda image: float(image.mean()) / 255,
        *,
        gate: threading.Semaphore | None = None,
        entered: threading.Semaphore | None = None,
    ) -> None:
        self._score_of = score_of
        self._gate = gate
        self._entered = entered
        self.calls = 0

    def predict(
        self, crops: Sequence[Crop], meanwhile: Callable[[], None] | None = None
    ) -> list[Prediction]:
        self.calls += 1
        if meanwhile is not None:
            meanwhile()
        if self._entered is not None:
            self._entered.release()
        if self._gate is not None:
            assert self._gate.acquire(timeout=10)
        return [self._prediction(crop) for crop in crops]

    def _prediction(self, crop: Crop) -> Prediction:
        score = self._score_of(crop.pixels())
        heat = np.full((4, 4), score, np.float32)
        return Prediction(score, heat, None, Affine.scaling(SIDE / 4, SIDE / 4), MODEL_ID, 0.1, 0.2)

    def close(self) -> None:
        return None


class BesidePredictor(ScriptedPredictor):
    """As on a GPU: its caller has time while it computes. ``before`` and ``after`` are called with
    the number of the question, before the caller's time and behind it.
    """

    runs_beside = True

    def __init__(
        self,
        *args: Any,
        before: Callable[[int], None] = lambda number: None,
        after: Callable[[int], None] = lambda number: None,
        **more: Any,
    ) -> None:
        super().__init__(*args, **more)
        self._before, self._after = before, after

    def predict(
        self, crops: Sequence[Crop], meanwhile: Callable[[], None] | None = None
    ) -> list[Prediction]:
        number = self.calls
        self._before(number)
        found = super().predict(crops, meanwhile)
        self._after(number)
        return found


class MemorySink:
    """Keeps what it is given; ``fail_at`` raises at that write."""

    def __init__(self, fail_at: int | None = None, error: Exception | None = None) -> None:
        self.inspections: list[Inspection] = []
        self.parts: list[Part] = []
        self._fail_at = fail_at
        self._error = error
        self._writes = 0

    def write(self, inspections: Sequence[Inspection], parts: Sequence[Part]) -> None:
        self._writes += 1
        if self._error is not None and self._writes == self._fail_at:
            raise self._error
        self.inspections.extend(inspections)
        self.parts.extend(parts)


def counting_ids() -> Callable[[], str]:
    numbers = count()
    return lambda: f"id-{next(numbers)}"
