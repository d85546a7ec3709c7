"""What is said beside the scores under the threshold lines."""

from __future__ import annotations

from unittest.mock import MagicMock

import pytest

from inspector.core.recipe import DefectRule, PartRule, Recipe, Thresholds
from inspector.core.whatif import ScoreBook, ScoredPart
from inspector.gui.jobs.scores import ScoreSource

PLAIN = Recipe(model_sha256="a" * 64, thresholds=Thresholds(t1=0.5, t2=0.8))


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        (PLAIN.model_copy(update={"defects": DefectRule(min_area_px=9.0)}), "is an estimate"),
        (PLAIN.model_copy(update={"parts": PartRule(rule="k_of_n", k=2, n=3)}), "more bad parts"),
    ],
)
def test_where_scores_say_less_than_it_seems_it_is_said(recipe: Recipe, says: str):
    source = ScoreSource(MagicMock(), MagicMock())
    source.book = ScoreBook([ScoredPart(0.4, is_bad=True)])
    assert says in source.basis(recipe)
    assert says not in source.basis(PLAIN)
    source.book = ScoreBook(())
    assert says not in source.basis(recipe)
