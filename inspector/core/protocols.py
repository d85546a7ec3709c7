"""What the engine knows of devices, networks and records: these protocols, no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from inspector.core.frame import Frame, Image, SourceInfo
from inspector.core.inspection import Crop, Inspection, Part, Prediction


class FrameSource(Protocol):
    """Where frames come from. One thread reads; ``interrupt`` may come from any.

    Frame indices go on rising over close and re-open.
    """

    def open(self) -> SourceInfo:
        """Raises SourceOpenError; may be called again, and then lets go of the device first."""
        ...

    def read(self) -> Frame | None:
        """The next frame, None at the end of the stream.

        A frame that cannot be decoded, while the source itself goes on, comes with
        ``fault`` set. Raises SourceError where the source broke, SourceInterrupted
        after ``interrupt``.
        """
        ...

    def interrupt(self) -> None:
        """Makes a waiting and every later ``read`` end soon, until ``open``."""
        ...

    def close(self) -> None:
        """Frees the device; idempotent, never raises for a broken one."""
        ...


class FrameMemory(Protocol):
    """Where a source keeps the pictures that it hands out; from any thread."""

    def kept(self, image: Image) -> Image:
        """A writable copy of a uint8 (H, W, 3) picture, for as long as anybody holds it."""
        ...


class FrameReader(Protocol):
    """Recorded footage with access to every frame by its number (one thread).

    Frame ``n`` has the very pixels of frame ``n`` of a `FrameSource` for the same
    footage.
    """

    def open(self) -> SourceInfo:
        """Raises SourceOpenError."""
        ...

    def read_at(self, index: int) -> Frame | None:
        """Frame ``index`` (from 0), None behind the end. Raises SourceError."""
        ...

    def close(self) -> None:
        """Idempotent."""
        ...


class Predictor(Protocol):
    """A loaded, warmed-up and golden-checked model."""

    @property
    def model_id(self) -> str: ...

    @property
    def provider(self) -> str:
        """The execution provider really in use, e.g. ``CPUExecutionProvider``."""
        ...

    @property
    def degraded(self) -> str | None:
        """Why it no longer runs where it was opened; None while it does."""
        ...

    @property
    def variant(self) -> str: ...

    @property
    def runs_beside(self) -> bool:
        """Whether the network is computed beside the caller, who then has time: see ``predict``."""
        ...

    def predict(
        self, crops: Sequence[Crop], meanwhile: Callable[[], None] | None = None
    ) -> list[Prediction]:
        """One prediction a crop, in order; raises InferenceError.

        ``meanwhile`` does its work once, however often it is called: only where the network runs
        beside the caller, while it is computed or waited for.
        """
        ...

    def close(self) -> None: ...


class RecordSink(Protocol):
    """Where decided facts go; called by one thread, in order."""

    def write(self, inspections: Sequence[Inspection], parts: Sequence[Part]) -> None:
        """Returns once all of it is durable (as one unit); raises StoreError."""
        ...
