"""What a run keeps: its record, pictures of rejected parts, videos."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from inspector import __version__
from inspector.config import RunConfig
from inspector.core.frame import Frame, SourceInfo
from inspector.core.inspection import Part, Verdict
from inspector.core.job import ArchiveRule
from inspector.core.protocols import RecordSink
from inspector.core.recipe import Recipe
from inspector.engine.capture import GrabObserver
from inspector.engine.changeover import Takeover
from inspector.engine.recorder import PartListener, TakeoverListener
from inspector.engine.run_setup import FrameObserver
from inspector.engine.status import PipelineStatus
from inspector.inference.predictor import OnnxPredictor
from inspector.station.annotated import AnnotatedVideo
from inspector.station.audit_log import AuditLog
from inspector.station.changeover import takeover_change, takeover_events
from inspector.station.record import RunRecord
from inspector.station.report import frame_counts
from inspector.station.run_log import RunLog
from inspector.store.around import AroundFailKeeper
from inspector.store.drawn import DrawnVideo
from inspector.store.images import CAPACITY, ImageArchive
from inspector.store.recorder import RunEnd, RunStart

MEGABYTE = 1_000_000
REPLAY_CAPACITY = 64
"""Pictures that may wait: a replay must keep them all, but runs faster than the disk."""
FALLBACK_FPS = 10.0
"""For sources without a frame rate (folders of images)."""


def _nothing() -> None:
    """For what has nothing to begin or close."""


def _ignore_event(kind: str, detail: str) -> None:
    """For what keeps no events."""


def _ignore_takeover(takeover: Takeover) -> None:
    """For what keeps no changeovers."""


def _ignore_end(status: PipelineStatus) -> tuple[str, ...]:
    """For what has nothing to close."""
    return ()


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """What one kind of keeping hangs into a run, and how it begins and ends.

    ``begin`` is called when nothing can refuse the run any more. ``finish`` closes it
    and returns what a person should know of it, a line each; ``close`` frees it
    without that, and may be called at any time and any number of times.
    """

    sinks: Sequence[RecordSink] = ()
    part_listeners: Sequence[PartListener] = ()
    frame_observers: Sequence[FrameObserver] = ()
    grab_observers: Sequence[GrabObserver] = ()
    on_event: Callable[[str, str], None] = _ignore_event
    on_takeover: TakeoverListener = _ignore_takeover
    begin: Callable[[], None] = _nothing
    finish: Callable[[PipelineStatus], tuple[str, ...]] = _ignore_end
    close: Callable[[], None] = _nothing


def keep_all(
    stack: ExitStack,
    config: RunConfig,
    run_id: str,
    info: SourceInfo,
    predictor: OnnxPredictor,
    recipe: Recipe,
) -> list[Kept]:
    """All that the configuration asks to keep, the record first; ``stack`` closes it.

    Raises StoreError.
    """
    kept: list[Kept] = []

    def add(one: Kept) -> None:
        stack.callback(one.close)
        kept.append(one)

    record = None
    if config.db is not None:
        record = RunRecord(config.db)
        start = partial(_start, config, run_id, info, predictor, recipe)
        add(_record(record, start, predictor.remarks))
        add(_audit(config.db, config.station_id))
    if config.archive is not None:
        add(_archive(config.archive, config.archive_rule, info, record))
    if config.keep_around_fail is not None:
        add(_clips(*config.keep_around_fail, run_id, info))
    if config.annotated is not None:
        add(_annotated(config.annotated, info, predictor.manifest.title))
    add(_logged(config, run_id, info, predictor, recipe))
    return kept


def begin_all(kept: Sequence[Kept]) -> None:
    """In reverse: the run's row is the last thing to be written. Raises StoreError."""
    for one in reversed(kept):
        one.begin()


