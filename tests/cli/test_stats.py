"""``inspector stats``: its document, its table, its refusals."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from inspector.cli.guard import guarded
from inspector.cli.stats import command, parse_since
from inspector.core.inspection import Verdict
from inspector.errors import ConfigError
from inspector.store.opening import open_store
from inspector.store.recorder import begin_run
from tests.support.records import END, MODEL, RECIPE, inspection, part, run_start

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def record(tmp_path: Path) -> Path:
    path = tmp_path / "record.db"
    store = open_store(path)
    first = begin_run(store, run_start("1" * 26, started_at=NOW - dt.timedelta(days=3)))
    first.write(
        [inspection(0, Verdict.NO_PART)],
        [part(0, at=NOW - dt.timedelta(days=3)), part(1, Verdict.FAIL, score=0.9)],
    )
    first.finish(END)
    second = begin_run(store, run_start("2" * 26, source_id="[bold]cam"))
    second.write([], [part(0, Verdict.INVALID, reason="nobody [saw] it")])
    second.close()
    return path


def run(*args: str | Path) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    return guarded(app, [str(arg) for arg in args])


def test_the_document(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--db", record, "--json", "-") == 0
    document = json.loads(capsys.readouterr().out)

    assert (document["schema"], document["db"], document["since"]) == (1, str(record), None)
    assert document["parts"] == {
        "total": 3,
        "pass": 1,
        "fail": 1,
        "review": 0,
        "invalid": 1,
        "yield": pytest.approx(1 / 3),
        "ppm": pytest.approx(2e6 / 3),
    }
    assert document["frames"]["total"] == document["frames"]["no_part"] == 1
    assert [r["run_id"][0] for r in document["runs"]] == ["2", "1"]
    assert [r["unfinished"] for r in document["runs"]] == [True, False]
    assert document["runs"][1]["parts"]["total"] == 2
    assert document["runs"][1]["stop_reason"] == "requested"
    assert {(r["verdict"], r["reason"], r["count"]) for r in document["reasons"]} == {
        ("FAIL", None, 1),
        ("INVALID", "nobody [saw] it", 1),
    }
    assert [m["model_id"] for m in document["by_model"]] == [MODEL]
    assert [m["recipe_id"] for m in document["by_recipe"]] == [RECIPE]
    assert [d["day"] for d in document["by_day"]] == ["2026-02-26", "2026-03-01"]
    assert document["scores"]["count"] == 2


def test_since_leaves_out_what_is_older(record: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert run("--db", record, "--since", "2026-02-28T00:00+00:00", "--json", out) == 0
    document = json.loads(out.read_text())
    assert document["since"] == "2026-02-28T00:00:00+00:00"
    assert (document["parts"]["total"], document["parts"]["pass"]) == (2, 0)
    assert run("--db", record, "--since", "2126-01-01", "--json", out) == 0
    document = json.loads(out.read_text())
    assert document["parts"]["yield"] is None
    assert document["runs"] == []


def test_the_table_shows_names_as_they_are(
    record: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    assert run("--db", record) == 0
    shown = capsys.readouterr().out
    for words in ("3 parts in", "[bold]cam", "unfinished", "STOPPED (requested)", "2" * 26):
        assert words in shown
    assert "nobody [saw] it" in shown
    assert "50.00 %" in shown


def test_a_narrow_terminal_cuts_no_id(
    record: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert run("--db", record) == 0
    first_cells = [
        line.split("│")[1] for line in capsys.readouterr().out.splitlines() if "│" in line
    ]
    assert "2" * 26 in "".join(cell.strip() for cell in first_cells)


def test_an_empty_record_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    open_store(tmp_path / "empty.db")
    assert run("--db", tmp_path / "empty.db") == 0
    assert "0 parts in" in capsys.readouterr().out


def test_a_running_run_can_be_asked(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = begin_run(open_store(record), run_start())
    live.write([], [part()])
    assert run("--db", record, "--json", "-") == 0
    assert json.loads(capsys.readouterr().out)["parts"]["total"] == 4
    live.write([], [part(1)])
    live.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: None, "no record at"),
        (lambda path: path.mkdir(), "no record at"),
        (lambda path: path.write_text("hello " * 200), "not a record"),
        (lambda path: path.touch(), "older version"),
    ],
)
def test_what_is_no_record_ends_in_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], make, words: str
) -> None:
    path = tmp_path / "record.db"
    make(path)
    assert run("--db", path) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert words in shown.err


def test_a_wrong_since_is_said(record: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--db", record, "--since", "tomorrow") == 2
    assert "--since 'tomorrow'" in capsys.readouterr().err


@pytest.fixture
def _berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    os.environ.pop("TZ") if before is None else os.environ.update(TZ=before)
    time.tzset()


@pytest.mark.usefixtures("_berlin")
@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the time zone cannot be set here")
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("90m", NOW - dt.timedelta(minutes=90)),
        ("2h", NOW - dt.timedelta(hours=2)),
        ("7d", NOW - dt.timedelta(days=7)),
        (" 4w ", NOW - dt.timedelta(weeks=4)),
        ("2026-01-31", dt.datetime(2026, 1, 30, 23, tzinfo=dt.UTC)),
        ("2026-07-31T14:30", dt.datetime(2026, 7, 31, 12, 30, tzinfo=dt.UTC)),
        ("2026-01-31T14:00+00:00", dt.datetime(2026, 1, 31, 14, tzinfo=dt.UTC)),
    ],
)
def test_since_is_local_time_or_a_span(text: str, expected: dt.datetime) -> None:
    assert parse_since(text, NOW) == expected
    assert parse_since(text, NOW).tzinfo is dt.UTC


@pytest.mark.parametrize("text", ["", "2", "h", "-2h", "2 h", "2y", "31.01.2026", "999999w"])
def test_since_refuses_the_rest(text: str) -> None:
    with pytest.raises(ConfigError, match="expected a date"):
        parse_since(text, NOW)


def test_a_report_and_a_table_are_written(record: Path, tmp_path: Path) -> None:
    page, table = tmp_path / "report.html", tmp_path / "numbers.csv"
    assert run("--db", record, "--html", page, "--csv", table, "--by", "model") == 0
    assert "<svg" in page.read_text()
    assert "by_model" in table.read_text()


def test_a_report_that_has_no_place_is_said(record: Path, tmp_path: Path, capsys) -> None:
    (tmp_path / "folder.html").mkdir()
    assert run("--db", record, "--html", tmp_path / "folder.html") != 0
    assert "folder.html: cannot be written" in " ".join(capsys.readouterr().err.split())
