"""Statistics as one HTML file that needs nothing but itself."""

from __future__ import annotations

from jinja2 import Environment, PackageLoader, StrictUndefined

from inspector.core.drift import Drift
from inspector.core.inspection import Verdict
from inspector.station.statistics import charts
from inspector.station.statistics.gather import Statistics

_DRIFTS = {
    Drift.UNKNOWN: "too few scores to tell",
    Drift.STABLE: "scores are spread as they were",
    Drift.MODERATE: "scores have moved",
    Drift.MAJOR: "scores have moved far",
}


def as_html(found: Statistics, *, title: str) -> str:
    """The whole file: styles and pictures within, every text escaped, no script."""
    environment = Environment(
        loader=PackageLoader("inspector.station.statistics"),
        # names of jobs and defects are whatever somebody typed
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    template = environment.get_template("report.html.j2")
    return template.render(
        found=found,
        title=title,
        charts=charts,
        made_at=f"{found.made_at.astimezone(found.question.zone):%Y-%m-%d %H:%M %Z}",
        drift=_DRIFTS[found.drift.state],
        asked=_asked(found),
        verdicts=(Verdict.PASS, Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID),
    )


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.2f} %"


def _asked(found: Statistics) -> str:
    wanted, zone = found.question.wanted, found.question.zone
    words = []
    if wanted.since is not None:
        words.append(f"from {wanted.since.astimezone(zone):%Y-%m-%d %H:%M}")
    if wanted.until is not None:
        words.append(f"until {wanted.until.astimezone(zone):%Y-%m-%d %H:%M}")
    words += [f"job {job or 'none'}" for job in wanted.jobs]
    return ", ".join(words) or "all parts on record"
