"""Frames to parts: each physical part counted once, whoever saw it.

``PartSplitter`` runs where every captured frame passes (no frame has been dropped
yet); ``PartAssembler`` where inspections come out, later, and of fewer frames. What
joins them is the part's index, and a ``PartSpan`` that says a part is complete.
"""

from __future__ import annotations

import datetime as dt
import math
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from inspector.core.inspection import NAMED, SEVERITY, Inspection, Part, Verdict, worst
from inspector.core.presence import Presence
from inspector.core.recipe import PartRule, Recipe, join_frames
from inspector.errors import StateError

BLIND_FRAMES = 5
"""Frames in a row without a usable picture from which on a part may have passed
unseen (a part takes longer than this to slide in, rest and slide out)."""


@dataclass(frozen=True, slots=True)
class PartSpan:
    """A part that has ended, as presence saw it (frames inclusive)."""

    part_index: int
    first_frame: int
    last_frame: int
    frames_settled: int
    started_at: dt.datetime
    finished_at: dt.datetime
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """Which part a frame shows (None: none), whether settled, and which parts ended."""

    part_index: int | None
    settled: bool
    ended: tuple[PartSpan, ...] = ()


@dataclass(slots=True)
class _Open:
    part_index: int
    first_frame: int
    last_frame: int
    started_at: dt.datetime
    finished_at: dt.datetime
    frames: int = 0
    settled: int = 0
    rests: int = 0
    resting: bool = False
    fault: str | None = None

    def span(self) -> PartSpan:
        return PartSpan(
            self.part_index,
            self.first_frame,
            self.last_frame,
            self.settled,
            self.started_at,
            self.finished_at,
            self.fault,
        )


