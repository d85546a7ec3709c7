"""From a run's status to words and health for the status strip; no widgets."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication

from inspector.engine.status import DropCause, PipelineStatus, State, Trouble
from inspector.gui.runs.session import Phase, RunSnapshot
from inspector.gui.widgets.health import Health

STALE_S = 1.0
DISK_LOW_BYTES = 5_000_000_000
DISK_FULL_BYTES = 500_000_000


@dataclass(frozen=True, slots=True)
class Reading:
    """What a badge shows."""

    text: str
    health: Health
    tip: str = ""


NOTHING = Reading("–", Health.UNKNOWN)


def camera(snapshot: RunSnapshot | None) -> Reading:
    """The source: there, lost, opening or ended."""
    if snapshot is None:
        return NOTHING
    name = snapshot.facts.info.uri if snapshot.facts else ""
    if snapshot.phase is Phase.STARTING:
        return Reading(_tr("opening"), Health.UNKNOWN)
    if snapshot.phase is Phase.ENDED:
        return Reading(_tr("closed"), Health.UNKNOWN, name)
    status = snapshot.status
    if status is not None and status.state is State.DEGRADED:
        words = {
            Trouble.SOURCE: _tr("lost"),
            Trouble.PICTURE: _tr("shows nothing"),
            Trouble.VIEW: _tr("moved"),
            Trouble.FOCUS: _tr("out of focus"),
        }
        if status.trouble in words:
            return Reading(words[status.trouble], Health.BAD, name)
    if is_stale(status) and snapshot.phase is Phase.RUNNING:
        return Reading(_tr("no picture"), Health.BAD, name)
    return Reading(_tr("connected"), Health.GOOD, name)


def provider(snapshot: RunSnapshot | None) -> Reading:
    """The execution provider really in use, and the number format."""
    if snapshot is None or snapshot.facts is None:
        return NOTHING
    facts = snapshot.facts
    short = facts.provider.removesuffix("ExecutionProvider")
    tip = f"{facts.title}\n{facts.model_id}"
    if _suffers(snapshot.status, Trouble.NETWORK):
        return Reading(_tr("no answer"), Health.BAD, tip)
    if facts.degraded is not None:
        return Reading(f"{short} {facts.variant}", Health.BAD, f"{facts.degraded}\n{tip}")
    return Reading(f"{short} {facts.variant}", Health.GOOD, tip)


def latency(status: PipelineStatus | None) -> Reading:
    """Capture to verdict, median; the tip has the percentiles."""
    age = status.latency_ms.get("age") if status else None
    if age is None or not age.max:
        return NOTHING
    tip = f"p50 {age.p50:.1f} ms, p95 {age.p95:.1f} ms, p99 {age.p99:.1f} ms, max {age.max:.1f} ms"
    return Reading(f"{age.p50:.0f} ms", Health.GOOD, tip)


def frame_age(snapshot: RunSnapshot | None) -> Reading:
    """How old the newest frame is; STALE after a second."""
    if snapshot is None or snapshot.phase is not Phase.RUNNING or snapshot.status is None:
        return NOTHING
    age = snapshot.status.last_frame_age_s
    if age is None:
        return NOTHING
    if age > STALE_S:
        return Reading(_tr("STALE %1 s").replace("%1", f"{age:.0f}"), Health.BAD)
    return Reading(f"{1000 * age:.0f} ms", Health.GOOD)


def rate(status: PipelineStatus | None) -> Reading:
    """Frames a second that came in; the tip says how many were inspected."""
    if status is None or not status.captured:
        return NOTHING
    return Reading(f"{status.capture_fps:.0f}/s", Health.GOOD, f"{status.inspect_fps:.1f}/s")


def drops(status: PipelineStatus | None) -> Reading:
    """Frames that were captured and not inspected, with their causes."""
    if status is None:
        return NOTHING
    lost = {c: n for c, n in status.dropped.items() if c is not DropCause.STOP and n}
    total = sum(lost.values())
    share = total / status.captured if status.captured else 0.0
    tip = ", ".join(f"{cause.value} {count}" for cause, count in lost.items())
    return Reading(f"{total:,}", Health.WARNING if share > 0.05 else Health.GOOD, tip)


def disk(free_bytes: int | None, status: PipelineStatus | None = None) -> Reading:
    """Room left where the record is written, and whether it is."""
    if _suffers(status, Trouble.RECORD):
        return Reading(_tr("no answer"), Health.BAD, disk(free_bytes).text)
    if free_bytes is None:
        return NOTHING
    text = _tr("%1 GB free").replace("%1", f"{free_bytes / 1e9:.0f}")
    if free_bytes < DISK_FULL_BYTES:
        return Reading(_tr("full"), Health.BAD, text)
    return Reading(text, Health.WARNING if free_bytes < DISK_LOW_BYTES else Health.GOOD)


def _suffers(status: PipelineStatus | None, trouble: Trouble) -> bool:
    return status is not None and (status.state, status.trouble) == (State.DEGRADED, trouble)


def is_stale(status: PipelineStatus | None) -> bool:
    age = status.last_frame_age_s if status else None
    return age is not None and age > STALE_S


def _tr(text: str) -> str:
    return QCoreApplication.translate("Health", text)
