"""What a million parts cost: ``python -m tests.benchmarks.history_million [ROWS]``.

Makes a record of that many parts in a temporary folder and times pages and counts, each
the median of a few tries on warm caches.
"""

from __future__ import annotations

import datetime as dt
import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, insert

from inspector.core.inspection import Verdict
from inspector.store import history, queries, schema
from inspector.store.history import STRIDE
from inspector.store.opening import Store, open_reader, open_store
from inspector.store.part_filter import PartFilter, Said
from tests.support.records import run_start

RUNS = 60
START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
BATCH = 20_000


def make(path: Path, rows: int) -> Store:
    """Parts two seconds apart, 6 % of them rejected, in 60 runs of three jobs."""
    store = open_store(path)
    with store.engine.begin() as connection:
        for number in range(RUNS):
            start = run_start(f"{number:026d}", job=f"job {number % 3}", image_size=(960, 540))
            row = {name: getattr(start, name) for name in start.__slots__}
            connection.execute(insert(schema.runs).values(**row))
        for number in range(2):
            setup = {"model_id": f"nut@{number}#{number:064d}", "recipe_id": f"{number:064d}"}
            connection.execute(insert(schema.setups).values(**setup))
        for batch in _batches(rows):
            connection.execute(insert(schema.parts), batch)
        connection.execute(insert(schema.part_labels), list(_labels(rows)))
    return store


def _batches(rows: int) -> Iterator[list[dict[str, Any]]]:
    rng = random.Random(1)
    for first in range(0, rows, BATCH):
        yield [_part(n, rows, rng) for n in range(first, min(rows, first + BATCH))]


def _part(number: int, rows: int, rng: random.Random) -> dict[str, Any]:
    score = rng.gauss(0.3, 0.05)
    verdict = rng.choices(("PASS", "REVIEW", "FAIL", "INVALID"), (94, 2, 3, 1))[0]
    named = verdict in ("REVIEW", "FAIL")
    x, y = int(rng.gauss(480, 60)), int(rng.gauss(270, 40))
    at = START + dt.timedelta(seconds=2 * number)
    return {
        "part_id": f"{number:026d}",
        "run": 1 + number * RUNS // rows,
        "setup": 1 + (number * 2 // rows),
        "part_index": number,
        "verdict": verdict,
        "score": None if verdict == "INVALID" else score + 0.4 * named,
        "reason": rng.choice(("too dark", "never at rest")) if verdict == "INVALID" else None,
        "first_frame": number,
        "last_frame": number,
        "frames_settled": 3,
        "frames_inspected": 3,
        "key_frame": number,
        "defects": [[x, y, x + 20, y + 12, 140.0, 0.9]] if named else None,
        "started_at": at - dt.timedelta(seconds=1),
        "finished_at": at,
        "defect_type": rng.choice(("dent", "scratch", "bent")) if named else None,
        "latency_us": int(rng.gauss(15_000, 2_000)),
    }


def _labels(rows: int) -> Iterator[dict[str, Any]]:
    for number in range(0, rows, 1000):
        judgement = "GOOD" if number % 2000 else "BAD"
        yield {
            "part_id": f"{number:026d}",
            "at": START,
            "who": "anna",
            "judgement": judgement,
            "defect_type": None,
            "why": "looked",
        }


def timed(name: str, work: Callable[[], object], tries: int = 3) -> None:
    taken = []
    for _ in range(tries):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    print(f"{name:58s}{1000 * sorted(taken)[tries // 2]:10.1f} ms", flush=True)


def main(rows: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "record.db"
        started = time.perf_counter()
        make(path, rows).close()
        size = path.stat().st_size / 2**20
        print(f"{rows} parts written in {time.perf_counter() - started:.0f} s, {size:.0f} MiB")
        with queries.snapshot(open_reader(path)) as asked:
            _time(asked, rows)


def _time(asked: Connection, rows: int) -> None:
    every, end = PartFilter(), START + dt.timedelta(seconds=2 * rows)
    filters = {
        "every part": every,
        "the last day": PartFilter(since=end - dt.timedelta(days=1)),
        "FAIL": PartFilter(verdicts=(Verdict.FAIL,)),
        "one job": PartFilter(jobs=("job 1",)),
        "one run": PartFilter(runs=(f"{RUNS // 2:026d}",)),
        "one reason": PartFilter(reasons=("too dark",)),
        "score 0.45 to 0.5": PartFilter(min_score=0.45, max_score=0.5),
        "text dark": PartFilter(text="dark"),
        "relabelled good": PartFilter(said=Said.GOOD),
    }
    for name, wanted in filters.items():
        known = history.outline(asked, wanted)
        timed(f"outline of {name} ({known.total})", lambda w=wanted: history.outline(asked, w))
        row = max(0, known.total // 2 + STRIDE // 2)
        timed(
            f"  page of 100 in the middle of {name}",
            lambda w=wanted, k=known, r=row: history.page_at(asked, w, k, min(r, k.total - 1)),
            9,
        )
    deep = history.outline(asked, every)
    timed(
        "page of 100 at the far end of every part",
        lambda: history.page_at(asked, every, deep, deep.total - 150),
        9,
    )
    newest = deep.keys[0]
    timed("parts newer than the newest", lambda: history.newer_than(asked, every, newest), 9)
    timed("first page of every part", lambda: history.page(asked, every, None), 9)
    timed("what filters can choose from", lambda: history.choices(asked))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
