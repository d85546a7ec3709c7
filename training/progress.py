"""Progress bars for whatever takes longer than a breath."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from training.methods import Report

_DAY = 86400.0


@contextmanager
def progress(console: Console) -> Iterator[Report]:
    """One bar a step, with the time it took and has left; a step that begins anew, for the
    next seed or category, begins its bar anew."""
    columns = (TextColumn("{task.description:>12}"), BarColumn(), TimeElapsedColumn())
    # the speed since the beginning: a step may report once in minutes
    with Progress(
        *columns, TimeRemainingColumn(), console=console, speed_estimate_period=_DAY
    ) as bars:
        tasks: dict[str, TaskID] = {}
        done: dict[str, float] = {}

        def report(step: str, share: float) -> None:
            if step not in tasks:
                tasks[step] = bars.add_task(escape(step), total=1.0)
            elif share < done[step]:
                bars.reset(tasks[step], total=1.0)
            done[step] = share
            bars.update(tasks[step], completed=share)

        yield report
