"""A fingerprint of what a run decided: the same input must give the same one."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence

from inspector.core.inspection import Defect, Inspection, Part


class RecordDigest:
    """sha256 over records in their order; no clocks, no timings, no random ids.

    Covers part, frame, region, verdict, score rounded to 1e-6, defect boxes, model and
    recipe ids. A `RecordSink`; how records are grouped into commits does not matter.
    """

    def __init__(self) -> None:
        self._frames = hashlib.sha256()
        self._parts = hashlib.sha256()

    def write(self, inspections: Sequence[Inspection], parts: Sequence[Part]) -> None:
        for i in inspections:
            place = (i.part_index, i.frame_index, i.region)
            decided = (i.verdict, _score(i.score), _boxes(i.defects), i.model_id, i.recipe_id)
            self._frames.update(_line(*place, *decided))
        for p in parts:
            span = (p.part_index, p.first_frame, p.last_frame, p.key_frame)
            decided = (p.verdict, _score(p.score), _boxes(p.defects), p.model_id, p.recipe_id)
            self._parts.update(_line(*span, *decided))

    def hexdigest(self) -> str:
        return hashlib.sha256(self._frames.digest() + self._parts.digest()).hexdigest()


def _line(*fields: object) -> bytes:
    return (repr(tuple(map(str, fields))) + "\n").encode()


def _score(score: float) -> str:
    # + 0.0: minus zero must not differ from zero
    return f"{round(score, 6) + 0.0:.6f}" if math.isfinite(score) else "none"


def _boxes(defects: tuple[Defect, ...]) -> list[tuple[int, int, int, int]]:
    return [d.box.as_tuple() for d in defects]
