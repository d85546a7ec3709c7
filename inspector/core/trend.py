"""Counts of parts over time, folded by hour, shift or day, job, model or recipe."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inspector.core.inspection import Verdict
from inspector.core.tally import PChart, Tally, p_chart

QUARTER_US = 900_000_000
"""Counts come by quarters of an hour: every shift of every time zone begins with one."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Parts finished in one quarter of an hour (its begin, UTC) under one setup."""

    at: dt.datetime
    job: str | None
    model_id: str
    recipe_id: str
    verdict: Verdict
    count: int


class By(StrEnum):
    HOUR = "HOUR"
    SHIFT = "SHIFT"
    DAY = "DAY"
    JOB = "JOB"
    MODEL = "MODEL"
    RECIPE = "RECIPE"

    @property
    def is_time(self) -> bool:
        return self in (By.HOUR, By.SHIFT, By.DAY)


@dataclass(frozen=True, slots=True)
class ShiftPlan:
    """Local hours at which shifts begin, rising; the last one goes on past midnight."""

    begins: tuple[int, ...] = (6, 14, 22)

    def __post_init__(self) -> None:
        if not self.begins or list(self.begins) != sorted({b % 24 for b in self.begins}):
            raise ValueError(f"shifts begin at rising hours 0..23, not {self.begins}")

    def begin_of(self, local: dt.datetime) -> dt.datetime:
        """When the shift began that a local time lies in."""
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        passed = [b for b in self.begins if b <= local.hour]
        if passed:
            return midnight.replace(hour=passed[-1])
        return (midnight - dt.timedelta(days=1)).replace(hour=self.begins[-1])


@dataclass(frozen=True, slots=True)
class Group:
    """``begin`` of a time bucket, local; None for groups by name. In order of time or name."""

    name: str
    begin: dt.datetime | None
    tally: Tally


def total(cells: Iterable[Cell]) -> Tally:
    return Tally.from_counts(((c.verdict, None), c.count) for c in cells)


def fold(
    cells: Sequence[Cell], by: By, *, zone: dt.tzinfo | None = None, plan: ShiftPlan | None = None
) -> list[Group]:
    """``zone``: of the groups in time; None is this machine's own."""
    key = _key(by, zone, plan or ShiftPlan())
    counts: defaultdict[tuple[dt.datetime | None, str], list[Cell]] = defaultdict(list)
    for cell in cells:
        counts[key(cell)].append(cell)
    ordered = sorted(counts, key=lambda k: (k[0].timestamp() if k[0] else 0.0, k[1]))
    return [Group(name, begin, total(counts[begin, name])) for begin, name in ordered]


def control_chart(groups: Sequence[Group]) -> PChart | None:
    """The p-chart of rejects; None below twenty groups."""
    return p_chart([(g.tally.rejected, g.tally.total) for g in groups if g.tally.total])


_Key = Callable[[Cell], tuple[dt.datetime | None, str]]


def _key(by: By, zone: dt.tzinfo | None, plan: ShiftPlan) -> _Key:
    if by is By.JOB:
        return lambda cell: (None, cell.job or "")
    if by is By.MODEL:
        return lambda cell: (None, cell.model_id)
    if by is By.RECIPE:
        return lambda cell: (None, cell.recipe_id)
    return lambda cell: _bucket(cell.at.astimezone(zone), by, plan)


def _bucket(local: dt.datetime, by: By, plan: ShiftPlan) -> tuple[dt.datetime, str]:
    if by is By.SHIFT:
        begin = plan.begin_of(local)
    elif by is By.DAY:
        begin = local.replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        begin = local.replace(minute=0, second=0, microsecond=0)
    return begin, f"{begin:%Y-%m-%d}" if by is By.DAY else f"{begin:%Y-%m-%d %H:%M}"