@dataclass(slots=True)
class PartSplitter:
    """Follows every captured frame of a run, in order (one thread)."""

    rule: PartRule
    _next_part: int = 0
    _open: _Open | None = None
    _empty: int = 0
    _blind: int = 0
    _moving: int = 0
    _ended: deque[PartSpan] = field(default_factory=deque)

    def update(
        self, frame_index: int, at: dt.datetime, presence: Presence, *, triggers: int = 0
    ) -> Sighting:
        """Which part the frame shows. ``presence`` counts in presence mode only."""
        if self.rule.mode == "presence":
            settled = self._follow_presence(frame_index, at, presence)
        else:
            settled = self._count_frames(frame_index, at, triggers=triggers)
        part = self._open.part_index if self._open else None
        if self._open and self.rule.mode != "presence" and self._open.frames >= self._frames_a_part:
            self._end()
        return Sighting(part if settled or self._open else None, settled, self._take_ended())

    @property
    def has_open_part(self) -> bool:
        """Whether a part has begun and not ended."""
        return self._open is not None

    def doubt(self, frame_index: int, at: dt.datetime, why: str) -> Sighting:
        """The view cannot be trusted: the part that is open, or one that begins with this
        frame, is nobody's to judge. For presence mode.
        """
        part = self._open or self._begin(frame_index, at)
        self._extend(frame_index, at)
        part.fault = why
        return Sighting(part.part_index, settled=False)

    def change_rule(self, rule: PartRule) -> None:
        """Another rule from the next frame on; raises StateError while a part is open.

        Part indices go on: parts of a run are numbered through.
        """
        if self._open is not None:
            raise StateError("a part is open: its rule cannot change")
        self.rule = rule
        self._empty = 0

    def lost(self, frame_index: int, at: dt.datetime, count: int) -> tuple[PartSpan, ...]:
        """``count`` frames up to before ``frame_index`` never came: a part may be in there.

        Where every frame is a part, each of them is one that nobody saw.
        """
        if self.rule.mode == "presence":
            for _ in range(min(count, BLIND_FRAMES + 1)):
                self._see_nothing(frame_index - 1, at)
        elif self.rule.mode == "frame":
            for index in range(frame_index - count, frame_index):
                self._begin(index, at).fault = "the frame was lost at the source"
                self._end()
        elif self._open:
            self._open.fault = "frames of the part were lost at the source"
        return self._take_ended()

    def blind(self, frame_index: int, at: dt.datetime, triggers: int) -> tuple[PartSpan, ...]:
        """Nobody watched for a while before ``frame_index``, however few frames that was.

        ``triggers`` came meanwhile: their parts are gone.
        """
        if self.rule.mode == "presence":
            self._blind = BLIND_FRAMES
            self._see_nothing(frame_index - 1, at)
        elif self._open:
            self._open.fault = "the source was lost while the part was there"
        if triggers and self._open:
            self._end()
        self._miss(frame_index - 1, at, triggers)
        return self._take_ended()

    def missed(self, frame_index: int, at: dt.datetime, triggers: int) -> tuple[PartSpan, ...]:
        """``triggers`` that no frame will answer are parts that nobody saw."""
        self._miss(frame_index, at, triggers)
        return self._take_ended()

    def finish(
        self, frame_index: int, at: dt.datetime, *, triggers: int = 0
    ) -> tuple[PartSpan, ...]:
        """The run is over after ``frame_index``: whatever part was in view has ended.

        ``triggers`` that no frame answered are parts that nobody saw.
        """
        if self._open:
            self._end()
        self._miss(frame_index, at, triggers)
        return self._take_ended()

    def _take_ended(self) -> tuple[PartSpan, ...]:
        ended = tuple(self._ended)
        self._ended.clear()
        return ended

    @property
    def _frames_a_part(self) -> int:
        return 1 if self.rule.mode == "frame" else self.rule.trigger_frames

    def _count_frames(self, frame_index: int, at: dt.datetime, *, triggers: int) -> bool:
        if triggers and self._open:
            self._end()
        self._miss(frame_index, at, triggers - 1)
        if self._open is None and (triggers or self.rule.mode == "frame"):
            self._begin(frame_index, at)
        if self._open is None:
            return False
        self._extend(frame_index, at)
        self._open.settled += 1
        return True

    def _miss(self, frame_index: int, at: dt.datetime, triggers: int) -> None:
        for _ in range(triggers):
            self._begin(frame_index, at).fault = "no frame came for the trigger"
            self._end()

    def _follow_presence(self, frame_index: int, at: dt.datetime, presence: Presence) -> bool:
        if presence is Presence.UNKNOWN:
            self._see_nothing(frame_index, at)
            return False
        self._blind = 0
        if presence is Presence.EMPTY:
            self._see_empty()
            return False
        return self._see_part(frame_index, at, settled=presence is Presence.SETTLED)

    def _see_nothing(self, frame_index: int, at: dt.datetime) -> None:
        self._blind += 1
        if self._blind < BLIND_FRAMES:
            return
        part = self._open or self._begin(frame_index, at)
        self._extend(frame_index, at)
        part.fault = "the belt could not be seen: a part may have passed"

    def _see_empty(self) -> None:
        self._empty += 1
        if self._open and self._empty >= self._gap:
            self._end()

    def _see_part(self, frame_index: int, at: dt.datetime, *, settled: bool) -> bool:
        self._empty = 0
        part = self._open or self._begin(frame_index, at)
        self._extend(frame_index, at)
        self._note_rest(part, settled=settled)
        part.settled += settled
        return settled

    def _note_rest(self, part: _Open, *, settled: bool) -> None:
        # a short shake is no new rest; a longer move between two rests may be the
        # next part pushed in without a gap, and two parts must not share a PASS
        self._moving = 0 if settled else self._moving + 1
        if settled and not part.resting:
            part.rests += 1
            part.resting = True
            if part.rests > 1:
                part.fault = (
                    "moved and came to rest again: two parts without a gap, or one disturbed"
                )
        elif self._moving >= 3:
            part.resting = False

    @property
    def _gap(self) -> int:
        return self.rule.presence.gap_frames if self.rule.presence else 1

    def _begin(self, frame_index: int, at: dt.datetime) -> _Open:
        self._open = _Open(self._next_part, frame_index, frame_index, at, at)
        self._next_part += 1
        self._moving = 0
        return self._open

    def _extend(self, frame_index: int, at: dt.datetime) -> None:
        if self._open:
            self._open.last_frame = frame_index
            self._open.finished_at = at
            self._open.frames += 1

    def _end(self) -> None:
        if self._open:
            self._ended.append(self._open.span())
        self._open = None
        self._empty = 0


