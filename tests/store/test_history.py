"""Paging the history: every row once and in order, whatever is asked for."""

from __future__ import annotations

import datetime as dt
import itertools
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from inspector.core.inspection import Part, Verdict
from inspector.core.label import Judgement, Label
from inspector.store import history, queries
from inspector.store.history import Key
from inspector.store.labels import add_label
from inspector.store.opening import Store, open_reader, open_store
from inspector.store.part_filter import PartFilter, Said
from inspector.store.recorder import ArchivedImage, begin_run
from tests.support.records import MODEL, NOW, OTHER_MODEL, RECIPE, part, run_start

V = Verdict
SECOND = dt.timedelta(seconds=1)
RUNS = ("1" * 26, "2" * 26)
JOBS = ("nuts", None)
REASONS = ("too dark, 100%", "never at rest")
KINDS = {V.PASS: None, V.FAIL: "dent", V.REVIEW: "scratch", V.INVALID: None}


@dataclass(frozen=True)
class Made:
    """The parts of the record, and what was said of some."""

    path: Path
    parts: tuple[Part, ...]
    said: dict[str, Judgement]


def _part(number: int) -> Part:
    verdict = (V.PASS, V.PASS, V.FAIL, V.REVIEW, V.PASS, V.INVALID)[number % 6]
    return part(
        number,
        verdict,
        score=(number * 7 % 20) / 20,
        reason=REASONS[number % 4 // 2] if verdict is V.INVALID else None,
        # three at the same moment: only the id tells them apart
        at=NOW + number // 3 * SECOND,
        model_id=MODEL if number % 5 else OTHER_MODEL,
        run_id=RUNS[number % 2],
        defect_type=KINDS[verdict],
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    path = tmp_path_factory.mktemp("record") / "record.db"
    store = open_store(path)
    parts = tuple(_part(n) for n in range(60))
    for run, job in zip(RUNS, JOBS, strict=True):
        recorder = begin_run(store, run_start(run, job=job))
        recorder.write([], [p for p in parts if p.run_id == run])
    said = _say(store, parts)
    store.close()
    return Made(path, parts, said)


def _say(store: Store, parts: tuple[Part, ...]) -> dict[str, Judgement]:
    """Of some twice: only the newest word counts, and a withdrawn one is none."""
    words = (Judgement.GOOD, Judgement.BAD, Judgement.WITHDRAWN)
    said: dict[str, Judgement] = {}
    for number, one in enumerate(parts[::4]):
        for judgement in (words[(number + 1) % 3], words[number % 3]):
            label = Label(
                part_id=one.part_id, at=NOW, who="Anna", judgement=judgement, why="looked"
            )
            add_label(store, b"k" * 32, label)
        if words[number % 3] is not Judgement.WITHDRAWN:
            said[one.part_id] = words[number % 3]
    return said


@pytest.fixture
def asked(made: Made) -> Iterator[Connection]:
    with queries.snapshot(open_reader(made.path)) as connection:
        yield connection


def _meant(made: Made, wanted: PartFilter, one: Part) -> bool:
    """The filter once more, in plain Python."""
    judgement = made.said.get(one.part_id)
    said = {
        None: True,
        Said.ANYTHING: judgement is not None,
        Said.NOTHING: judgement is None,
        Said.GOOD: judgement is Judgement.GOOD,
        Said.BAD: judgement is Judgement.BAD,
    }
    job = JOBS[RUNS.index(one.run_id)] or ""
    words = f"{one.reason or ''}\n{one.defect_type or ''}".casefold()
    low = -math.inf if wanted.min_score is None else wanted.min_score
    high = math.inf if wanted.max_score is None else wanted.max_score
    scored = low <= one.score <= high
    return (
        (wanted.since is None or one.finished_at >= wanted.since)
        and (wanted.until is None or one.finished_at < wanted.until)
        and (not wanted.runs or one.run_id in wanted.runs)
        and (not wanted.jobs or job in wanted.jobs)
        and (not wanted.models or one.model_id in wanted.models)
        and (not wanted.recipes or one.recipe_id in wanted.recipes)
        and (not wanted.verdicts or one.verdict in wanted.verdicts)
        and (not wanted.reasons or one.reason in wanted.reasons)
        and wanted.text.strip().casefold() in words
        and said[wanted.said]
        and (scored or (wanted.min_score is None and wanted.max_score is None))
    )


def _some(*values: object) -> st.SearchStrategy[tuple[object, ...]]:
    return st.one_of(st.just(()), st.lists(st.sampled_from(values), max_size=2).map(tuple))


MOMENTS = st.none() | st.integers(-1, 21).map(lambda n: NOW + n * SECOND)
SCORES = st.none() | st.integers(0, 20).map(lambda n: n / 20)
FILTERS = st.builds(
    PartFilter,
    since=MOMENTS,
    until=MOMENTS,
    runs=_some(*RUNS, "unknown"),
    jobs=_some("nuts", ""),
    models=_some(MODEL, OTHER_MODEL),
    recipes=_some(RECIPE, "unknown"),
    verdicts=_some(V.PASS, V.FAIL, V.REVIEW, V.INVALID),
    reasons=_some(*REASONS),
    text=st.sampled_from(["", "", "dark", " REST ", "%", "_", "dent"]),
    said=st.none() | st.sampled_from(Said),
    min_score=SCORES,
    max_score=SCORES,
)


@settings(max_examples=40)
@given(wanted=FILTERS, stride=st.integers(1, 25), limit=st.integers(1, 25))
def test_pages_hold_every_row_once_and_in_order(
    made: Made, wanted: PartFilter, stride: int, limit: int
):
    expected = [
        Key(p.finished_at, p.part_id)
        for p in sorted(made.parts, key=lambda p: (p.finished_at, p.part_id), reverse=True)
        if _meant(made, wanted, p)
    ]
    with queries.snapshot(open_reader(made.path)) as asked:
        known = history.outline(asked, wanted, stride=stride)
        pages = [
            history.page_at(asked, wanted, known, row, limit=limit)
            for row in range(0, known.total, limit)
        ]
    assert known.total == len(expected)
    assert [row.key for row in itertools.chain(*pages)] == expected
    assert known.newest() == (expected[0] if expected else None)


@settings(max_examples=40)
@given(wanted=FILTERS, split=st.integers(0, 20), limit=st.integers(1, 30))
def test_parts_that_came_since_stand_before_the_others(
    made: Made, wanted: PartFilter, split: int, limit: int
):
    """An outline of the past that grows is the outline of now."""
    past = PartFilter(until=NOW + split * SECOND)
    with queries.snapshot(open_reader(made.path)) as asked:
        every = history.page(asked, wanted, None, limit=100)
        old = [row.key for row in every if row.key.finished_at < past.until]  # type: ignore[operator]
        grown = history.Outline(len(old), 100, tuple(old[:1]))
        while newer := history.newer_than(asked, wanted, grown.newest(), limit=limit):
            grown = grown.grown([row.key for row in newer])
        rows = [
            history.page_at(asked, wanted, grown, row, limit=1)[0] for row in range(grown.total)
        ]
    assert [row.key for row in rows] == [row.key for row in every]


def test_a_row_holds_what_the_part_had_and_what_was_said(made: Made, asked: Connection):
    one = made.parts[2]
    row = history.one_part(asked, one.part_id)
    assert row is not None
    assert (row.verdict, row.run_id, row.job) == (V.FAIL, RUNS[0], "nuts")
    assert (row.model_id, row.recipe_id, row.source) == (MODEL, RECIPE, "station/cam")
    assert (row.score, row.defect_type, row.picture) == (one.score, "dent", None)
    labelled = history.one_part(asked, made.parts[4].part_id)
    assert labelled is not None
    assert labelled.judgement is made.said[made.parts[4].part_id]
    assert history.one_part(asked, "nobody") is None


def test_no_row_beyond_the_ends(asked: Connection):
    known = history.outline(asked, PartFilter())
    for row in (-1, known.total):
        with pytest.raises(IndexError):
            known.anchor(row)


def test_walking_the_index_can_be_given_up(asked: Connection):
    class Enough(Exception):
        pass

    def after(steps: int) -> Callable[[], None]:
        left = iter(range(steps))

        def check() -> None:
            if next(left, None) is None:
                raise Enough

        return check

    with pytest.raises(Enough):
        history.outline(asked, PartFilter(), stride=2, check=after(1))


def test_an_empty_record_has_no_pages(tmp_path: Path):
    with queries.snapshot(open_store(tmp_path / "record.db")) as asked:
        known = history.outline(asked, PartFilter())
        assert (known.total, known.newest()) == (0, None)
        assert history.page(asked, PartFilter(), None) == []
        assert history.choices(asked).runs == ()


def test_filters_can_choose_from_what_occurs(asked: Connection):
    found = history.choices(asked)
    assert found.jobs == ("nuts",)
    assert sorted(found.models) == [MODEL, OTHER_MODEL]
    assert sorted(run for run, _ in found.runs) == sorted(RUNS)
    assert sorted(found.reasons) == sorted(REASONS)


def test_the_newest_picture_of_a_part_is_named(tmp_path: Path):
    store = open_store(tmp_path / "record.db")
    recorder = begin_run(store, run_start(RUNS[0]))
    one = part(0, V.FAIL, run_id=RUNS[0])
    recorder.note_image(ArchivedImage(one.part_id, "000001-x/a.png", 9))
    recorder.write([], [one])
    with queries.snapshot(store) as asked:
        assert history.page(asked, PartFilter(), None)[0].picture == "000001-x/a.png"


def test_pages_and_counts_are_read_off_the_indexes(asked: Connection):
    """A million rows: no sort, and no walk over the table."""
    for asked_for, index in (
        (PartFilter(), "ix_parts_history"),
        (PartFilter(jobs=("nuts",)), "ix_parts_history"),
        (PartFilter(verdicts=(V.FAIL,)), "ix_parts_rejects"),
    ):
        query = history.keys_query(asked_for, Key(NOW, "x"))
        text = str(query.compile(asked.engine, compile_kwargs={"literal_binds": True}))
        plan = [row.detail for row in asked.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")]
        assert any(f"COVERING INDEX {index}" in step for step in plan), plan
        assert not any("TEMP B-TREE" in step for step in plan), plan
