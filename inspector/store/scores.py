"""Scores of recorded parts, with what is known of them: what thresholds are set by."""

from __future__ import annotations

import math
from types import MappingProxyType

from sqlalchemy import Connection, select

from inspector.core.label import Judgement
from inspector.core.whatif import ScoredPart
from inspector.store import schema
from inspector.store.labels import newest_labels

MOST_PARTS = 100_000
"""The newest so many: a line's last days, read in under a second."""

_parts, _setups = schema.parts, schema.setups
_TRUTH = MappingProxyType({Judgement.GOOD.value: False, Judgement.BAD.value: True})


def scored_parts(
    asked: Connection, model_sha256: str, *, limit: int = MOST_PARTS
) -> list[ScoredPart]:
    """Of the parts that this model file judged, the newest ``limit``; NaN without a score.

    What a part really was is known where a person has labelled it. Scores depend on the
    recipe, too, where it has masks or a least defect area.
    """
    labels = newest_labels()
    query = (
        select(_parts.c.score, labels.c.judgement)
        .join(_setups, _parts.c.setup == _setups.c.id)
        .outerjoin(labels, labels.c.part_id == _parts.c.part_id)
        .where(_setups.c.model_id.endswith(f"#{model_sha256}", autoescape=True))
        .order_by(_parts.c.finished_at.desc())
        .limit(limit)
    )
    return [
        ScoredPart(math.nan if score is None else float(score), _TRUTH.get(judgement))
        for score, judgement in asked.execute(query)
    ]
