"""One run on a thread of its own: built, started, followed to its end, closed. No Qt."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Protocol

from inspector.config import RunConfig
from inspector.core.frame import SourceInfo
from inspector.core.recipe import Recipe
from inspector.engine.capture import GrabObserver
from inspector.engine.recorder import PartListener
from inspector.engine.run_setup import FrameObserver
from inspector.engine.status import PipelineStatus
from inspector.errors import InspectorError, StoreError
from inspector.gui.runs.inbox import RunInbox
from inspector.station.build import Station, build_station
from inspector.station.changeover import Changeovers
from inspector.station.recording import FootageTap

FOLLOW_S = 0.1


class Phase(StrEnum):
    """Of a run as a person sees it. ENDED: nothing of it is open any more."""

    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What is known once a run is built; a changeover brings another model and recipe,
    trouble with a GPU another provider (``degraded`` says why).
    """

    run_id: str
    info: SourceInfo
    recipe: Recipe
    title: str
    provider: str
    variant: str
    model_id: str
    warnings: tuple[str, ...]
    degraded: str | None = None


@dataclass(frozen=True, slots=True)
class RunSnapshot:
    """One moment of a run.

    Attributes:
        facts: None until it is built.
        status: the engine's own; None until it is built.
        error: what ended it, None for a sound end; known in ENDED.
        document: the run as other programs read it (``records_sha256`` in it), in ENDED.
        remarks: for a person, in ENDED.
    """

    phase: Phase
    config: RunConfig
    facts: RunFacts | None = None
    status: PipelineStatus | None = None
    error: BaseException | None = None
    document: dict[str, object] | None = None
    remarks: tuple[str, ...] = ()


class BuildStation(Protocol):
    """`inspector.station.build.build_station`, or a stand-in."""

    def __call__(
        self,
        config: RunConfig,
        *,
        part_listeners: Sequence[PartListener] = (),
        frame_observers: Sequence[FrameObserver] = (),
        grab_observers: Sequence[GrabObserver] = (),
        on_event: Callable[[str, str], None] = ...,
    ) -> Station: ...


class RunSession:
    """``start`` once; ``stop`` any time, from any thread; ``snapshot`` and ``inbox`` are
    pulled by the screen. ``tap`` keeps footage of what the run sees while it is on."""

    def __init__(
        self,
        config: RunConfig,
        *,
        build: BuildStation = build_station,
        part_listeners: Sequence[PartListener] = (),
        frame_observers: Sequence[FrameObserver] = (),
    ) -> None:
        self.inbox = RunInbox()
        self.tap = FootageTap()
        self._config = config
        self._build = build
        self._part_listeners = (self.inbox.on_part, *part_listeners)
        self._frame_observers = (self.inbox, *frame_observers)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._station: Station | None = None
        self._snapshot = RunSnapshot(Phase.STARTING, config)
        self._thread = threading.Thread(target=self._run, name="run", daemon=False)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Asks for a clean end; returns at once."""
        self._stopping.set()
        station = self._station
        if station is not None:
            station.pipeline.stop()

    def join(self, timeout: float | None = None) -> bool:
        """Whether it has ended; waits that long."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def snapshot(self) -> RunSnapshot:
        """Costs about a millisecond while running: pull it a few times a second."""
        with self._lock:
            last, station = self._snapshot, self._station
        if last.phase is Phase.ENDED or station is None:
            return last
        phase = Phase.STOPPING if self._stopping.is_set() else Phase.RUNNING
        facts = _in_force(last.facts, station)
        return RunSnapshot(phase, self._config, facts, station.pipeline.status())

    @property
    def changeovers(self) -> Changeovers | None:
        """To swap model and recipe; None while no run is built, and after its end."""
        with self._lock:
            return self._station.changeovers if self._station is not None else None

    @property
    def phase(self) -> Phase:
        """Cheap."""
        with self._lock:
            last, station = self._snapshot, self._station
        if last.phase is Phase.ENDED:
            return Phase.ENDED
        if self._stopping.is_set():
            return Phase.STOPPING
        return Phase.STARTING if station is None else Phase.RUNNING

    def _run(self) -> None:
        try:
            self._build_and_follow()
        except BaseException as error:  # noqa: BLE001 - the one guard of this thread
            self._end(error=error)

    def _build_and_follow(self) -> None:
        with self._build(
            self._config,
            part_listeners=self._part_listeners,
            frame_observers=self._frame_observers,
            grab_observers=(self.tap,),
            on_event=self.inbox.on_event,
        ) as station:
            self._began(station)
            try:
                status = self._follow(station)
            finally:
                footage = self._end_footage()
        self._closed(station, status, footage)

    def _end_footage(self) -> tuple[str, ...]:
        """What is being recorded ends with the run; said in a line."""
        try:
            kept = self.tap.end()
        except StoreError as error:
            return (f"footage   {error}",)
        return (f"footage   {kept.frames} frames in {kept.path}",) if kept else ()

    def _began(self, station: Station) -> None:
        with self._lock:
            self._snapshot = RunSnapshot(Phase.RUNNING, self._config, _facts(station))
            self._station = station

    def _follow(self, station: Station) -> PipelineStatus:
        station.pipeline.start()
        while not station.pipeline.wait(FOLLOW_S):
            if self._stopping.is_set():
                station.pipeline.stop()
        return station.finish()

    def _closed(self, station: Station, status: PipelineStatus, footage: tuple[str, ...]) -> None:
        problem = status.accounting_problem()
        wrong = InspectorError(f"the accounts of the run do not add up: {problem}")
        self._end(
            status=status,
            error=status.first_error or (wrong if problem else None),
            document=station.document(status),
            remarks=(*station.remarks, *footage),
        )

    def _end(
        self,
        *,
        status: PipelineStatus | None = None,
        error: BaseException | None = None,
        document: dict[str, object] | None = None,
        remarks: tuple[str, ...] = (),
    ) -> None:
        with self._lock:
            facts, self._station = self._snapshot.facts, None
            self._snapshot = RunSnapshot(
                Phase.ENDED, self._config, facts, status, error, document, remarks
            )


def _in_force(facts: RunFacts | None, station: Station) -> RunFacts | None:
    """With the model, recipe and provider that judge now."""
    now = station.changeovers.in_force
    if facts is None:
        return None
    provider, degraded = now.predictor.provider, now.predictor.degraded
    same = (now.model_id, provider, degraded) == (facts.model_id, facts.provider, facts.degraded)
    if same and now.recipe is facts.recipe:
        return facts
    return replace(
        facts,
        recipe=now.recipe,
        title=now.model_id.partition("#")[0],
        provider=provider,
        degraded=degraded,
        variant=now.predictor.variant,
        model_id=now.model_id,
    )


def _facts(station: Station) -> RunFacts:
    return RunFacts(
        run_id=station.run_id,
        info=station.info,
        recipe=station.recipe,
        title=station.predictor.manifest.title,
        provider=station.predictor.provider,
        variant=station.predictor.variant,
        model_id=station.predictor.model_id,
        warnings=station.warnings,
    )
