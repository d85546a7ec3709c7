"""What a run keeps: its record, pictures of rejected parts, videos."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector import __version__
from inspector.config import RunConfig
from inspector.core.frame import SourceInfo
from inspector.core.protocols import RecordSink
from inspector.core.recipe import Recipe
from inspector.engine.capture import GrabObserver
from inspector.engine.pipeline import FrameObserver
from inspector.engine.recorder import PartListener
from inspector.engine.status import PipelineStatus
from inspector.inference.predictor import OnnxPredictor
from inspector.station.annotated import AnnotatedVideo
from inspector.station.report import frame_counts
from inspector.store.drawn import DrawnVideo
from inspector.store.opening import open_store
from inspector.store.recorder import RunEnd, RunRecorder, RunStart, begin_run

FALLBACK_FPS = 10.0
"""For sources without a frame rate (folders of images)."""


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
    kept = []
    recorder = None
    if config.db is not None:
        recorder = _begin(config, config.db, run_id, info, predictor, recipe)
        kept.append(_record(recorder))
    if config.annotated is not None:
        kept.append(_annotated(config.annotated, info, recipe, predictor.manifest.title))
    return kept


def _begin(
    config: RunConfig,
    db: Path,
    run_id: str,
    info: SourceInfo,
    predictor: OnnxPredictor,
    recipe: Recipe,
) -> RunRecorder:
    start = RunStart(
        run_id=run_id,
        station_id=config.station_id,
        source_id=info.source_id,
        source_uri=info.uri,
        model_id=predictor.model_id,
        recipe_id=recipe.recipe_id,
        recipe=recipe.model_dump(mode="json"),
        provider=predictor.provider,
        variant=predictor.variant,
        program_version=__version__,
        started_at=_now(),
    )
    return begin_run(open_store(db), start)


def _record(recorder: RunRecorder) -> Kept:
    def finish(status: PipelineStatus) -> None:
        recorder.finish(
            RunEnd(
                finished_at=_now(),
                state=status.state.value,
                stop_reason=status.stop_reason.value if status.stop_reason else "",
                error=str(status.first_error) if status.first_error else None,
                counters=frame_counts(status),
            )
        )

    def note(kind: str, detail: str) -> None:
        recorder.add_event(_now(), kind, detail)

    return Kept(sinks=(recorder,), on_event=note, finish=finish)


def _annotated(path: Path, info: SourceInfo, recipe: Recipe, title: str) -> Kept:
    def open_sink(width: int, height: int) -> DrawnVideo:
        return DrawnVideo(path, fps=info.fps or FALLBACK_FPS, width=width, height=height)

    video = AnnotatedVideo(recipe, open_sink, title=title)
    return Kept(frame_observers=(video,), finish=lambda status: video.close())


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
