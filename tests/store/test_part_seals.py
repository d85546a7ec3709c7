"""Seals over parts and runs: whatever is done to the rows afterwards shows."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inspector.core.inspection import Verdict
from inspector.errors import StoreError
from inspector.store.chain import ChainHead
from inspector.store.opening import Store, open_store
from inspector.store.part_seals import PartsCheck, seal_head, verify_parts
from inspector.store.recorder import begin_run
from tests.support.records import END, OTHER_MODEL, SPOT, new_id, part, run_start

KEY = b"k" * 32
ALTERATIONS = (
    "UPDATE parts SET verdict = 'PASS' WHERE part_index = 2",
    "UPDATE parts SET score = score + 1e-9 WHERE part_index = 0",
    "UPDATE parts SET reason = 'dust' WHERE part_index = 1",
    "UPDATE parts SET defects = NULL WHERE part_index = 2",
    "UPDATE parts SET finished_at = finished_at + 1 WHERE part_index = 3",
    "UPDATE parts SET part_index = 99 WHERE part_index = 3",
    "UPDATE parts SET seal = seal + 1 WHERE part_index = 3",
    "UPDATE parts SET seal = NULL WHERE part_index = 3",
    "UPDATE parts SET seal = 1 WHERE part_index = 3",
    "UPDATE parts SET seal = 99 WHERE part_index = 5",
    "UPDATE parts SET run = 2 WHERE part_index = 3",
    "DELETE FROM parts WHERE part_index = 4",
    "DELETE FROM parts",
    "UPDATE setups SET model_id = 'better' WHERE model_id LIKE 'nut@2%'",
    'UPDATE runs SET recipe = \'{"t1": 0.5, "t2": 0.6}\' WHERE id = 2',
    "UPDATE runs SET source_uri = 'other' WHERE id = 2",
    "UPDATE runs SET counters = '{\"captured\": 8}' WHERE id = 2",
    "UPDATE runs SET finished_at = NULL WHERE id = 2",
    "UPDATE runs SET station_id = 'B' WHERE id = 2",
    "DELETE FROM runs WHERE id = 2",
    "UPDATE part_seals SET parts = 3 WHERE seq = 2",
    "UPDATE part_seals SET kind = 'end' WHERE seq = 2",
    "UPDATE part_seals SET run = 3 WHERE seq = 2",
    "UPDATE part_seals SET mac = zeroblob(32) WHERE seq = 2",
    "UPDATE part_seals SET head = NULL",
    "DELETE FROM part_seals WHERE seq = 3",
    "DELETE FROM part_seals WHERE seq = (SELECT max(seq) FROM part_seals)",
    "DELETE FROM part_seals WHERE seq > 2",
)


def written(path: Path) -> Store:
    """Two parts from before there were seals; a run that ended, and one that goes on."""
    store = open_store(path)
    old = begin_run(store, run_start())
    old.write([], [part(0), part(1)])
    old.close()
    first = begin_run(store, run_start(), KEY)
    first.write([], [part(0, score=1), part(1)])
    first.write([], [part(2, Verdict.FAIL, defects=(SPOT,), model_id=OTHER_MODEL)])
    first.finish(END)
    second = begin_run(store, run_start(), KEY)
    second.write([], [part(i) for i in (5, 3, 4)])
    second.write([], [])
    second.close()
    return store


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("seals") / "record.db"
    store = written(path)
    with store.engine.connect() as connection:
        connection.exec_driver_sql("COMMIT")
        connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return path


def check(path: Path, expected=()) -> PartsCheck:
    store = open_store(path)
    with store.engine.connect() as asked:
        found = verify_parts(asked, KEY, "station", expected=expected)
    store.close()
    return found


def altered(original: Path, *statements: str) -> Path:
    copy = original.with_name(f"{new_id()}.db")
    shutil.copy(original, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as raw:
        for statement in statements:
            raw.execute(statement)
    return copy


def test_what_was_written_is_sound(original: Path) -> None:
    found = check(original)
    assert found.is_sound
    assert (found.parts, found.unsealed, found.chain.rows) == (6, 2, 6)


def test_another_key_does_not_fit(original: Path) -> None:
    store = open_store(original)
    with store.engine.connect() as asked:
        assert verify_parts(asked, b"x" * 32, "station").chain.at_seq == 1


@pytest.mark.parametrize("statement", ALTERATIONS)
def test_any_alteration_shows(original: Path, statement: str) -> None:
    copy = altered(original, statement)
    with closing(sqlite3.connect(original)) as raw:
        before = list(raw.iterdump())
    with closing(sqlite3.connect(copy)) as raw:
        assert list(raw.iterdump()) != before, "the statement changes nothing"
    assert not check(copy).is_sound


def test_a_part_slipped_in_shows(original: Path) -> None:
    slip = (
        "INSERT INTO parts SELECT 'X' || substr(part_id, 2), run, setup, 77, verdict, score,"
        " reason, first_frame, last_frame, frames_settled, frames_inspected, key_frame, defects,"
        " started_at, finished_at, defect_type, latency_us, {} FROM parts WHERE part_index = 3"
    )
    for seal in ("seal", "NULL", "1", "99"):
        assert not check(altered(original, slip.format(seal))).is_sound


def test_a_cut_tail_and_an_older_copy_show_against_an_anchor(
    original: Path, tmp_path: Path
) -> None:
    store = open_store(original)
    with store.engine.connect() as asked:
        head = seal_head(asked, "station")
    store.close()
    assert head is not None
    found = check(original, [head])
    assert found.is_sound
    assert found.chain.anchored == head.seq
    gone = f"DELETE FROM part_seals WHERE seq = {head.seq}"
    parts = f"DELETE FROM parts WHERE seal = {head.seq}"
    cut = check(altered(original, gone, parts), [head])
    assert cut.chain.problem == f"rows {head.seq} to {head.seq} at the end are missing"
    assert cut.chain.rows == head.seq - 1
    other = check(original, [ChainHead(3, b"x" * 32)])
    assert other.chain.problem == "row 3 is not the one that was anchored"


SHUFFLES = st.lists(st.integers(1, 6), min_size=6, max_size=6).filter(
    lambda o: o != list(range(1, 7))
)


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(SHUFFLES)
def test_reordered_doubled_or_lost_seals_show(original: Path, order: list[int]) -> None:
    copy = original.with_name(f"{new_id()}.db")
    shutil.copy(original, copy)
    with closing(sqlite3.connect(copy, isolation_level=None)) as raw:
        rows = {row[1]: row for row in raw.execute("SELECT * FROM part_seals")}
        raw.execute("DELETE FROM part_seals")
        for number, source in enumerate(order, 1):
            row = rows[source]
            raw.execute("INSERT INTO part_seals VALUES (?,?,?,?,?,?,?)", (row[0], number, *row[2:]))
    assert not check(copy).is_sound
    copy.unlink()


def test_two_programs_seal_by_turns_and_what_was_rolled_back_is_no_end(tmp_path: Path) -> None:
    """Each remembers where the chain ended when it last wrote, and may be wrong."""
    store = open_store(tmp_path / "r.db")
    one, other = (begin_run(store, run_start(), KEY) for _ in range(2))
    for index in range(3):
        for recorder in (one, other):
            recorder.write([], [part(index)])
    with pytest.raises(StoreError):
        one.write([], [twice := part(7), twice])
    for index in (8, 9):
        one.write([], [part(index)])
    with store.engine.connect() as asked:
        found = verify_parts(asked, KEY, "station")
        assert seal_head(asked, "station") is not None
    assert (found.is_sound, found.parts, found.chain.rows) == (True, 8, 10)
    one.close()
    other.close()
    store.close()
