"""A run told by hand: the window's controllers meet exactly what a test or picture says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import MappingProxyType

from inspector.config import RunConfig
from inspector.core.frame import Frame, SourceInfo
from inspector.core.inspection import Inspection, Part, Prediction, Verdict
from inspector.core.recipe import Recipe
from inspector.engine.meters import Percentiles
from inspector.engine.status import PipelineStatus, State
from inspector.gui.runs.events import PartEvent, RunEvent, Shown
from inspector.gui.runs.session import Phase, RunFacts, RunSession, RunSnapshot
from tests.support.fakes import MODEL_ID, ScriptedPredictor, frame, grey
from tests.support.records import NOW, part

AGE = Percentiles(p50=9.4, p95=13.0, p99=19.0, max=31.0)
STATUS = PipelineStatus(
    state=State.RUNNING,
    captured=1800,
    inspected=1800,
    recorded=1800,
    capture_fps=30.0,
    inspect_fps=30.0,
    latency_ms=MappingProxyType({"age": AGE}),
    last_frame_age_s=0.02,
)


class StagedSession(RunSession):
    """No thread, no station: phase, pictures and parts are set from outside."""

    def __init__(self, config: RunConfig, facts: RunFacts | None = None) -> None:
        super().__init__(config)
        self._staged = RunSnapshot(Phase.STARTING, config)
        self._facts_to_tell = facts or facts_of()
        self.stops = 0

    def start(self) -> None:
        """Nothing runs."""

    def stop(self) -> None:
        self.stops += 1
        if self._staged.phase is not Phase.ENDED:
            self._staged = replace(self._staged, phase=Phase.STOPPING)

    def join(self, timeout: float | None = None) -> bool:
        if self._staged.phase is not Phase.ENDED:
            self.end()
        return True

    def snapshot(self) -> RunSnapshot:
        return self._staged

    @property
    def phase(self) -> Phase:
        return self._staged.phase

    def run(self, status: PipelineStatus = STATUS) -> None:
        """Built and running, in that state."""
        self._staged = replace(
            self._staged, phase=Phase.RUNNING, facts=self._facts_to_tell, status=status
        )

    def end(self, error: BaseException | None = None) -> None:
        self._staged = replace(self._staged, phase=Phase.ENDED, error=error)

    def show(self, shown: Shown) -> None:
        with self.inbox._lock:
            self.inbox._live = shown

    def finish_part(self, event: PartEvent) -> None:
        with self.inbox._lock:
            self.inbox._parts.append(event)

    def tell(self, kind: str, detail: str) -> None:
        with self.inbox._lock:
            self.inbox._events.append(RunEvent(kind, detail, NOW))


def recipe_of(t1: float = 0.5, t2: float = 0.8) -> Recipe:
    return Recipe.model_validate(
        {"model_sha256": MODEL_ID.rpartition("#")[2], "thresholds": {"t1": t1, "t2": t2}}
    )


def facts_of(warnings: Sequence[str] = ()) -> RunFacts:
    return RunFacts(
        run_id="run",
        info=SourceInfo("fake", "fake:", True, 64, 64, 30.0, None),
        recipe=recipe_of(),
        title="tiny 1",
        provider="CPUExecutionProvider",
        variant="int8",
        model_id=MODEL_ID,
        warnings=tuple(warnings),
    )


def shown_of(
    verdict: Verdict = Verdict.PASS, index: int = 0, *, picture: Frame | None = None
) -> Shown:
    """A picture as bright as its verdict is bad, with the map to go with it."""
    from inspector.core.inspection import Crop

    levels = {Verdict.PASS: 40, Verdict.REVIEW: 150, Verdict.FAIL: 220}
    seen = picture or frame(index, grey(levels.get(verdict, 90)))
    predictions: tuple[Prediction | None, ...] = (None,)
    if verdict in levels:
        predictions = tuple(ScriptedPredictor().predict([Crop(seen.image)]))
    score = predictions[0].score if predictions[0] else float("nan")
    telling = Inspection(
        run_id="run",
        frame_index=index,
        region="part",
        verdict=verdict,
        score=score,
        defects=(),
        model_id=MODEL_ID,
        recipe_id="c" * 64,
        captured_at=NOW,
    )
    return Shown(seen, verdict, (telling,), predictions, recipe_of())


def part_event(
    index: int, verdict: Verdict = Verdict.PASS, *, reason: str | None = None, seen: bool = True
) -> PartEvent:
    shown = shown_of(verdict, index) if seen else None
    made: Part = part(index, verdict, reason=reason, model_id=MODEL_ID)
    return PartEvent(made, shown)
