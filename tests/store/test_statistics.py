"""Aggregates made inside the database, against small records whose answers are known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from inspector.core.geometry import Box
from inspector.core.inspection import Defect, Verdict
from inspector.core.label import Judgement, Label
from inspector.core.trend import Cell
from inspector.store import statistics
from inspector.store.labels import add_label
from inspector.store.opening import Store, open_reader, open_store
from inspector.store.part_filter import PartFilter, Said
from inspector.store.queries import snapshot
from inspector.store.recorder import begin_run
from inspector.store.statistics import NamedCause, SaidOfVerdicts
from tests.support.records import END, MODEL, NOW, OTHER_MODEL, RECIPE, part, run_start

V = Verdict
HOUR = dt.timedelta(hours=1)
ALL = PartFilter()
KEY = b"k" * 32


def spot(x: int, y: int) -> Defect:
    return Defect(Box(x, y, x + 10, y + 10), 50.0, 0.9)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Two jobs; the second one's parts were judged by another model."""
    store = open_store(tmp_path / "record.db")
    caps = begin_run(store, run_start("1" * 26, job="caps", image_size=(320, 160)))
    caps_parts = [
        part(0, score=0.1, latency_ms=4.2),
        part(1, score=0.2, at=NOW + dt.timedelta(minutes=1), latency_ms=6.7),
        part(2, V.FAIL, score=0.9, defect_type="cut", defects=(spot(0, 0), spot(315, 155))),
        part(3, V.REVIEW, score=0.5, defects=(spot(2, 2),), at=NOW + HOUR),
    ]
    caps.write([], caps_parts)
    caps.finish(END)
    nuts = begin_run(store, run_start("2" * 26, image_size=(320, 160)))
    nuts.write(
        [],
        [
            part(0, V.INVALID, reason="dark", at=NOW + 2 * HOUR, model_id=OTHER_MODEL),
            part(1, score=0.3, at=NOW + 2 * HOUR, model_id=OTHER_MODEL, latency_ms=9000.0),
        ],
    )
    nuts.close()
    said = {2: (Judgement.BAD, "scratch"), 3: (Judgement.GOOD, None), 1: (Judgement.BAD, None)}
    for index, (judgement, kind) in said.items():
        add_label(
            store,
            KEY,
            Label(
                part_id=caps_parts[index].part_id,
                at=NOW,
                who="Anna",
                judgement=judgement,
                why="seen",
                defect_type=kind,
            ),
        )
    return open_reader(store.path)


def test_counts_by_quarter_and_setup(store: Store) -> None:
    with snapshot(store) as asked:
        found = statistics.counts(asked, ALL)
    assert set(found) == {
        Cell(NOW, "caps", MODEL, RECIPE, V.PASS, 2),
        Cell(NOW, "caps", MODEL, RECIPE, V.FAIL, 1),
        Cell(NOW + HOUR, "caps", MODEL, RECIPE, V.REVIEW, 1),
        Cell(NOW + 2 * HOUR, None, OTHER_MODEL, RECIPE, V.INVALID, 1),
        Cell(NOW + 2 * HOUR, None, OTHER_MODEL, RECIPE, V.PASS, 1),
    }


@pytest.mark.parametrize(
    ("wanted", "total"),
    [
        (ALL, 6),
        (PartFilter(since=NOW + HOUR), 3),
        (PartFilter(until=NOW + HOUR), 3),
        (PartFilter(jobs=("caps",)), 4),
        (PartFilter(jobs=("",)), 2),
        (PartFilter(jobs=("", "caps")), 6),
        (PartFilter(models=(OTHER_MODEL,)), 2),
        (PartFilter(recipes=("none",)), 0),
        (PartFilter(runs=("1" * 26,)), 4),
        (PartFilter(verdicts=(V.FAIL, V.REVIEW)), 2),
        (PartFilter(reasons=("dark",)), 1),
        (PartFilter(min_score=0.2, max_score=0.5), 3),
        (PartFilter(said=Said.ANYTHING), 3),
        (PartFilter(said=Said.NOTHING), 3),
        (PartFilter(said=Said.GOOD), 1),
    ],
)
def test_only_what_is_asked_for_is_counted(store: Store, wanted: PartFilter, total: int) -> None:
    with snapshot(store) as asked:
        assert sum(c.count for c in statistics.counts(asked, wanted)) == total


