"""One captured frame to its inspections: network, defects, verdict."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.core.inspection import (
    NAMED,
    Crop,
    Defect,
    Inspection,
    Prediction,
    Timings,
    Verdict,
    worst,
)
from inspector.core.presence import Presence
from inspector.core.protocols import Predictor
from inspector.core.recipe import Recipe, RegionSpec, judge
from inspector.engine.echo import EchoWatch
from inspector.engine.ticket import Ticket
from inspector.errors import InferenceError
from inspector.vision import quality, regions


@dataclass(frozen=True, slots=True, eq=False)
class Decision:
    """Of one frame: an inspection a region, the worst of them, and the predictions.

    ``recipe`` is the one it was judged by: a changeover may have brought another since.
    ``leads``: it is the most telling frame of its part so far, its picture the part's own.
    """

    ticket: Ticket
    inspections: tuple[Inspection, ...]
    verdict: Verdict
    predictions: tuple[Prediction | None, ...]
    timings: Timings
    recipe: Recipe
    leads: bool = False

    @property
    def was_judged(self) -> bool:
        """Whether the network ran for it."""
        return any(p is not None for p in self.predictions)


class FrameJudge:
    """Decides on frames, one after the other (one thread)."""

    def __init__(self, predictor: Predictor, recipe: Recipe, run_id: str) -> None:
        self._predictor = predictor
        self._recipe = recipe
        self._recipe_id = recipe.recipe_id
        self._model_id = predictor.model_id
        self._rois = [region.region for region in recipe.regions]
        self._run_id = run_id
        self._echoes = [EchoWatch() for _ in self._rois]

    def decide(self, ticket: Ticket) -> Decision:
        """Never raises for a frame that cannot be inspected: that one is INVALID."""
        started_ns = time.monotonic_ns()
        predictions: list[Prediction | None] = [None] * len(self._recipe.regions)
        problem = _unusable(ticket)
        if problem is not None:
            outcomes = [_Outcome.invalid(problem)] * len(predictions)
        elif not ticket.settled:
            outcomes = [_Outcome(Verdict.NO_PART)] * len(predictions)
        else:
            outcomes = self._inspect(ticket, predictions)
        return self._decision(ticket, outcomes, predictions, started_ns)

    def refuse(self, ticket: Ticket, reason: str) -> Decision:
        """INVALID without a look at it."""
        predictions: list[Prediction | None] = [None] * len(self._recipe.regions)
        outcomes = [_Outcome.invalid(reason)] * len(predictions)
        return self._decision(ticket, outcomes, predictions, time.monotonic_ns())

    def _decision(
        self,
        ticket: Ticket,
        outcomes: Sequence[_Outcome],
        predictions: Sequence[Prediction | None],
        started_ns: int,
    ) -> Decision:
        timings = _timings(ticket, predictions, started_ns)
        inspections = tuple(
            self._inspection(ticket, region, outcome, timings)
            for region, outcome in zip(self._recipe.regions, outcomes, strict=True)
        )
        verdicts = [o.verdict for o in outcomes]
        verdict = Verdict.NO_PART if Verdict.NO_PART in verdicts else worst(verdicts)
        return Decision(ticket, inspections, verdict, tuple(predictions), timings, self._recipe)

    def _inspect(self, ticket: Ticket, predictions: list[Prediction | None]) -> list[_Outcome]:
        """Fills ``predictions`` for the regions whose picture can be judged by."""
        crops = [Crop(ticket.frame.image, roi) for roi in self._rois]
        problems = [quality.problem(c.pixels(), self._recipe.quality) for c in crops]
        usable = [i for i, problem in enumerate(problems) if problem is None]
        try:
            answers = self._predictor.predict([crops[i] for i in usable]) if usable else []
        except InferenceError as error:
            return [_Outcome.invalid(str(error))] * len(crops)
        for i, answer in zip(usable, answers, strict=True):
            predictions[i] = answer
            problems[i] = self._echoes[i].problem(crops[i].pixels(), answer)
        return [
            _Outcome.invalid(problem or "the network gave no answer")
            if prediction is None or problem is not None
            else self._outcome(prediction, region)
            for problem, prediction, region in zip(
                problems, predictions, self._recipe.regions, strict=True
            )
        ]

    def _outcome(self, prediction: Prediction, region: RegionSpec) -> _Outcome:
        if prediction.fault is not None:
            return _Outcome.invalid(prediction.fault)
        if not math.isfinite(prediction.score):
            return _Outcome.invalid(f"the network's score is {prediction.score}")
        finding = regions.find(prediction, region, self._recipe)
        verdict = judge(finding.score, self._recipe)
        reason = "no finite score" if verdict is Verdict.INVALID else None
        kind = prediction.defect_type if verdict in NAMED else None
        return _Outcome(verdict, finding.score, finding.defects, reason, kind)

    def _inspection(
        self, ticket: Ticket, region: RegionSpec, outcome: _Outcome, timings: Timings
    ) -> Inspection:
        return Inspection(
            run_id=self._run_id,
            frame_index=ticket.frame.index,
            region=region.name,
            verdict=outcome.verdict,
            score=outcome.score,
            defects=outcome.defects,
            model_id=self._model_id,
            recipe_id=self._recipe_id,
            captured_at=ticket.frame.captured_at,
            part_index=ticket.part_index,
            settled=ticket.settled,
            reason=outcome.reason,
            timings=timings,
            defect_type=outcome.defect_type,
        )


@dataclass(frozen=True, slots=True)
class _Outcome:
    verdict: Verdict
    score: float = math.nan
    defects: tuple[Defect, ...] = ()
    reason: str | None = None
    defect_type: str | None = None

    @classmethod
    def invalid(cls, reason: str) -> _Outcome:
        return cls(Verdict.INVALID, reason=reason)


def _unusable(ticket: Ticket) -> str | None:
    if ticket.frame.fault is not None:
        return ticket.frame.fault
    if ticket.presence is Presence.UNKNOWN:
        return "presence unknown: no empty-belt reference is taught"
    return None


def _timings(ticket: Ticket, predictions: Sequence[Prediction | None], started_ns: int) -> Timings:
    now_ns = time.monotonic_ns()
    ran = [p for p in predictions if p is not None]
    prepare = sum(p.prepare_ms for p in ran)
    network = sum(p.network_ms for p in ran)
    return Timings(
        read=ticket.read_ms,
        presence=ticket.presence_ms,
        queue=(started_ns - ticket.queued_ns) / 1e6,
        prepare=prepare,
        network=network,
        judge=max(0.0, (now_ns - started_ns) / 1e6 - prepare - network),
        age=(now_ns - ticket.frame.captured_ns) / 1e6,
    )
