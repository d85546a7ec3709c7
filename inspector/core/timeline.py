"""A replayed run as a person looks through it: marks to see, places to jump to."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from inspector.core.inspection import Part, Verdict
from inspector.core.truth import TruePart, match_parts

VERDICT_CODES = (Verdict.NO_PART, Verdict.PASS, Verdict.REVIEW, Verdict.INVALID, Verdict.FAIL)
"""A frame's verdict as its place in here."""
NOT_YET = 255
"""Code of a frame that the run has not reached."""
NEAR = 64


class Goal(StrEnum):
    """What a person jumps to."""

    FAIL = "fail"
    REVIEW = "review"
    REJECT = "reject"
    DISAGREEMENT = "disagreement"
    PART = "part"


@dataclass(frozen=True, slots=True)
class Mark:
    """A part on the timeline: as it was found, as it truly was, or both.

    ``true`` is None where no truth is known, or where the truth has no such part
    (then ``unexpected``); ``part`` is None for a true part that nobody found.
    """

    part: Part | None
    true: TruePart | None
    unexpected: bool = False

    @property
    def first_frame(self) -> int:
        return self._span.first_frame

    @property
    def last_frame(self) -> int:
        return self._span.last_frame

    @property
    def at(self) -> int:
        """The frame to show for it: the one that decided, else its middle."""
        if self.part is not None and self.part.key_frame is not None:
            return self.part.key_frame
        return (self.first_frame + self.last_frame) // 2

    @property
    def verdict(self) -> Verdict | None:
        return self.part.verdict if self.part else None

    @property
    def disagrees(self) -> bool:
        """Escape, overkill, missed or unexpected part."""
        if self.true is None:
            return self.unexpected
        return self.part is None or self.part.verdict.is_reject != self.true.is_defective

    @property
    def _span(self) -> Part | TruePart:
        found = self.part or self.true
        if found is None:
            raise ValueError("a mark needs a part or a true part")
        return found


def marks_of(parts: Sequence[Part], truth: Sequence[TruePart] | None) -> tuple[Mark, ...]:
    """In order of their first frames; ``truth`` None where nothing is known.

    Of a run in progress only what lies before its last part is compared with the truth:
    what comes later was not missed, it has not come yet.
    """
    if truth is None:
        return tuple(Mark(part, None) for part in parts)
    matched = match_parts(parts, truth)
    of_part = {id(part): truth[i] for i, part in matched.items()}
    seen_up_to = max((part.last_frame for part in parts), default=-1)
    found = [Mark(p, of_part.get(id(p)), unexpected=id(p) not in of_part) for p in parts]
    missed = [
        Mark(None, true)
        for i, true in enumerate(truth)
        if i not in matched and true.last_frame <= seen_up_to
    ]
    return tuple(sorted([*found, *missed], key=lambda m: (m.first_frame, m.last_frame)))


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """One moment of a replayed run.

    Attributes:
        scores: float32 (n,), the worst of each frame's regions, NaN where there is none.
        codes: uint8 (n,), see VERDICT_CODES; NOT_YET for frames not reached.
        marks: of the parts that have ended, in order.
        t1, t2: the thresholds they were judged by.
    """

    scores: NDArray[np.float32]
    codes: NDArray[np.uint8]
    marks: tuple[Mark, ...]
    t1: float
    t2: float

    @property
    def frame_count(self) -> int:
        return len(self.codes)

    @property
    def frames_done(self) -> int:
        return int(np.count_nonzero(self.codes != NOT_YET))

    def mark_at(self, frame: int) -> Mark | None:
        """The part that a frame shows; of several the last to begin."""
        behind = bisect.bisect_right(self.marks, frame, key=lambda m: m.first_frame)
        # parts hardly overlap: what covers the frame is among the last few to begin
        near = self.marks[max(0, behind - NEAR) : behind]
        return next((m for m in reversed(near) if m.last_frame >= frame), None)

    def jump(self, frame: int, goal: Goal, *, forward: bool = True) -> Mark | None:
        """The next mark of that kind behind (or before) ``frame``; None for no more."""
        wanted = sorted((m for m in self.marks if _GOALS[goal](m)), key=lambda m: m.at)
        if forward:
            return next((m for m in wanted if m.at > frame), None)
        return next((m for m in reversed(wanted) if m.at < frame), None)


_GOALS: dict[Goal, Callable[[Mark], bool]] = {
    Goal.FAIL: lambda m: m.verdict is Verdict.FAIL,
    Goal.REVIEW: lambda m: m.verdict is Verdict.REVIEW,
    Goal.REJECT: lambda m: m.verdict is not None and m.verdict.is_reject,
    Goal.DISAGREEMENT: lambda m: m.disagrees,
    Goal.PART: lambda m: m.part is not None,
}
