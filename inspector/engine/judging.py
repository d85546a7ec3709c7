"""One captured frame to its inspections: network, defects, verdict."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

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
from inspector.core.owed import Owed
from inspector.core.presence import Presence
from inspector.core.protocols import Predictor
from inspector.core.recipe import Recipe, RegionSpec, judge
from inspector.engine.echo import EchoWatch
from inspector.engine.focus_watch import FocusWatch
from inspector.engine.ticket import Ticket
from inspector.errors import InferenceError
from inspector.vision import quality, regions

FIT_VALUES, FIT_DEFECTS = 64 * 64, 4
"""Of maps, and outlined in them: what takes a third of a millisecond at most."""


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


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """What was seen of a frame, a region each: a prediction, a problem, or neither (no part)."""

    ticket: Ticket
    predictions: tuple[Prediction | None, ...]
    problems: tuple[str | None, ...]
    started_ns: int
    ended_ns: int


class FrameJudge:
    """Looks at frames, in any order, and decides on them, one after the other (one thread). A frame
    that cannot be inspected raises nothing: it is INVALID.

    Args:
        rehearses: while the network is computed beside, an earlier picture is judged again
            and what comes of it thrown away. A processor that has rested between two frames
            takes two to five times as long for steps that it has not just done.
    """

    def __init__(
        self,
        predictor: Predictor,
        recipe: Recipe,
        run_id: str,
        focus: FocusWatch,
        *,
        rehearses: bool = False,
    ) -> None:
        self._predictor = predictor
        self._recipe = recipe
        self._recipe_id = recipe.recipe_id
        self._model_id = predictor.model_id
        self._rois = [region.region for region in recipe.regions]
        self._run_id = run_id
        self._focus = focus
        self._echoes = [EchoWatch() for _ in self._rois]
        self._rehearses = rehearses
        self._piece: tuple[Prediction | None, ...] | None = None

    def look(self, ticket: Ticket, beside: Callable[[], None] | None = None) -> Look:
        """Quality and network: all that depends on this frame alone, so that frames may be
        looked at on several threads where the predictor allows that. ``beside`` is called once
        at most, where there is time while the network is computed.
        """
        started_ns = time.monotonic_ns()
        predictions: tuple[Prediction | None, ...] = (None,) * len(self._rois)
        problem = _unusable(ticket)
        problems: tuple[str | None, ...] = (problem,) * len(self._rois)
        if problem is None and ticket.settled:
            predictions, problems = self._asked(ticket, beside)
        return Look(ticket, predictions, problems, started_ns, time.monotonic_ns())

    def _crops(self, ticket: Ticket) -> list[Crop]:
        return [Crop(ticket.frame.image, roi) for roi in self._rois]

    def conclude(self, look: Look) -> Decision:
        """The verdict on what was seen; frame by frame, in their order."""
        resumed_ns = time.monotonic_ns()
        blurs = self._blurs(look.ticket)
        outcomes = [self._concluded(look, place, blur) for place, blur in enumerate(blurs)]
        if self._rehearses:
            self._keep_piece(look.predictions, outcomes)
        return self._decision(look, outcomes, resumed_ns)

    def _keep_piece(
        self, predictions: tuple[Prediction | None, ...], outcomes: Sequence[_Outcome]
    ) -> None:
        """To be judged again: one with defects if there is any, they are the longer way."""
        longer = self._piece is None or any(o.defects for o in outcomes)
        if longer and _is_fit(predictions, outcomes):
            self._piece = predictions

    def _rehearse(self, ticket: Ticket) -> None:
        """A decision that nobody hears of; it changes nothing here."""
        if self._piece is None:
            return
        now_ns, pairs = time.monotonic_ns(), zip(self._piece, self._recipe.regions, strict=True)
        outcomes = [
            _Outcome(Verdict.NO_PART) if p is None else self._outcome(p, r) for p, r in pairs
        ]
        self._decision(Look(ticket, self._piece, (), now_ns, now_ns), outcomes, now_ns)

    def _blurs(self, ticket: Ticket) -> list[str | None]:
        if not ticket.settled or _unusable(ticket) is not None:
            return [None] * len(self._rois)
        return self._focus.check(ticket.part_index, self._crops(ticket))

    def refuse(self, ticket: Ticket, reason: str) -> Decision:
        """INVALID without a look at it."""
        count, now_ns = len(self._rois), time.monotonic_ns()
        look = Look(ticket, (None,) * count, (reason,) * count, now_ns, now_ns)
        return self._decision(look, [_Outcome.invalid(reason)] * count, now_ns)

    def _decision(self, look: Look, outcomes: Sequence[_Outcome], resumed_ns: int) -> Decision:
        timings = _timings(look, resumed_ns)
        inspections = tuple(
            self._inspection(look.ticket, region, outcome, timings)
            for region, outcome in zip(self._recipe.regions, outcomes, strict=True)
        )
        verdicts = [o.verdict for o in outcomes]
        verdict = Verdict.NO_PART if Verdict.NO_PART in verdicts else worst(verdicts)
        return Decision(look.ticket, inspections, verdict, look.predictions, timings, self._recipe)

    def _asked(
        self, ticket: Ticket, beside: Callable[[], None] | None
    ) -> tuple[tuple[Prediction | None, ...], tuple[str | None, ...]]:
        """Predictions for the regions that can be judged by, problems of the others."""
        crops = self._crops(ticket)
        if self._predictor.runs_beside:
            return self._asked_beside(crops, beside or partial(self._rehearse, ticket))
        problems = self._problems(crops)
        usable = [i for i, problem in enumerate(problems) if problem is None]
        predictions: list[Prediction | None] = [None] * len(crops)
        try:
            answers = self._predictor.predict([crops[i] for i in usable]) if usable else []
        except InferenceError as error:
            return tuple(predictions), (str(error),) * len(crops)
        for i, answer in zip(usable, answers, strict=True):
            predictions[i] = answer
        return tuple(predictions), tuple(problems)

    def _asked_beside(
        self, crops: Sequence[Crop], beside: Callable[[], None]
    ) -> tuple[tuple[Prediction | None, ...], tuple[str | None, ...]]:
        """The same, and quality is measured while the network is computed: for regions that turn
        out unusable in vain, for all others in no time.
        """
        problems: list[str | None] = []

        def measures() -> None:
            problems.extend(self._problems(crops))
            beside()

        meanwhile = Owed(measures)
        try:
            answers = self._predictor.predict(crops, meanwhile)
        except InferenceError as error:
            meanwhile.check()
            return (None,) * len(crops), (str(error),) * len(crops)
        meanwhile()
        meanwhile.check()
        usable = (a if p is None else None for a, p in zip(answers, problems, strict=True))
        return tuple(usable), tuple(problems)

    def _problems(self, crops: Sequence[Crop]) -> list[str | None]:
        return [quality.problem(c.pixels(), self._recipe.quality) for c in crops]

    def _concluded(self, look: Look, place: int, blur: str | None) -> _Outcome:
        prediction, problem = look.predictions[place], look.problems[place]
        if prediction is not None:
            pixels = Crop(look.ticket.frame.image, self._rois[place]).pixels()
            problem = blur or self._echoes[place].problem(pixels, prediction)
            if problem is None:
                return self._outcome(prediction, self._recipe.regions[place])
        elif problem is None and not look.ticket.settled:
            return _Outcome(Verdict.NO_PART)
        return _Outcome.invalid(problem or "the network gave no answer")

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


def _is_fit(predictions: Sequence[Prediction | None], outcomes: Sequence[_Outcome]) -> bool:
    """For a rehearsal: something was judged, and judging it again does not take longer than the
    network. What a ruined picture or a large map takes is not what the next one waits for.
    """
    maps = [p.anomaly_map for p in predictions if p is not None and p.anomaly_map is not None]
    defects = sum(len(o.defects) for o in outcomes)
    # what was refused was not outlined, so nobody knows how much there is in its map
    known = all(o.verdict is not Verdict.INVALID for o in outcomes)
    small = sum(m.size for m in maps) <= FIT_VALUES and defects <= FIT_DEFECTS
    return bool(maps) and known and small


def _unusable(ticket: Ticket) -> str | None:
    if ticket.frame.fault is not None:
        return ticket.frame.fault
    if ticket.presence is Presence.UNKNOWN:
        return "presence unknown: no empty-belt reference is taught"
    return None


def _timings(look: Look, resumed_ns: int) -> Timings:
    now_ns, ticket = time.monotonic_ns(), look.ticket
    ran = [p for p in look.predictions if p is not None]
    prepare = sum(p.prepare_ms for p in ran)
    network = sum(p.network_ms for p in ran)
    spent_ms = (look.ended_ns - look.started_ns + now_ns - resumed_ns) / 1e6
    return Timings(
        read=ticket.read_ms,
        presence=ticket.presence_ms,
        queue=(look.started_ns - ticket.queued_ns) / 1e6,
        prepare=prepare,
        network=network,
        judge=max(0.0, spent_ms - prepare - network),
        age=(now_ns - ticket.frame.captured_ns) / 1e6,
    )
