"""What a run keeps: its record, pictures of rejected parts, videos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from inspector.config import RunConfig
from inspector.core.frame import SourceInfo
from inspector.core.protocols import RecordSink
from inspector.core.recipe import Recipe
from inspector.engine.capture import GrabObserver
from inspector.engine.pipeline import FrameObserver
from inspector.engine.recorder import PartListener
from inspector.engine.status import PipelineStatus
from inspector.inference.predictor import OnnxPredictor


def _ignore_event(kind: str, detail: str) -> None:
    """For what keeps no events."""


def _ignore_end(status: PipelineStatus) -> None:
    """For what has nothing to close."""


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What one kind of keeping hangs into a run, and how it ends."""

    sinks: Sequence[RecordSink] = ()
    part_listeners: Sequence[PartListener] = ()
    frame_observers: Sequence[FrameObserver] = ()
    grab_observers: Sequence[GrabObserver] = ()
    on_event: Callable[[str, str], None] = _ignore_event
    finish: Callable[[PipelineStatus], None] = _ignore_end


def keep_all(
    config: RunConfig,
    run_id: str,
    info: SourceInfo,
    predictor: OnnxPredictor,
    recipe: Recipe,
) -> list[Kept]:
    """All that the configuration asks to keep. Raises StoreError."""
    return []
