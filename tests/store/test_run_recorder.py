"""The recorder: what is written, that it is whole, and that it stays."""

from __future__ import annotations

import math
import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import select

from inspector.core.inspection import Verdict
from inspector.errors import StateError, StoreError
from inspector.store import schema
from inspector.store.opening import open_reader, open_store
from inspector.store.recorder import ArchivedImage, begin_run
from inspector.store.rows import defects_from_json
from tests.support.records import (
    END,
    MODEL,
    NOW,
    OTHER_MODEL,
    RECIPE,
    SPOT,
    inspection,
    part,
    run_start,
)


def rows(path: Path, table) -> list:
    with open_reader(path).engine.connect() as connection:
        return list(connection.execute(select(table)))


def test_facts_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    start = run_start(job="nut", image_size=(640, 480))
    recorder = begin_run(open_store(path), start)
    named = {"defect_type": "dent", "latency_ms": 12.5}
    bad = part(3, Verdict.FAIL, score=0.875, defects=(SPOT,), **named)
    recorder.write([inspection(35, Verdict.FAIL, score=0.875)], [bad])
    recorder.finish(END)

    (run,) = rows(path, schema.runs)
    (stored,) = rows(path, schema.parts)
    (frame,) = rows(path, schema.frames)
    (setup,) = rows(path, schema.setups)

    assert (run.run_id, run.station_id, run.started_at) == (start.run_id, "station", NOW)
    assert (run.job, run.image_width, run.image_height) == ("nut", 640, 480)
    assert (run.recipe, run.counters) == ({"t1": 0.4, "t2": 0.6}, {"captured": 7})
    assert (run.finished_at, run.state, run.error) == (END.finished_at, "STOPPED", None)
    assert (setup.model_id, setup.recipe_id) == (MODEL, RECIPE)
    assert (stored.part_id, stored.run, stored.setup) == (bad.part_id, run.id, setup.id)
    assert (stored.verdict, stored.score, stored.key_frame) == ("FAIL", 0.875, 35)
    assert (stored.started_at, stored.finished_at) == (bad.started_at, bad.finished_at)
    assert defects_from_json(stored.defects) == (SPOT,)
    assert (stored.defect_type, stored.latency_us) == ("dent", 12_500)
    assert (frame.frame_index, frame.region, frame.part_index) == (35, "main", 3)
    assert (frame.network_us, frame.age_us, frame.settled) == (11875, 15075, True)
    assert frame.captured_at == NOW


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_no_score_is_null(tmp_path: Path, score: float) -> None:
    path = tmp_path / "record.db"
    recorder = begin_run(open_store(path), run_start())
    recorder.write([inspection(0, Verdict.INVALID, score=score)], [part(0, Verdict.INVALID)])
    recorder.close()
    assert [r.score for r in rows(path, schema.frames)] == [None]
    assert [r.score for r in rows(path, schema.parts)] == [None]


