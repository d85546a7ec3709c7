"""``build_station``: the one place where every part of the program meets."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from random import Random
from types import TracebackType

from ulid import ULID, ULIDGenerator

from inspector.config import RunConfig
from inspector.core.digest import RecordDigest
from inspector.core.frame import SourceInfo
from inspector.core.protocols import FrameMemory, FrameSource
from inspector.core.recipe import Recipe
from inspector.core.truth import TruthReport
from inspector.engine.capture import GrabObserver
from inspector.engine.changeover import Takeover
from inspector.engine.focus_memory import FocusMemories, FocusMemory
from inspector.engine.pipeline import Pipeline
from inspector.engine.recorder import PartListener
from inspector.engine.run_setup import FrameObserver, RunSetup
from inspector.engine.status import PipelineStatus, State
from inspector.errors import InspectorError, SourceOpenError
from inspector.inference.lanes import LANES
from inspector.inference.predictor import OnnxPredictor, open_predictor
from inspector.inference.providers import CPU
from inspector.inference.service import ModelService
from inspector.inference.session import runs_side_by_side
from inspector.sources.address import parse_address, passwords_in
from inspector.sources.credentials import Credentials
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.station.changeover import Changeovers
from inspector.station.frame_memory import FRAMES_AT_HAND, frame_memory, get_ready
from inspector.station.keeping import Kept, begin_all, finish_all, keep_all
from inspector.station.recipes import recipe_for, variant_of, warnings_for
from inspector.station.report import replay_document
from inspector.vision.workers import limit_workers


@dataclass(slots=True, eq=False)
class Station:
    """A built run with all that it uses; a context manager that frees it.

    ``predictor`` and ``recipe`` are those it began with (``pipeline.in_force`` tells
    which judge now); ``digest`` follows the record; ``warnings`` are for a person to read
    before trusting the verdicts, ``remarks`` after the run.
    """

    run_id: str
    pipeline: Pipeline
    info: SourceInfo
    predictor: OnnxPredictor
    recipe: Recipe
    warnings: tuple[str, ...]
    digest: RecordDigest
    kept: Sequence[Kept]
    changeovers: Changeovers
    _resources: ExitStack
    remarks: tuple[str, ...] = ()
    _finished: bool = False

    def finish(self, timeout: float = 30.0) -> PipelineStatus:
        """Joins the ended run and closes its record, archive and videos; once.

        Raises InspectorError for a run that does not end, or what could not be closed.
        """
        try:
            return self._joined(timeout)
        finally:
            if not self._finished:
                self._finished = True
                # its record closes: trouble of a GPU that others share is told to them alone
                self.changeovers.stop_listening()
                self.remarks = finish_all(self.kept, self._last_status())

    def _joined(self, timeout: float) -> PipelineStatus:
        return self.pipeline.join(timeout) if self.pipeline.started else self._last_status()

    def _last_status(self) -> PipelineStatus:
        """As it stands; a run that never started has ended, too."""
        status = self.pipeline.status()
        return status if self.pipeline.started else replace(status, state=State.STOPPED)

    def document(
        self, status: PipelineStatus, truth: TruthReport | None = None
    ) -> dict[str, object]:
        """The run as the JSON document that other programs read."""
        return replay_document(
            source=self.info.uri,
            status=status,
            truth=truth,
            provider=self.predictor.provider,
            variant=self.predictor.variant,
            model_id=self.predictor.model_id,
            recipe_id=self.recipe.recipe_id,
            records_sha256=self.digest.hexdigest(),
        )

    def __enter__(self) -> Station:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self.pipeline.stop()
            self.finish()
        finally:
            self._resources.close()


def build_station(
    config: RunConfig,
    *,
    part_listeners: Sequence[PartListener] = (),
    frame_observers: Sequence[FrameObserver] = (),
    grab_observers: Sequence[GrabObserver] = (),
    on_event: Callable[[str, str], None] = lambda kind, detail: None,
    credentials: Credentials | None = None,
    models: ModelService | None = None,
    frames: FrameSource | None = None,
    alone: bool = True,
    focus: FocusMemories | None = None,
) -> Station:
    """Opens model, recipe, source and record, in this order: the cheap refusals first.

    ``credentials`` None: the system's keyring, asked only where the source names one.
    ``models`` None: a model of its own, else one shared with other cameras. ``frames``
    takes the place of the configured source (not opened yet). ``alone``: no other camera
    runs beside, so that there is time for two frames at once, and to rehearse. ``focus``: what
    earlier runs of a live camera learnt; recorded footage gives the same records every time.
    The run's row is written last, when nothing can refuse the run any more.

    Raises InputError subclasses for whatever cannot be used; nothing stays open then.
    """
    limit_workers()
    ahead = 1 if models else looks_ahead(config)
    threads = config.threads or (1 if ahead > 1 else None)
    with ExitStack() as stack:
        # first, so that it goes last: the GPU reads it
        memory = stack.enter_context(
            frame_memory(config.execution.provider, _places(config, frames))
        )
        opened = models.open if models else partial(open_predictor, most=config.pictures)
        predictor = opened(
            config.model,
            variant=config.variant or variant_of(config.recipe, config.model),
            require_gpu=config.require_gpu,
            threads=threads,
            execution=config.execution,
        )
        stack.callback(predictor.close)
        held = credentials or Credentials()
        recipe = recipe_for(config, predictor, teacher_for(config, held))
        source = frames or _source(config, held, paced=True, memory=memory)
        stack.callback(source.close)
        info = source.open()
        _check_kind(config, info)
        recipe.check_image(info.width, info.height)
        if memory is not None:
            get_ready(memory, predictor, recipe, info)
        run_id = str(ULID())
        digest = RecordDigest()
        kept = [
            *keep_all(stack, config, run_id, info, predictor, recipe),
            Kept(
                sinks=(digest,),
                part_listeners=tuple(part_listeners),
                frame_observers=tuple(frame_observers),
                grab_observers=tuple(grab_observers),
                on_event=on_event,
            ),
        ]
        setup = RunSetup(
            run_id=run_id,
            source=source,
            info=info,
            predictor=predictor,
            recipe=recipe,
            new_id=part_ids(),
            sinks=[sink for k in kept for sink in k.sinks],
            part_listeners=[listener for k in kept for listener in k.part_listeners],
            frame_observers=[observer for k in kept for observer in k.frame_observers],
            grab_observers=[observer for k in kept for observer in k.grab_observers],
            on_event=partial(_tell_all, kept),
            on_takeover=partial(_tell_takeover, kept),
            trigger_frames=config.trigger_frames,
            ahead=_ahead(ahead, predictor),
            alone=alone,
            rehearses=alone and (config.live or config.realtime),
            focus=_focus(focus, config, info),
        )
        warnings = tuple(warnings_for(recipe, info, predictor))
        pipeline = Pipeline(setup)
        changeovers = Changeovers(
            pipeline,
            require_gpu=config.require_gpu,
            threads=threads,
            execution=config.execution,
            on_event=setup.on_event,
        )
        predictor.listen(setup.on_event)
        stack.callback(changeovers.close)
        begin_all(kept)
        resources = stack.pop_all()
        return Station(
            run_id,
            pipeline,
            info,
            predictor,
            recipe,
            warnings,
            digest,
            kept,
            changeovers,
            resources,
        )


def _focus(memories: FocusMemories | None, config: RunConfig, info: SourceInfo) -> FocusMemory:
    if memories is None or not info.is_live or info.is_recorded:
        return FocusMemory()
    # gain and exposure decide how much noise there is, which looks like fine detail
    return memories.of((config.source, repr(config.camera)))


def _places(config: RunConfig, frames: FrameSource | None) -> int:
    """How many pictures the run brings within reach of a GPU itself."""
    if frames is not None:
        return 1  # to get ready by: they lie where they lie
    brought = config.isolate or parse_address(config.source).kind in ("camera", "network")
    return FRAMES_AT_HAND if brought else 0


def part_ids() -> Callable[[], str]:
    """Makes the ids of one run's parts: ULIDs of a generator of its own.

    The library's common one asks the system for randomness while it holds a lock, and lets
    go of the interpreter meanwhile: sixteen cameras then stood in line for it (91 % of the
    time of their inspecting threads). Not secret, so a seeded generator does.
    """
    random = Random(os.urandom(32))  # noqa: S311 - ids, not secrets

    def bits(timestamp: int) -> bytes:
        return random.getrandbits(80).to_bytes(10, "big")

    generator = ULIDGenerator(randomness=bits)
    return lambda: str(generator.generate())


def looks_ahead(config: RunConfig) -> int:
    """How many frames of the run may be looked at side by side on the processor (for a GPU see
    ``_ahead``).

    Only where recorded frames come as fast as they can be inspected: there is no verdict
    to hurry, and runs of one thread side by side waste no time on each other.
    """
    paced = config.live or config.realtime
    if paced or parse_address(config.source).kind not in ("path", "simulator"):
        return 1
    return runs_side_by_side(config.threads)


def _ahead(wanted: int, predictor: OnnxPredictor) -> int:
    """Where the network runs beside, the thread that asks it has its time for another frame."""
    if predictor.runs_beside:
        return 1
    return wanted if predictor.provider == CPU else min(wanted, LANES)


def check_ended(status: PipelineStatus) -> None:
    """Raises the first error of a run that has ended, or InspectorError for unsound accounts.

    The accounts are checked after every run: an error of ours must not pass unseen.
    """
    if status.first_error is not None:
        raise status.first_error
    problem = status.accounting_problem()
    if problem is not None:
        raise InspectorError(f"the accounts of the run do not add up: {problem}")


def _check_kind(config: RunConfig, info: SourceInfo) -> None:
    if config.recorded_only and info.is_live:
        raise SourceOpenError(
            f"source {info.uri} is live and waits for nobody: replay needs recorded footage; "
            "use inspector run, or record it first"
        )


def _tell_all(kept: Sequence[Kept], kind: str, detail: str) -> None:
    for one in kept:
        one.on_event(kind, detail)


def _tell_takeover(kept: Sequence[Kept], takeover: Takeover) -> None:
    for one in kept:
        one.on_takeover(takeover)


def teacher_for(config: RunConfig, credentials: Credentials | None = None) -> FrameSource:
    """The run's source again, unpaced and not opened, to teach the empty belt from."""
    return _source(config, credentials or Credentials(), paced=False)


def _source(
    config: RunConfig,
    credentials: Credentials,
    *,
    paced: bool,
    memory: FrameMemory | None = None,
) -> FrameSource:
    for password in passwords_in(config.source):
        credentials.note(password)
    held = credentials.require(config.credential) if config.credential else None
    options = SourceOptions(
        station_id=config.station_id,
        realtime=paced and config.realtime,
        as_live=paced and config.live,
        isolate=config.isolate,
        # who paces a source runs a line on it, and wants it back
        spare=paced,
        camera=config.camera,
        username=held.username if held else None,
        password=held.password if held else None,
    )
    return open_source(config.source, options, memory)
