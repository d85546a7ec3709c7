"""A replay that somebody watches: in the background, with progress, and kept at hand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from inspector.config import RunConfig
from inspector.core.inspection import Part
from inspector.core.recipe import Recipe
from inspector.core.timeline import Timeline
from inspector.core.truth import TruePart, TruthReport, score_parts
from inspector.engine.status import PipelineStatus
from inspector.engine.threads import GuardedThread
from inspector.platforms import step_back
from inspector.station.build import Station, build_station, check_ended
from inspector.station.replay_index import ReplayIndex
from inspector.vision.workers import start_workers

REFRESH_S = 0.2


class Phase(StrEnum):
    """LOADING: model, recipe and footage are being opened. The last three are ends."""

    IDLE = "IDLE"
    LOADING = "LOADING"
    RUNNING = "RUNNING"
    FINISHED = "FINISHED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"

    @property
    def is_end(self) -> bool:
        return self in (Phase.FINISHED, Phase.CANCELLED, Phase.FAILED)


@dataclass(frozen=True, slots=True, eq=False)
class ReplayStatus:
    """One moment of a replay; ``total`` frames is None where nobody knows."""

    phase: Phase = Phase.IDLE
    done: int = 0
    total: int | None = None
    parts: int = 0
    frames_per_s: float = 0.0
    error: BaseException | None = None

    @property
    def share(self) -> float | None:
        """0..1 of the footage, None where its length is not known."""
        return min(1.0, self.done / self.total) if self.total else None

    @property
    def seconds_left(self) -> float | None:
        """At the present rate; None where nobody can say."""
        if not self.total or self.frames_per_s <= 0:
            return None
        return max(0, self.total - self.done) / self.frames_per_s


@dataclass(frozen=True, slots=True, eq=False)
class ReplayOutcome:
    """A finished replay. ``document`` is what ``inspector replay --json`` writes."""

    run_id: str
    config: RunConfig
    recipe: Recipe
    model_id: str
    model_title: str
    provider: str
    variant: str
    warnings: tuple[str, ...]
    remarks: tuple[str, ...]
    parts: tuple[Part, ...]
    truth: TruthReport | None
    records_sha256: str
    document: dict[str, object]


class ReplayRun:
    """The very run of ``inspector replay``, with an index of what it decides.

    ``start`` once; ``cancel`` from any thread, any number of times. What was shown on a
    screen has no part in it: it reads the footage itself, losslessly.
    """

    def __init__(
        self,
        config: RunConfig,
        *,
        truth: Sequence[TruePart] | None = None,
        after: Callable[[Phase], None] = lambda phase: None,
    ) -> None:
        """``after`` is called on the run's thread with how it ended, before that shows."""
        self.config = replace(config, recorded_only=True, live=False)
        self.index = ReplayIndex(truth)
        self._truth = truth
        self._after = after
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self._status = ReplayStatus()
        self._timeline = self.index.timeline()
        self._outcome: ReplayOutcome | None = None
        self._recipe: Recipe | None = None
        self._thread = GuardedThread(
            "replay", self._work, on_error=self._fail, on_exit=lambda: None
        )

    def start(self) -> None:
        """Returns at once; opening the model may take a second."""
        self._put(phase=Phase.LOADING)
        self._thread.start()

    def cancel(self) -> None:
        """Asks for an end; what was decided until then can still be looked at."""
        self._cancelled.set()

    def join(self, timeout: float | None = None) -> bool:
        """Whether the run has ended in time."""
        if self._thread.ident is not None:
            self._thread.join(timeout)
        return not self._thread.is_alive()

    def status(self) -> ReplayStatus:
        with self._lock:
            return self._status

    def timeline(self) -> Timeline:
        """A fifth of a second old at most."""
        with self._lock:
            return self._timeline

    @property
    def recipe(self) -> Recipe | None:
        """What is judged by; None while loading."""
        with self._lock:
            return self._recipe

    def outcome(self) -> ReplayOutcome | None:
        """None unless FINISHED."""
        with self._lock:
            return self._outcome

    def _work(self) -> None:
        # a line that is being inspected beside it goes first
        start_workers()
        step_back()
        outcome = self._run()
        phase = Phase.CANCELLED if outcome is None else Phase.FINISHED
        self._after(phase)
        with self._lock:
            self._outcome = outcome
        self._put(phase=phase)

    def _run(self) -> ReplayOutcome | None:
        """None where it was cancelled."""
        with build_station(
            self.config, part_listeners=[self.index.on_part], frame_observers=[self.index]
        ) as station:
            self._begin(station)
            status = self._follow(station)
            check_ended(status)
            return None if self._cancelled.is_set() else self._made(station, status)

    def _begin(self, station: Station) -> None:
        self.index.expect(station.info.frame_count, station.recipe.thresholds)
        with self._lock:
            self._recipe = station.recipe
        self._put(phase=Phase.RUNNING, total=station.info.frame_count)
        station.pipeline.start()

    def _follow(self, station: Station) -> PipelineStatus:
        while not station.pipeline.wait(REFRESH_S):
            if self._cancelled.is_set():
                station.pipeline.stop()
            self._refresh(station.pipeline.status())
        status = station.finish()
        self._refresh(status)
        return status

    def _refresh(self, status: PipelineStatus) -> None:
        timeline = self.index.timeline()
        with self._lock:
            self._timeline = timeline
        self._put(
            done=status.inspected + status.failed,
            parts=status.parts_total,
            frames_per_s=status.inspect_fps,
        )

    def _made(self, station: Station, status: PipelineStatus) -> ReplayOutcome:
        parts = self.index.parts()
        report = None if self._truth is None else score_parts(parts, self._truth)
        return ReplayOutcome(
            run_id=station.run_id,
            config=self.config,
            recipe=station.recipe,
            model_id=station.predictor.model_id,
            model_title=station.predictor.manifest.title,
            provider=station.predictor.provider,
            variant=station.predictor.variant,
            warnings=station.warnings,
            remarks=station.remarks,
            parts=parts,
            truth=report,
            records_sha256=station.digest.hexdigest(),
            document=station.document(status, report),
        )

    def _put(self, **changes: object) -> None:
        with self._lock:
            self._status = replace(self._status, **changes)  # type: ignore[arg-type]

    def _fail(self, error: BaseException) -> None:
        try:
            self._after(Phase.FAILED)
        finally:
            with self._lock:
                self._status = replace(self._status, phase=Phase.FAILED, error=error)
