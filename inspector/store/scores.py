"""Scores of recorded parts, with what is known of them: what thresholds are set by."""

from __future__ import annotations

import math

from sqlalchemy import Connection, select

from inspector.core.whatif import ScoredPart
from inspector.store import schema

MOST_PARTS = 100_000
"""The newest so many: a line's last days, read in under a second."""

_parts, _setups = schema.parts, schema.setups


def scored_parts(
    asked: Connection, model_sha256: str, *, limit: int = MOST_PARTS
) -> list[ScoredPart]:
    """Of the parts that this model file judged, the newest ``limit``; NaN without a score.

    Scores depend on the recipe, too, where it has masks or a least defect area.
    """
    query = (
        select(_parts.c.score)
        .join(_setups, _parts.c.setup == _setups.c.id)
        .where(_setups.c.model_id.endswith(f"#{model_sha256}", autoescape=True))
        .order_by(_parts.c.finished_at.desc())
        .limit(limit)
    )
    return [
        ScoredPart(math.nan if score is None else float(score)) for (score,) in asked.execute(query)
    ]
