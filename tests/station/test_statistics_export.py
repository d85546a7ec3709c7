"""What is gathered of a record, and its two files."""

from __future__ import annotations

import csv
import datetime as dt
import html
import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from inspector.cli.stats import stats_document
from inspector.core.geometry import Box
from inspector.core.inspection import Defect, Verdict
from inspector.core.trend import By
from inspector.errors import StoreError
from inspector.station.statistics.gather import Question, Statistics, gather, gather_news
from inspector.station.statistics.html import as_html
from inspector.station.statistics.table import HEADINGS, as_csv
from inspector.station.verifying import verify_record
from inspector.store.opening import open_store
from inspector.store.recorder import begin_run
from tests.support.records import NOW, part, run_start

EVIL = "<script>alert(1)</script>&"
HOUR = dt.timedelta(hours=1)


def record(path: Path, hours: int, *, parts_an_hour: int = 1, job: str = "caps") -> Path:
    store = open_store(path)
    recorder = begin_run(store, run_start(job=job, image_size=(320, 240)))
    spot = Defect(Box(10, 10, 20, 20), 40.0, 0.9)
    parts = []
    for n in range(hours * parts_an_hour):
        at = NOW + (n / parts_an_hour) * HOUR
        if n % 5 == 4:
            kind = {"defect_type": EVIL, "defects": (spot,), "latency_ms": 12.0}
            parts.append(part(n, Verdict.FAIL, score=0.9, at=at, **kind))
        else:
            parts.append(part(n, score=0.2 + n % 7 / 100, at=at, latency_ms=4.0 + n % 3))
    recorder.write([], parts)
    recorder.close()
    store.close()
    return path


@pytest.fixture
def full(tmp_path: Path) -> Statistics:
    return gather(
        record(tmp_path / "r.db", 24, parts_an_hour=25, job=EVIL), Question(by=By.JOB, zone=dt.UTC)
    )


@pytest.fixture
def nothing(tmp_path: Path) -> Statistics:
    open_store(tmp_path / "empty.db").close()
    return gather(tmp_path / "empty.db", Question())


def test_all_is_of_the_same_parts(full: Statistics) -> None:
    assert full.total.total == sum(g.tally.total for g in full.groups) == 600
    assert full.total.rejected == sum(c.count for c in full.causes) == 120
    assert [g.name for g in full.groups] == [EVIL]
    assert (full.timeline_by, len(full.timeline)) == (By.HOUR, 24)
    assert full.chart is not None
    assert full.chart.center == pytest.approx(0.2)


def test_nothing_new_is_not_counted_again(tmp_path: Path) -> None:
    path = record(tmp_path / "r.db", 2)
    first = gather_news(path, Question(), None)
    assert first is not None
    assert gather_news(path, Question(), first.change) is None
    record(path, 1)
    again = gather_news(path, Question(), first.change)
    assert again is not None
    assert again.total.total == 3


@pytest.mark.parametrize(("hours", "by"), [(48, By.HOUR), (24 * 20, By.SHIFT), (24 * 40, By.DAY)])
def test_time_is_as_fine_as_stays_readable(tmp_path: Path, hours: int, by: By) -> None:
    found = gather(record(tmp_path / "r.db", hours), Question(by=By.MODEL, zone=dt.UTC))
    assert found.timeline_by is by


def test_giving_up_between_the_queries(tmp_path: Path) -> None:
    class GivenUp(Exception):
        pass

    def step(share: float) -> None:
        raise GivenUp

    with pytest.raises(GivenUp):
        gather(record(tmp_path / "r.db", 1), Question(), step=step)


def test_no_record_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="no record at"):
        gather(tmp_path / "none.db", Question())


def test_the_table_holds_every_number(full: Statistics) -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(full))))
    assert tuple(rows[0]) == HEADINGS
    found = {(r["table"], r["name"], r["measure"]): float(r["value"]) for r in rows[:-10]
             if r["table"] not in ("drift", "anchor")}  # fmt: skip
    assert found["total", "all", "parts"] == 600
    assert found["by_job", EVIL, "fail"] == 120
    assert found["cause", EVIL, "FAIL"] == 120
    assert {r["table"] for r in rows} == {
        "total", "by_job", "p_chart", "cause", "place", "score", "latency_ms", "drift", "labels",
        "anchor",
    }  # fmt: skip
    assert sum(int(r["value"]) for r in rows if r["table"] == "latency_ms") == 600


def test_a_name_is_no_formula(tmp_path: Path) -> None:
    found = gather(record(tmp_path / "r.db", 1, job="=1+1"), Question(by=By.JOB))
    assert "by_job,'=1+1," in as_csv(found)


def test_the_report_needs_nothing_but_itself(full: Statistics) -> None:
    page = as_html(full, title=EVIL)
    assert "<script" not in page
    for outside in ("http:", "https:", "src=", "@import", "url("):
        assert outside not in page
    charts = page.split("<svg ")[1:]
    assert len(charts) == 6
    for chart in charts:
        ET.fromstring("<svg " + chart.partition("</svg>")[0] + "</svg>")  # well formed
    assert "600" in page
    assert "80.00 %" in page


def test_few_parts_say_what_is_missing(tmp_path: Path) -> None:
    page = as_html(gather(record(tmp_path / "r.db", 3), Question()), title="caps")
    assert page.count("<circle") == 6
    assert "Limits are drawn from 20 groups on; there are 3" in page
    assert "It needs 200 scores on both sides" in page


def test_of_nothing_nothing_is_drawn(nothing: Statistics) -> None:
    page = as_html(nothing, title="empty")
    assert "No part was finished" in page
    assert "<svg" not in page
    assert "total,all,,parts,0" in as_csv(nothing)
    assert "yield" not in as_csv(nothing)


@pytest.mark.parametrize("told_by", ["page", "table", "document"])
def test_a_report_vouches_for_what_was_on_record(
    tmp_path: Path, told_by: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its line, kept in a file, tells of parts that were cut off after it was made."""
    monkeypatch.setenv("INSPECTOR_AUDIT_KEY", "5e" * 32)
    path = tmp_path / "r.db"
    store = open_store(path)
    recorder = begin_run(store, run_start(), bytes.fromhex("5e" * 32))
    recorder.write([], [part(0)])
    found = gather(path, Question())
    match told_by:
        case "page":
            page = html.unescape(as_html(found, title="r"))
            line = page.partition("<p><code>")[2].partition("</code>")[0]
        case "table":
            rows = csv.DictReader(io.StringIO(as_csv(found)))
            (line,) = [row["value"] for row in rows if row["table"] == "anchor"]
        case _:
            line = json.dumps(stats_document(store)["anchors"][0])
    recorder.close()
    kept = tmp_path / "kept.jsonl"
    kept.write_text(line)
    assert verify_record(path, [kept]).is_sound
    with store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM parts")
        connection.exec_driver_sql("DELETE FROM part_seals")
    store.close()
    assert verify_record(path, []).is_sound, "nothing in the record itself tells"
    (station,) = verify_record(path, [kept]).stations
    assert station.parts.chain.problem == "rows 1 to 2 at the end are missing"
