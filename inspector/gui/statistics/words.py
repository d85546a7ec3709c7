"""Choices and findings in words."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum

from PySide6.QtCore import QCoreApplication

from inspector.core.drift import LEAST, Drift
from inspector.core.tally import MIN_SUBGROUPS
from inspector.core.trend import By
from inspector.station.statistics.gather import Statistics


def tr(text: str) -> str:
    return QCoreApplication.translate("Statistics", text)


class Span(StrEnum):
    """How far back parts are counted."""

    SHIFT = "SHIFT"
    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    ALL = "ALL"

    def since(self, now: dt.datetime) -> dt.datetime | None:
        """None: from the first part on."""
        hours = {Span.SHIFT: 8, Span.DAY: 24, Span.WEEK: 7 * 24, Span.MONTH: 30 * 24}.get(self)
        return None if hours is None else now - dt.timedelta(hours=hours)


class Format(StrEnum):
    """What can be exported; the value is the file's suffix."""

    HTML = "html"
    CSV = "csv"
    PNG = "png"


def span_word(span: Span) -> str:
    return {
        Span.SHIFT: tr("Last 8 hours"),
        Span.DAY: tr("Last 24 hours"),
        Span.WEEK: tr("Last 7 days"),
        Span.MONTH: tr("Last 30 days"),
        Span.ALL: tr("All time"),
    }[span]


def by_word(by: By) -> str:
    return {
        By.HOUR: tr("hour"),
        By.SHIFT: tr("shift"),
        By.DAY: tr("day"),
        By.JOB: tr("job"),
        By.MODEL: tr("model"),
        By.RECIPE: tr("recipe"),
    }[by]


def format_word(wanted: Format) -> str:
    return {
        Format.HTML: tr("Report (HTML) …"),
        Format.CSV: tr("All numbers (CSV) …"),
        Format.PNG: tr("Picture of this page (PNG) …"),
    }[wanted]


def job_word(name: str) -> str:
    return name or tr("without a job")


def group_word(name: str, by: By) -> str:
    """Of a long checksum the first digits do."""
    front, mark, digest = name.partition("#")
    if by is By.RECIPE:
        return name[:8]
    return f"{front}{mark}{digest[:6]}" if name else tr("none")


def percent(share: float | None, digits: int = 2) -> str:
    return "–" if share is None else f"{100 * share:.{digits}f} %"


def chart_note(found: Statistics) -> str:
    """What the control chart says, or what it lacks."""
    if found.chart is None:
        return (
            tr("Limits from %1 groups on; there are %2")
            .replace("%1", str(MIN_SUBGROUPS))
            .replace("%2", str(len(found.timeline)))
        )
    outside = sum(p.outside for p in found.chart.points)
    runs = sum(p.run for p in found.chart.points)
    if not outside and not runs:
        return tr("In control around %1").replace("%1", percent(found.chart.center))
    return (
        tr("%1 outside the limits, %2 in a run on one side")
        .replace("%1", str(outside))
        .replace("%2", str(runs))
    )


def drift_note(found: Statistics) -> str:
    report = found.drift
    if report.psi is None:
        return (
            tr("Needs %1 old and new scores; there are %2 + %3")
            .replace("%1", str(LEAST))
            .replace("%2", str(report.reference))
            .replace("%3", str(report.recent))
        )
    said = {
        Drift.UNKNOWN: tr("Too few scores"),
        Drift.STABLE: tr("Stable"),
        Drift.MODERATE: tr("Scores have moved"),
        Drift.MAJOR: tr("Scores have moved far"),
    }[report.state]
    return tr("%1 · PSI %2").replace("%1", said).replace("%2", f"{report.psi:.2f}")


def latency_note(found: Statistics) -> str:
    spread = found.latency
    if spread is None:
        return tr("Not recorded for these parts")
    p50, p95, p99 = (spread.quantile(q) for q in (0.5, 0.95, 0.99))
    return f"p50 {p50:.1f}   p95 {p95:.1f}   p99 {p99:.1f} ms"


def places_note(found: Statistics) -> str:
    if found.density is None:
        return tr("Image size not on record")
    return tr("%1 defects by their centres").replace("%1", f"{found.density.total:,}")


def causes_note(found: Statistics) -> str:
    return tr("%1 rejects").replace("%1", f"{found.total.rejected:,}")
