"""Parts and truth of a replay, made up in a line."""

from __future__ import annotations

import datetime as dt
import math

from inspector.core.inspection import Part, Verdict
from inspector.core.truth import TruePart

AT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def found(
    index: int,
    verdict: Verdict,
    first: int | None = None,
    last: int | None = None,
    *,
    score: float = 0.5,
    key: int | None = None,
) -> Part:
    """By default frames 20 n to 20 n + 9."""
    start = 20 * index if first is None else first
    end = start + 9 if last is None else last
    return Part(
        part_id=f"id-{index}",
        run_id="run",
        part_index=index,
        verdict=verdict,
        score=math.nan if verdict is Verdict.INVALID else score,
        first_frame=start,
        last_frame=end,
        frames_settled=3,
        frames_inspected=3,
        key_frame=key,
        defects=(),
        model_id="m@1#" + "a" * 64,
        recipe_id="r" * 64,
        started_at=AT,
        finished_at=AT,
    )


def true(index: int, first: int | None = None, *, bad: bool = False) -> TruePart:
    start = 20 * index if first is None else first
    return TruePart(index, start, start + 9, bad, "cut" if bad else "good")
