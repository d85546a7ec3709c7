"""Questions to the record, and what retention leaves."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from inspector.core.inspection import Verdict
from inspector.core.tally import Tally
from inspector.store import queries
from inspector.store.opening import Store, open_reader, open_store
from inspector.store.recorder import begin_run
from inspector.store.retention import prune_frames
from tests.support.records import END, MODEL, NOW, OTHER_MODEL, inspection, part, run_start

DAY = dt.timedelta(days=1)
HOUR = dt.timedelta(hours=1)
V = Verdict


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Yesterday's finished run of 4 parts and today's unfinished one of 3, half swapped."""
    store = open_store(tmp_path / "record.db")
    old = begin_run(store, run_start("1" * 26, started_at=NOW - DAY))
    verdicts = [V.PASS, V.PASS, V.FAIL, V.REVIEW]
    old.write(
        [inspection(n, at=NOW - DAY + n * HOUR / 100) for n in range(40)],
        [part(n, v, score=n / 10, at=NOW - DAY + n * HOUR) for n, v in enumerate(verdicts)],
    )
    old.finish(END)
    new = begin_run(store, run_start("2" * 26, source_id="cam2"))
    new.write(
        [inspection(0, V.NO_PART), inspection(1, V.FAIL), inspection(1, region="back")],
        [
            part(0, V.PASS, score=0.7),
            part(1, V.INVALID, reason="nobody saw it", at=NOW + HOUR),
            part(2, V.INVALID, reason="nobody saw it", at=NOW + HOUR, model_id=OTHER_MODEL),
        ],
    )
    new.close()
    return open_reader(store.path)


def test_totals_and_reasons(store: Store) -> None:
    with queries.snapshot(store) as asked:
        found = queries.tally(asked)
    lost = (V.INVALID, "nobody saw it")
    assert found == Tally.of([(V.PASS, None)] * 3 + [(V.FAIL, None), (V.REVIEW, None), lost, lost])
    assert (found.total, found.passed, found.passed_share) == (7, 3, pytest.approx(3 / 7))
    assert found.pareto()[0].reason == "nobody saw it"


@pytest.mark.parametrize(
    ("since", "total"),
    [
        (None, 7),
        (NOW - 2 * DAY, 7),
        (NOW - DAY, 7),
        (NOW - DAY + HOUR, 6),
        (NOW, 3),
        (NOW + HOUR, 2),
        (NOW + 2 * HOUR, 0),
    ],
)
def test_since_counts_from_that_moment_on(store: Store, since, total: int) -> None:
    with queries.snapshot(store) as asked:
        assert queries.tally(asked, since).total == total
        assert sum(t.total for t in queries.tally_by_run(asked, since).values()) == total


def test_groups_add_up_to_the_whole(store: Store) -> None:
    with queries.snapshot(store) as asked:
        whole = queries.tally(asked)
        by_run = queries.tally_by_run(asked)
        by_model = queries.tally_by_model(asked)
        by_day = queries.tally_by_day(asked)
        by_source = queries.tally_by_source(asked)
        by_recipe = queries.tally_by_recipe(asked)
    assert {k: t.total for k, t in by_run.items()} == {"1" * 26: 4, "2" * 26: 3}
    assert {k: t.total for k, t in by_model.items()} == {MODEL: 6, OTHER_MODEL: 1}
    assert {k: t.total for k, t in by_source.items()} == {"station/cam": 4, "station/cam2": 3}
    assert {k: t.total for k, t in by_day.items()} == {(NOW - DAY).date(): 4, NOW.date(): 3}
    for groups in (by_run, by_model, by_day, by_source, by_recipe):
        merged = Tally()
        for one in groups.values():
            merged = merged.merge(one)
        assert merged == whole


def test_frames_by_verdict(store: Store) -> None:
    with queries.snapshot(store) as asked:
        assert queries.frame_counts(asked) == {V.PASS: 41, V.NO_PART: 1, V.FAIL: 1}
        assert queries.frame_counts(asked, NOW) == {V.PASS: 1, V.NO_PART: 1, V.FAIL: 1}


def test_runs_newest_first_with_the_unfinished_marked(store: Store) -> None:
    with queries.snapshot(store) as asked:
        runs = queries.list_runs(asked)
        assert [r.is_unfinished for r in runs] == [True, False]
        assert runs[1].counters == {"captured": 7}
        assert [r.run_id[0] for r in queries.list_runs(asked, NOW + HOUR)] == ["2", "1"]
        # the run of "2" never ended, but it has no part after this
        assert queries.list_runs(asked, NOW + 2 * HOUR) == []


def test_score_quantiles_are_scores_that_occurred(store: Store, tmp_path: Path) -> None:
    with queries.snapshot(store) as asked:
        found = queries.score_quantiles(asked)
        assert found == queries.ScoreQuantiles(5, 0.0, 0.2, 0.7, 0.7, 0.7)
        assert queries.score_quantiles(asked, NOW + HOUR) is None
    many = begin_run(open_store(tmp_path / "many.db"), run_start())
    many.write([], [part(n, score=(n * 37 % 200 + 1) / 1000) for n in range(200)])
    many.close()
    with queries.snapshot(open_reader(tmp_path / "many.db")) as asked:
        assert queries.score_quantiles(asked) == queries.ScoreQuantiles(
            200, 0.001, 0.1, 0.19, 0.198, 0.2
        )


def test_an_empty_record_answers_too(tmp_path: Path) -> None:
    with queries.snapshot(open_store(tmp_path / "empty.db")) as asked:
        assert queries.tally(asked) == Tally()
        assert queries.tally(asked).passed_share is None
        assert queries.tally_by_day(asked) == {}
        assert queries.frame_counts(asked) == {}
        assert queries.score_quantiles(asked) is None
        assert queries.list_runs(asked) == []


def test_a_snapshot_is_one_moment(store: Store) -> None:
    with queries.snapshot(store) as asked:
        before = queries.tally(asked)
        late = begin_run(open_store(store.path), run_start())
        late.write([], [part()])
        late.close()
        assert queries.tally_by_run(asked).keys() == {"1" * 26, "2" * 26}
        assert queries.tally(asked) == before
    with queries.snapshot(store) as asked:
        assert queries.tally(asked).total == before.total + 1


@pytest.mark.parametrize("batch", [1, 7, 40, 1000])
def test_old_frames_go_and_parts_stay(store: Store, batch: int) -> None:
    writing = open_store(store.path)
    assert prune_frames(writing, NOW - DAY, batch=batch) == 0
    assert prune_frames(writing, NOW - DAY + 10 * HOUR / 100, batch=batch) == 10
    assert prune_frames(writing, NOW, batch=batch) == 30
    assert prune_frames(writing, NOW, batch=batch) == 0
    with queries.snapshot(store) as asked:
        assert sum(queries.frame_counts(asked).values()) == 3
        assert queries.tally(asked).total == 7