def test_nothing_to_write_is_fine_and_a_run_without_end_is_unfinished(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    recorder = begin_run(open_store(path), run_start())
    recorder.write([], [])
    recorder.close()
    recorder.close()
    (run,) = rows(path, schema.runs)
    assert run.finished_at is None
    with pytest.raises(StateError, match="closed"):
        recorder.write([], [part()])


def test_a_batch_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    recorder = begin_run(open_store(path), run_start())
    recorder.write([inspection(0)], [part(0)])
    swapped = part(0, model_id=OTHER_MODEL)  # its index is taken

    with pytest.raises(StoreError, match="UNIQUE"):
        recorder.write([inspection(1)], [swapped])
    assert len(rows(path, schema.frames)) == 1
    # the model named in the failed batch must not be remembered as recorded
    recorder.write([inspection(1)], [part(1, model_id=OTHER_MODEL)])
    recorder.close()
    assert {s.model_id for s in rows(path, schema.setups)} == {MODEL, OTHER_MODEL}
    assert len(rows(path, schema.frames)) == 2


def test_a_second_run_names_the_same_setup_once(tmp_path: Path) -> None:
    store = open_store(tmp_path / "record.db")
    for _ in range(2):
        recorder = begin_run(store, run_start())
        recorder.write([], [part(0)])
        recorder.finish(END)
    assert len(rows(store.path, schema.setups)) == 1
    assert len(rows(store.path, schema.parts)) == 2


def test_the_same_run_twice_is_refused(tmp_path: Path) -> None:
    store = open_store(tmp_path / "record.db")
    begin_run(store, run_start("A" * 26)).close()
    with pytest.raises(StoreError, match="UNIQUE"):
        begin_run(store, run_start("A" * 26))


def test_images_are_noted_without_waiting_and_written_with_the_next_batch(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    recorder = begin_run(open_store(path), run_start())
    recorder.note_image(ArchivedImage("P" * 26, "000001-R/0.png", 1234))
    assert rows(path, schema.images) == []
    with pytest.raises(StoreError, match="UNIQUE"):
        recorder.write([inspection(0), inspection(0)], [])
    recorder.write([inspection(0)], [])
    recorder.note_image(ArchivedImage("Q" * 26, "000001-R/1.png", 5678))
    recorder.finish(END)
    assert [(i.part_id, i.bytes) for i in rows(path, schema.images)] == [
        ("P" * 26, 1234),
        ("Q" * 26, 5678),
    ]


def test_events_may_come_from_other_threads(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    recorder = begin_run(open_store(path), run_start())
    threads = [
        threading.Thread(target=recorder.add_event, args=(NOW, "source_lost", str(n)))
        for n in range(4)
    ]
    for thread in threads:
        thread.start()
    recorder.write([], [part()])
    for thread in threads:
        thread.join()
    recorder.finish(END)
    assert sorted(e.detail for e in rows(path, schema.events)) == ["0", "1", "2", "3"]


def test_a_naive_time_is_refused_and_an_unknown_run_cannot_be_written(tmp_path: Path) -> None:
    recorder = begin_run(open_store(tmp_path / "record.db"), run_start())
    with pytest.raises(StoreError, match="time zone"):
        recorder.write([inspection(0, at=NOW.replace(tzinfo=None))], [])
    recorder.close()


def test_a_reader_sees_its_moment_while_the_writer_goes_on(tmp_path: Path) -> None:
    store = open_store(tmp_path / "record.db", busy_timeout_ms=1)
    recorder = begin_run(store, run_start())
    recorder.write([], [part(0)])
    count = "SELECT count(*) FROM parts"
    with open_reader(store.path).engine.connect() as reader:
        assert reader.exec_driver_sql(count).scalar() == 1
        for index in range(1, 50):
            recorder.write([inspection(index)], [part(index)])
        assert reader.exec_driver_sql(count).scalar() == 1
    assert len(rows(store.path, schema.parts)) == 50
    recorder.close()


_WRITER = """
import sys
from pathlib import Path
from inspector.store.opening import open_store
from inspector.store.recorder import begin_run
from tests.support.records import inspection, part, run_start

recorder = begin_run(open_store(Path(sys.argv[1])), run_start())
for index in range(1_000_000):
    made = part(index)
    recorder.write([inspection(10 * index + n) for n in range(10)], [made])
    print(made.part_id, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_every_part_printed_before_a_kill_is_in_the_record(tmp_path: Path) -> None:
    path = tmp_path / "record.db"
    wait_for = random.Random(5)
    printed: list[str] = []
    for _ in range(4):
        printed += _killed_run(path, wait_for.randint(1, 150))
        recorded = {p.part_id for p in rows(path, schema.parts)}
        assert set(printed) <= recorded
        assert len(recorded) - len(printed) <= 4  # one commit a kill may go unprinted

    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        torn = "SELECT part_index FROM frames GROUP BY run, part_index HAVING count(*) != 10"
        assert raw.execute(torn).fetchall() == []
    assert [run.finished_at for run in rows(path, schema.runs)] == [None] * 4
    open_store(path)


def _killed_run(path: Path, lines: int) -> list[str]:
    """Ids that a writer printed, killed after that many (and whatever followed at once)."""
    root = Path(__file__).resolve().parents[2]
    child = subprocess.Popen(
        [sys.executable, "-c", _WRITER, str(path)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env=os.environ | {"PYTHONPATH": str(root)},
    )
    with child:
        assert child.stdout is not None
        printed = [child.stdout.readline().strip() for _ in range(lines)]
        child.send_signal(signal.SIGKILL)
        printed += [line.strip() for line in child.stdout if line.endswith("\n")]
    assert child.returncode == -signal.SIGKILL
    assert all(len(line) == 26 for line in printed)
    return printed