def finish_all(kept: Sequence[Kept], status: PipelineStatus) -> tuple[str, ...]:
    """What is to be said of it. All are ended, whatever one of them raises; the first
    error is raised at the end.

    In reverse: the archive still tells the record of pictures while it drains.
    """
    lines: list[str] = []
    first: BaseException | None = None
    for one in reversed(kept):
        try:
            lines += one.finish(status)
        except BaseException as error:  # noqa: BLE001 - raised below, when all are closed
            first = first or error
    if first is not None:
        raise first
    return tuple(lines)


def _start(
    config: RunConfig,
    run_id: str,
    info: SourceInfo,
    predictor: OnnxPredictor,
    recipe: Recipe,
) -> RunStart:
    return RunStart(
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
        job=config.job,
        archive=str(config.archive.resolve()) if config.archive else None,
        image_width=info.width,
        image_height=info.height,
    )


def _record(record: RunRecord, start: Callable[[], RunStart], remarks: Sequence[str]) -> Kept:
    def begin() -> None:
        record.begin(start())
        for remark in remarks:
            record.add_event(_now(), "execution", remark)

    def finish(status: PipelineStatus) -> tuple[str, ...]:
        record.finish(
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
        if kind == "record_stalled":
            # it could only wait for the same disk, and keep others from being told
            return
        record.add_event(_now(), kind, detail)

    def note_takeover(takeover: Takeover) -> None:
        for kind, detail in takeover_events(takeover):
            record.add_event(takeover.at, kind, detail)

    return Kept(
        sinks=(record,),
        on_event=note,
        on_takeover=note_takeover,
        begin=begin,
        finish=finish,
        close=record.close,
    )


def _logged(
    config: RunConfig, run_id: str, info: SourceInfo, predictor: OnnxPredictor, recipe: Recipe
) -> Kept:
    log = RunLog(run_id, config.station_id)

    def begin() -> None:
        log.begin(
            source=info.uri,
            model_id=predictor.model_id,
            provider=predictor.provider,
            recipe_id=recipe.recipe_id,
        )

    return Kept(
        part_listeners=(log.on_part,),
        on_event=log.on_event,
        on_takeover=log.on_takeover,
        begin=begin,
        finish=log.finish,
    )


def _audit(db: Path, station_id: str) -> Kept:
    """Who let another model take over, and why, in the chain that cannot be altered unseen."""
    log = AuditLog(db, station_id)

    def note(takeover: Takeover) -> None:
        log.append(takeover_change(takeover))

    return Kept(on_takeover=note, begin=log.check, close=log.close)


def _archive(folder: Path, rule: ArchiveRule, info: SourceInfo, record: RunRecord | None) -> Kept:
    archive = ImageArchive(
        folder,
        quota_bytes=rule.quota_mb * MEGABYTE,
        keep_free_bytes=rule.keep_free_mb * MEGABYTE,
        pass_one_in=rule.pass_one_in,
        capacity=CAPACITY if info.is_live else REPLAY_CAPACITY,
        on_saved=record.note_image if record else lambda image: None,
    )

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

    return Kept(part_listeners=(offer,), begin=archive.start, finish=finish, close=archive.stop)


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

    def close() -> None:
        keeper.close()

    return Kept(
        part_listeners=(listen,), grab_observers=(_Grabs(keeper),), finish=finish, close=close
    )


@dataclass(frozen=True, slots=True)
class _Grabs:
    keeper: AroundFailKeeper

    def on_frame(self, frame: Frame) -> None:
        self.keeper.add(frame)


def _annotated(path: Path, info: SourceInfo, title: str) -> Kept:
    def open_sink(width: int, height: int) -> DrawnVideo:
        return DrawnVideo(path, fps=info.fps or FALLBACK_FPS, width=width, height=height)

    video = AnnotatedVideo(open_sink, title=title)

    def finish(status: PipelineStatus) -> tuple[str, ...]:
        video.close()
        return ()

    return Kept(frame_observers=(video,), finish=finish, close=video.close)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
