"""``inspector stats``: what the record says of parts, runs and reasons."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from sqlalchemy import Connection

from inspector.core.inspection import Verdict
from inspector.core.tally import Tally
from inspector.core.trend import By
from inspector.errors import ConfigError
from inspector.station.documents import replace_document
from inspector.station.report import check_json_place, write_json
from inspector.station.statistics.gather import Question, gather
from inspector.station.statistics.table import as_csv
from inspector.store import queries
from inspector.store.anchors import anchor_of, sealing_stations
from inspector.store.opening import Store, open_reader
from inspector.store.part_filter import PartFilter

_SPAN = re.compile(r"(\d{1,6})([mhdw])", re.ASCII)
_SECONDS = {"m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_COLUMNS = ("parts", "pass", "fail", "review", "invalid", "yield", "ppm")


def command(
    db: Annotated[Path, typer.Option("--db", help="The record that a run wrote.")],
    since: Annotated[
        str | None,
        typer.Option(help="Only what came after: 2026-01-31, 2026-01-31T14:00, 90m, 2h, 7d, 4w."),
    ] = None,
    json: Annotated[
        Path | None, typer.Option("--json", help="Write a JSON document; - is standard output.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a report with charts: one file, opens anywhere.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="Write all numbers as a table.")] = None,
    by: Annotated[
        By, typer.Option(case_sensitive=False, help="How --html and --csv group the parts.")
    ] = By.HOUR,
) -> None:
    """Count parts, yield and reasons in a record; also while a run is writing it."""
    check_json_place(json)
    start = parse_since(since, dt.datetime.now(dt.UTC)) if since else None
    document = stats_document(open_reader(db), start)
    if html is not None or csv is not None:
        _export(db, Question(wanted=PartFilter(since=start), by=by), html, csv)
    if json is not None:
        write_json(document, json)
    if str(json) != "-":
        _print(Console(), document)


def _export(db: Path, question: Question, html: Path | None, csv: Path | None) -> None:
    """Raises StoreError and ConfigError."""
    found = gather(db, question)
    if html is not None:
        # the template engine is needed by nobody else at the command line
        from inspector.station.statistics.html import as_html

        replace_document(html, as_html(found, title=db.stem), "report")
    if csv is not None:
        replace_document(csv, as_csv(found), "table")


def parse_since(text: str, now: dt.datetime) -> dt.datetime:
    """A date or time (local, unless it names its zone), or a span before ``now``; UTC.

    Raises ConfigError.
    """
    span = _SPAN.fullmatch(text.strip())
    try:
        if span:
            return now - dt.timedelta(seconds=int(span[1]) * _SECONDS[span[2]])
        return dt.datetime.fromisoformat(text.strip()).astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise ConfigError(
            f"--since {text!r}: expected a date (2026-01-31), a time (2026-01-31T14:00) or a span "
            f"(90m, 2h, 7d, 4w)"
        ) from None


def stats_document(store: Store, since: dt.datetime | None = None) -> dict[str, Any]:
    """The JSON document of ``inspector stats`` (schema 1). Raises StoreError."""
    with queries.snapshot(store) as asked:
        return {
            "schema": 1,
            "db": str(store.path),
            "since": _iso(since),
            **_answers(asked, since),
            "anchors": [anchor_of(asked, name).as_dict() for name in sealing_stations(asked)],
        }


def _answers(asked: Connection, since: dt.datetime | None) -> dict[str, Any]:
    tally = queries.tally(asked, since)
    return {
        "parts": tally_document(tally),
        "frames": _frames(queries.frame_counts(asked, since)),
        "scores": _scores(queries.score_quantiles(asked, since)),
        "reasons": [
            {"verdict": c.verdict.value, "reason": c.reason, "count": c.count, "share": c.share}
            for c in tally.pareto()
        ],
        "by_model": _grouped("model_id", queries.tally_by_model(asked, since)),
        "by_recipe": _grouped("recipe_id", queries.tally_by_recipe(asked, since)),
        "by_source": _grouped("source", queries.tally_by_source(asked, since)),
        "by_day": _grouped("day", queries.tally_by_day(asked, since)),
        "runs": _runs(asked, since),
    }


def tally_document(tally: Tally) -> dict[str, Any]:
    """Counts by verdict; ``yield`` (0..1) and ``ppm`` are null without parts."""
    return {
        "total": tally.total,
        "pass": tally.passed,
        "fail": tally.count(Verdict.FAIL),
        "review": tally.count(Verdict.REVIEW),
        "invalid": tally.count(Verdict.INVALID),
        "yield": tally.passed_share,
        "ppm": tally.ppm,
    }


def _frames(counts: Mapping[Verdict, int]) -> dict[str, int]:
    named = {verdict.value.lower(): counts.get(verdict, 0) for verdict in Verdict}
    return {"total": sum(counts.values()), **named}


def _scores(found: queries.ScoreQuantiles | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {
        "count": found.count,
        "min": found.minimum,
        "p50": found.p50,
        "p95": found.p95,
        "p99": found.p99,
        "max": found.maximum,
    }


def _grouped(name: str, groups: Mapping[Any, Tally]) -> list[dict[str, Any]]:
    return [{name: str(key), **tally_document(groups[key])} for key in sorted(groups)]


def _runs(asked: Connection, since: dt.datetime | None) -> list[dict[str, Any]]:
    tallies = queries.tally_by_run(asked, since)
    return [
        {
            "run_id": run.run_id,
            "station_id": run.station_id,
            "source_id": run.source_id,
            "source": run.source_uri,
            "model_id": run.model_id,
            "recipe_id": run.recipe_id,
            "provider": run.provider,
            "variant": run.variant,
            "program_version": run.program_version,
            "started_at": _iso(run.started_at),
            "finished_at": _iso(run.finished_at),
            "unfinished": run.is_unfinished,
            "state": run.state,
            "stop_reason": run.stop_reason,
            "error": run.error,
            "counters": run.counters,
            "parts": tally_document(tallies.get(run.run_id, Tally())),
        }
        for run in queries.list_runs(asked, since)
    ]


def _iso(moment: dt.datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _print(console: Console, document: Mapping[str, Any]) -> None:
    parts = document["parts"]
    title = f"{parts['total']} parts in {document['db']}"
    console.print(escape(title + (f" since {document['since']}" if document["since"] else "")))
    if not document["runs"]:
        return
    console.print(_table("run", [(_run_name(r), r["parts"]) for r in document["runs"]]))
    for name, key in (("model", "by_model"), ("day", "by_day"), ("source", "by_source")):
        if len(document[key]) > 1:
            console.print(_table(name, [(_short(g), g) for g in document[key]]))
    if document["reasons"]:
        console.print(_reasons(document["reasons"]))


def _run_name(run: Mapping[str, Any]) -> str:
    started = dt.datetime.fromisoformat(run["started_at"]).astimezone()
    end = "unfinished" if run["unfinished"] else f"{run['state']} ({run['stop_reason']})"
    return f"{started:%Y-%m-%d %H:%M:%S} {run['source_id']} {end}\n{run['run_id']}"


def _short(group: Mapping[str, Any]) -> str:
    """The group's name; of a long checksum in it the first twelve digits."""
    name = str(next(iter(group.values())))
    front, mark, digest = name.partition("#")
    return f"{front}{mark}{digest[:12]}"


def _table(name: str, groups: Sequence[tuple[str, Mapping[str, Any]]]) -> Table:
    table = Table()
    table.add_column(name, overflow="fold")
    for column in _COLUMNS:
        table.add_column(column, justify="right")
    for label, group in groups:
        table.add_row(escape(label), *_cells(group))
    return table


def _cells(group: Mapping[str, Any]) -> list[str]:
    counts = [str(group[k]) for k in ("total", "pass", "fail", "review", "invalid")]
    if group["yield"] is None:
        return [*counts, "-", "-"]
    return [*counts, f"{100 * group['yield']:.2f} %", f"{group['ppm']:.0f}"]


def _reasons(reasons: list[dict[str, Any]]) -> Table:
    table = Table("verdict", "reason")
    table.add_column("parts", justify="right")
    table.add_column("share", justify="right")
    for entry in reasons[:10]:
        share = f"{100 * entry['share']:.1f} %"
        table.add_row(entry["verdict"], escape(entry["reason"] or "-"), str(entry["count"]), share)
    return table