@dataclass(frozen=True, slots=True)
class FrameVote:
    """What one settled frame says of its part: the worst over its regions."""

    frame_index: int
    verdict: Verdict
    score: float
    telling: Inspection

    @classmethod
    def of(cls, inspections: Sequence[Inspection]) -> FrameVote:
        """Of the inspections of all regions of one frame (at least one)."""
        telling = max(inspections, key=lambda i: (SEVERITY[i.verdict], _rank(i.score)))
        finite = [i.score for i in inspections if math.isfinite(i.score)]
        return cls(
            telling.frame_index,
            worst(i.verdict for i in inspections),
            max(finite, default=math.nan),
            telling,
        )

    @property
    def order(self) -> tuple[int, float]:
        return (SEVERITY[self.verdict], _rank(self.score))


def _rank(score: float) -> float:
    return score if math.isfinite(score) else -math.inf


@dataclass(slots=True)
class _Votes:
    """Of one part; its size does not grow with the time the part rests."""

    counts: Counter[Verdict] = field(default_factory=Counter)
    best: FrameVote | None = None
    score: float = -math.inf

    def add(self, vote: FrameVote) -> bool:
        self.counts[vote.verdict] += 1
        self.score = max(self.score, _rank(vote.score))
        if self.best is not None and vote.order <= self.best.order:
            return False
        self.best = vote
        return True


@dataclass(slots=True)
class PartAssembler:
    """Joins the votes of a part's settled frames once the part has ended (one thread)."""

    run_id: str
    model_id: str
    recipe: Recipe
    new_id: Callable[[], str]
    _recipe_id: str = ""
    _votes: dict[int, _Votes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._recipe_id = self.recipe.recipe_id

    def add(self, part_index: int, inspections: Sequence[Inspection]) -> bool:
        """Notes a settled frame; True where it is the most telling one of its part so far."""
        return self._votes.setdefault(part_index, _Votes()).add(FrameVote.of(inspections))

    @property
    def has_open_parts(self) -> bool:
        """Whether a part has votes and has not ended."""
        return bool(self._votes)

    def end(self, span: PartSpan) -> Part:
        """The part's one verdict; INVALID where no settled frame of it was inspected."""
        votes = self._votes.pop(span.part_index, _Votes())
        verdict = join_frames(votes.counts, self.recipe.parts)
        if span.fault is not None:
            verdict = worst((verdict, Verdict.INVALID))
        key = votes.best
        return Part(
            part_id=self.new_id(),
            run_id=self.run_id,
            part_index=span.part_index,
            verdict=verdict,
            score=votes.score if math.isfinite(votes.score) else math.nan,
            first_frame=span.first_frame,
            last_frame=span.last_frame,
            frames_settled=span.frames_settled,
            frames_inspected=votes.counts.total(),
            key_frame=key.frame_index if key else None,
            defects=key.telling.defects if key else (),
            model_id=self.model_id,
            recipe_id=self._recipe_id,
            started_at=span.started_at,
            finished_at=span.finished_at,
            reason=_reason(verdict, span, key),
            defect_type=key.telling.defect_type if key and verdict in NAMED else None,
            latency_ms=key.telling.timings.age if key else math.nan,
        )


def _reason(verdict: Verdict, span: PartSpan, key: FrameVote | None) -> str | None:
    if verdict is not Verdict.INVALID:
        return None
    if span.fault is not None:
        return span.fault
    if span.frames_settled == 0:
        return "the part never came to rest"
    if key is None:
        return "no frame of the part was inspected"
    return key.telling.reason