def test_a_person_names_the_cause_before_the_model_does(store: Store) -> None:
    with snapshot(store) as asked:
        found = statistics.causes(asked, ALL)
    assert found == [
        NamedCause(V.FAIL, "scratch", 1),
        NamedCause(V.INVALID, "dark", 1),
        NamedCause(V.REVIEW, None, 1),
    ]


def test_defects_by_the_place_of_their_centres(store: Store) -> None:
    with snapshot(store) as asked:
        found = statistics.density(asked, ALL)
    assert found is not None
    assert (found.counts.shape, found.total, found.width) == ((16, 32), 3, 320)
    assert found.counts[0, 0] == 2
    # the centre of the last one lies on the border of the picture: it stays in it
    assert found.counts[15, 31] == 1


def test_spreads_of_scores_and_latency(store: Store) -> None:
    with snapshot(store) as asked:
        scores = statistics.score_histogram(asked, ALL)
        latency = statistics.latency_histogram(asked, PartFilter(jobs=("caps",)))
        stalled = statistics.latency_histogram(asked, ALL)
    assert scores is not None
    assert (scores.total, scores.low) == (5, 0.1)
    assert (scores.counts[0], scores.counts[-1]) == (1, 1)
    assert latency is not None
    assert (latency.quantile(0.5), latency.quantile(1.0)) == (4.5, 7.0)
    assert stalled is not None
    assert len(stalled.counts) <= 4001


def test_drift_compares_scores_of_the_newest_model_only(tmp_path: Path) -> None:
    store = open_store(tmp_path / "many.db")
    recorder = begin_run(store, run_start())
    minute = dt.timedelta(minutes=1)
    recorder.write([], [part(n, score=0.1, at=NOW + n * minute) for n in range(3)])
    newer = [part(n, score=n / 10, at=NOW + n * minute, model_id=OTHER_MODEL) for n in range(3, 9)]
    recorder.write([], newer)
    recorder.close()
    with snapshot(store) as asked:
        assert statistics.drift_samples(asked, ALL, sample=2) == ([0.3, 0.4], [0.8, 0.7])
        assert statistics.drift_samples(asked, ALL, sample=4) == (
            [0.3, 0.4, 0.5],
            [0.8, 0.7, 0.6],
        )


def test_verdicts_against_people(store: Store) -> None:
    with snapshot(store) as asked:
        found = statistics.said_of_verdicts(asked, ALL)
    assert found == SaidOfVerdicts(labelled=3, overkill=1, escape=1)


def test_jobs_that_ever_ran(store: Store) -> None:
    with snapshot(store) as asked:
        assert statistics.known_jobs(asked) == ["", "caps"]


def test_a_new_part_is_a_change(store: Store) -> None:
    with snapshot(store) as asked:
        before = statistics.last_change(asked)
        assert statistics.last_change(asked) == before
    recorder = begin_run(open_store(store.path), run_start())
    recorder.write([], [part(at=NOW)])
    recorder.close()
    with snapshot(store) as asked:
        assert statistics.last_change(asked) != before


def test_an_empty_record_answers_too(tmp_path: Path) -> None:
    with snapshot(open_store(tmp_path / "empty.db")) as asked:
        assert statistics.counts(asked, ALL) == []
        assert statistics.causes(asked, ALL) == []
        assert statistics.density(asked, ALL) is None
        assert statistics.score_histogram(asked, ALL) is None
        assert statistics.latency_histogram(asked, ALL) is None
        assert statistics.drift_samples(asked, ALL) == ([], [])
        assert statistics.said_of_verdicts(asked, ALL) == SaidOfVerdicts()
        assert statistics.last_change(asked) == (0, 0, None)
