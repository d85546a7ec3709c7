"""Starting a station from a command, following it, and ending it cleanly on a signal."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from rich.text import Text

from inspector.cli.screen import Screen
from inspector.engine.status import PipelineStatus, StopReason
from inspector.station.build import Station, check_ended
from inspector.station.watchdog import ServiceManager, Watchdog

REFRESH_S = 0.25


@contextmanager
def stop_signals(on_stop: Callable[[], None]) -> Iterator[None]:
    """SIGINT and SIGTERM ask for a clean end while the block runs."""

    def handle(number: int, frame: FrameType | None) -> None:
        on_stop()

    before = {s: signal.signal(s, handle) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def follow(
    station: Station,
    *,
    duration_s: float | None = None,
    on_refresh: Callable[[PipelineStatus], None] = lambda status: None,
) -> PipelineStatus:
    """Starts the station and follows it to its end; raises what ``check_ended`` does."""
    ending = threading.Event()
    watchdog = watchdog_of_this_process()
    with stop_signals(ending.set):
        station.pipeline.start()
        deadline = duration_s
        while not station.pipeline.wait(REFRESH_S):
            status = station.pipeline.status()
            on_refresh(status)
            watchdog.follow({station.run_id: status})
            if ending.is_set() or (deadline is not None and status.running_s >= deadline):
                station.pipeline.stop()
        watchdog.stopping()
        status = station.finish()
    on_refresh(status)
    check_ended(status)
    return status


def watchdog_of_this_process() -> Watchdog:
    """Of the service manager that started this program, if one did."""
    return Watchdog(ServiceManager.from_environment(os.environ, os.getpid()))


def headline(status: PipelineStatus) -> str:
    """One line on a run in progress."""
    parts = ", ".join(f"{v.value.lower()} {n}" for v, n in sorted(status.parts.items())) or "none"
    return (
        f"[{status.state}] frames {status.captured} ({status.dropped_total} dropped), "
        f"{status.inspect_fps:.0f}/s, parts {status.parts_total}: {parts}"
    )


def print_start(console: Screen, station: Station) -> None:
    """What runs: source, model, provider and recipe, and what to beware of."""
    info, predictor = station.info, station.predictor
    fps = f", {info.fps:.4g} fps" if info.fps else ""
    count = f", {info.frame_count} frames" if info.frame_count else ""
    live = "live" if info.is_live else "recorded"
    console.print(f"source    {info.uri} ({info.width}×{info.height}{fps}{count}, {live})")
    console.print(
        f"model     {predictor.manifest.title} {predictor.variant} on {predictor.provider}"
    )
    for remark in predictor.remarks:
        console.print(f"          {remark}")
    t = station.recipe.thresholds
    console.print(
        f"recipe    {station.recipe.name} ({station.recipe.recipe_id[:12]}…), "
        f"T1 {t.t1:.4g}, T2 {t.t2:.4g}, parts by {station.recipe.parts.mode}"
    )
    for warning in station.warnings:
        console.print(Text.assemble(("warning", "yellow"), f"   {warning}"))


def print_summary(console: Screen, station: Station, status: PipelineStatus) -> None:
    """The accounts of a run that has ended."""
    how = {
        StopReason.END_OF_STREAM: "the source ended",
        StopReason.REQUESTED: "stopped on request",
        StopReason.ERROR: "ended by an error",
    }
    console.print(headline(status))
    causes = ", ".join(f"{c.value} {n}" for c, n in status.dropped.items())
    console.print(
        f"frames    captured {status.captured} = inspected {status.inspected} + dropped "
        f"{status.dropped_total}{f' ({causes})' if causes else ''} + failed {status.failed}; "
        f"recorded {status.recorded}, without a part {status.no_part}"
    )
    age = status.latency_ms["age"]
    reason = how[status.stop_reason] if status.stop_reason else "running"
    console.print(
        f"time      {status.running_s:.1f} s, verdict after p50 {age.p50:.1f} ms, "
        f"p99 {age.p99:.1f} ms; {reason}"
    )
    for remark in station.remarks:
        console.print(remark)
