"""Statistics as one table: a row a number, so that any spreadsheet can pivot it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from inspector.core.inspection import Verdict
from inspector.core.tally import Tally
from inspector.core.trend import Group
from inspector.station.statistics.gather import Statistics
from inspector.store.statistics import Histogram

HEADINGS = ("table", "name", "begin", "measure", "value")
_Row = tuple[str, str, str, str, float | int | str]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_csv(found: Statistics) -> str:
    """With headings; times are ISO 8601 with their zone, shares 0..1, latency milliseconds."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(HEADINGS)
    for table, name, begin, measure, value in _rows(found):
        writer.writerow((table, _harmless(name), begin, measure, value))
    return out.getvalue()


def _harmless(name: str) -> str:
    """A name that a spreadsheet would take for a formula gets a quote before it."""
    return f"'{name}" if name.startswith(_FORMULA) else name


def _rows(found: Statistics) -> Iterator[_Row]:
    yield from _tally("total", "all", "", found.total)
    by = found.question.by.value.lower()
    for group in found.groups:
        yield from _tally(f"by_{by}", group.name, _begin(group), group.tally)
    yield from _chart(found)
    for cause in found.causes:
        yield ("cause", cause.name or "", "", cause.verdict.value, cause.count)
    yield from _density(found)
    yield from _histogram("score", found.scores)
    yield from _histogram("latency_ms", found.latency)
    yield from _drift(found)
    said = found.said
    for measure, count in (("labelled", said.labelled), ("overkill", said.overkill)):
        yield ("labels", "all", "", measure, count)
    yield ("labels", "all", "", "escape", said.escape)
    for anchor in found.anchors:
        yield ("anchor", anchor.station_id, anchor.at.isoformat(), "line", anchor.line())


def _tally(table: str, name: str, begin: str, tally: Tally) -> Iterator[_Row]:
    yield (table, name, begin, "parts", tally.total)
    for verdict in (Verdict.PASS, Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID):
        yield (table, name, begin, verdict.value.lower(), tally.count(verdict))
    if tally.passed_share is not None:
        yield (table, name, begin, "yield", tally.passed_share)


def _begin(group: Group) -> str:
    return group.begin.isoformat() if group.begin is not None else ""


def _chart(found: Statistics) -> Iterator[_Row]:
    if found.chart is None:
        return
    yield ("p_chart", "all", "", "center", found.chart.center)
    for group, point in zip(found.timeline, found.chart.points, strict=True):
        key = ("p_chart", group.name, _begin(group))
        yield (*key, "rejected_share", point.share)
        yield (*key, "lower", point.lower)
        yield (*key, "upper", point.upper)
        yield (*key, "outside", int(point.outside))
        yield (*key, "run", int(point.run))


def _density(found: Statistics) -> Iterator[_Row]:
    if found.density is None:
        return
    counts = found.density.counts
    for y, x in zip(*counts.nonzero(), strict=True):
        yield ("place", f"column {x} row {y}", "", "defects", int(counts[y, x]))


def _histogram(table: str, spread: Histogram | None) -> Iterator[_Row]:
    if spread is None:
        return
    for place, count in enumerate(spread.counts):
        if count:
            yield (table, f"from {spread.low + place * spread.step:.6g}", "", "parts", count)


def _drift(found: Statistics) -> Iterator[_Row]:
    report = found.drift
    yield ("drift", "all", "", "state", report.state.value)
    for measure, value in (("psi", report.psi), ("ks", report.ks), ("ks_limit", report.ks_limit)):
        if value is not None:
            yield ("drift", "all", "", measure, value)
