"""Scores to set thresholds by: of one model, with what people have said of the parts."""

from __future__ import annotations

import math
from pathlib import Path

from inspector.core.inspection import Verdict
from inspector.core.label import Judgement, Label
from inspector.core.whatif import ScoredPart
from inspector.store.labels import add_label
from inspector.store.opening import open_store
from inspector.store.queries import snapshot
from inspector.store.recorder import begin_run
from inspector.store.scores import scored_parts
from tests.support.records import END, MODEL, NOW, OTHER_MODEL, part, run_start

KEY = b"k" * 32


def label(part_id: str, judgement: Judgement) -> Label:
    return Label(part_id=part_id, at=NOW, who="anna", judgement=judgement, why="looked")


def test_scores_are_of_one_model_with_the_truth_where_it_is_known(tmp_path: Path):
    store = open_store(tmp_path / "record.db")
    recorder = begin_run(store, run_start())
    parts = [
        part(0, score=0.1),
        part(1, score=0.2),
        part(2, Verdict.FAIL, score=0.9),
        part(3, score=0.3),
        part(4, Verdict.INVALID),
        part(5, score=0.5, model_id=OTHER_MODEL),
    ]
    recorder.write([], parts)
    recorder.finish(END)
    add_label(store, KEY, label(parts[1].part_id, Judgement.GOOD))
    add_label(store, KEY, label(parts[2].part_id, Judgement.BAD))
    add_label(store, KEY, label(parts[3].part_id, Judgement.BAD))
    add_label(store, KEY, label(parts[3].part_id, Judgement.WITHDRAWN))
    with snapshot(store) as asked:
        found = scored_parts(asked, MODEL.rpartition("#")[2])
        assert len(scored_parts(asked, MODEL.rpartition("#")[2], limit=2)) == 2
        assert scored_parts(asked, "c" * 64) == []
    store.close()
    known = sorted((p for p in found if math.isfinite(p.score)), key=lambda p: p.score)
    assert known == [
        ScoredPart(0.1),
        ScoredPart(0.2, is_bad=False),
        ScoredPart(0.3),
        ScoredPart(0.9, is_bad=True),
    ]
    assert len(found) == 5
