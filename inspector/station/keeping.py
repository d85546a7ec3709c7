"""What a run keeps: its record, pictures of rejected parts, videos."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from inspector import __version__
from inspector.config import RunConfig
from inspector.core.frame import Frame, SourceInfo
from inspector.core.inspection import Part, Verdict
from inspector.core.job import ArchiveRule
from inspector.core.protocols import RecordSink
from inspector.core.recipe import Recipe
from inspector.engine.capture import GrabObserver
from inspector.engine.pipeline import FrameObserver
from inspector.engine.recorder import PartListener
from inspector.engine.status import PipelineStatus
from inspector.inference.predictor import OnnxPredictor
from inspector.station.annotated import AnnotatedVideo
from inspector.station.report import frame_counts
from inspector.store.around import AroundFailKeeper
from inspector.store.drawn import DrawnVideo
from inspector.store.images import CAPACITY, ImageArchive
from inspector.store.opening import open_store
from inspector.store.recorder import RunEnd, RunRecorder, RunStart, begin_run

MEGABYTE = 1_000_000
REPLAY_CAPACITY = 64
"""Pictures that may wait: a replay must keep them all, but runs faster than the disk."""
FALLBACK_FPS = 10.0
"""For sources without a frame rate (folders of images)."""


def _ignore_event(kind: str, detail: str) -> None:
    """For what keeps no events."""


def _ignore_end(status: PipelineStatus) -> tuple[str, ...]:
    """For what has nothing to close."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What one kind of keeping hangs into a run, and how it ends.

    ``finish`` closes it and returns what a person should know of it, a line each.
    """

    sinks: Sequence[RecordSink] = ()
    part_listeners: Sequence[PartListener] = ()
    frame_observers: Sequence[FrameObserver] = ()
    grab_observers: Sequence[GrabObserver] = ()
    on_event: Callable[[str, str], None] = _ignore_event
    finish: Callable[[PipelineStatus], tuple[str, ...]] = _ignore_end


def keep_all(
    config: RunConfig,
    run_id: str,
    info: SourceInfo,
    predictor: OnnxPredictor,
    recipe: Recipe,
) -> list[Kept]:
    """All that the configuration asks to keep. Raises StoreError."""
    kept: list[Kept] = []
    recorder = None
    if config.db is not None:
        recorder = _begin(config, config.db, run_id, info, predictor, recipe)
        kept.append(_record(recorder))
    if config.archive is not None:
        kept.append(_archive(config.archive, config.archive_rule, info, recorder))
    if config.keep_around_fail is not None:
        kept.append(_clips(*config.keep_around_fail, run_id, info))
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
    def finish(status: PipelineStatus) -> tuple[str, ...]:
        recorder.finish(
            RunEnd(
                finished_at=_now(),
                state=status.state.value,
                stop_reason=status.stop_reason.value if status.stop_reason else "",
                error=str(status.first_error) if status.first_error else None,
                counters=frame_counts(status),
            )
        )
        return ()

    def note(kind: str, detail: str) -> None:
        recorder.add_event(_now(), kind, detail)

    return Kept(sinks=(recorder,), on_event=note, finish=finish)


def _archive(
    folder: Path, rule: ArchiveRule, info: SourceInfo, recorder: RunRecorder | None
) -> Kept:
    archive = ImageArchive(
        folder,
        quota_bytes=rule.quota_mb * MEGABYTE,
        keep_free_bytes=rule.keep_free_mb * MEGABYTE,
        pass_one_in=rule.pass_one_in,
        capacity=CAPACITY if info.is_live else REPLAY_CAPACITY,
        on_saved=recorder.note_image if recorder else lambda image: None,
    )
    archive.start()

    def offer(part: Part, frame: Frame | None) -> None:
        if frame is not None:
            archive.offer(part, frame)

    def finish(status: PipelineStatus) -> tuple[str, ...]:
        archive.stop()
        kept = archive.status
        lines = [f"pictures  {kept.saved} saved in {folder}"] if kept.saved else []
        if kept.skipped or kept.errors:
            why = f": {kept.first_error}" if kept.first_error else ""
            lines.append(
                f"pictures  {kept.skipped} skipped (disk too slow), {kept.errors} failed{why}"
            )
        return tuple(lines)

    return Kept(part_listeners=(offer,), finish=finish)


def _clips(folder: Path, seconds: float, run_id: str, info: SourceInfo) -> Kept:
    keeper = AroundFailKeeper(
        folder,
        fps=info.fps or FALLBACK_FPS,
        size=(info.width, info.height),
        keep_s=seconds,
        prefix=run_id,
    )

    def listen(part: Part, frame: Frame | None) -> None:
        if part.verdict is Verdict.FAIL:
            keeper.part_failed(part.part_index, part.first_frame, part.last_frame)

    def finish(status: PipelineStatus) -> tuple[str, ...]:
        kept = keeper.close()
        lost = f", {kept.frames_lost} frames lost" if kept.frames_lost else ""
        problem = f"; {kept.problem}" if kept.problem else ""
        return (f"clips     {len(kept.clips)} in {folder}{lost}{problem}",)

    return Kept(part_listeners=(listen,), grab_observers=(_Grabs(keeper),), finish=finish)


@dataclass(frozen=True, slots=True)
class _Grabs:
    keeper: AroundFailKeeper

    def on_frame(self, frame: Frame) -> None:
        self.keeper.add(frame)


def _annotated(path: Path, info: SourceInfo, recipe: Recipe, title: str) -> Kept:
    def open_sink(width: int, height: int) -> DrawnVideo:
        return DrawnVideo(path, fps=info.fps or FALLBACK_FPS, width=width, height=height)

    video = AnnotatedVideo(recipe, open_sink, title=title)

    def finish(status: PipelineStatus) -> tuple[str, ...]:
        video.close()
        return ()

    return Kept(frame_observers=(video,), finish=finish)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
