"""Which parts are asked for, and how that is said to the database."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, and_, or_, select, true

from inspector.core.inspection import Verdict
from inspector.core.label import Judgement
from inspector.store import schema
from inspector.store.labels import newest_labels

_parts, _runs, _setups = schema.parts, schema.runs, schema.setups


class Said(StrEnum):
    """Whether people said anything of a part, and what."""

    ANYTHING = "ANYTHING"
    GOOD = "GOOD"
    BAD = "BAD"
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFilter:
    """All of it must hold; what is empty or None asks for nothing.

    Attributes:
        since, until: of the time at which the part was finished, UTC, half-open.
        runs: run ids. jobs: names, "" for runs without a job. models, recipes: ids.
        reasons: why parts were INVALID.
        text: stands somewhere in the reason or in the type of defect, as is.
        min_score, max_score: inclusive; parts without a score are left out by either.
    """

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    runs: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    recipes: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    reasons: tuple[str, ...] = ()
    text: str = ""
    said: Said | None = None
    min_score: float | None = None
    max_score: float | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it asks for every part."""
        return self == PartFilter()

    @property
    def rejects_only(self) -> bool:
        """Whether no part that passed can be meant: the smaller index will do."""
        return bool(self.reasons or self.text.strip()) or (
            bool(self.verdicts) and all(v.is_reject for v in self.verdicts)
        )


def condition(asked: PartFilter, *, in_order: bool = False) -> ColumnElement[bool]:
    """On rows of ``schema.parts``.

    ``in_order``: for who wants them by time. A database that goes by the index of runs
    has to sort all of what it finds for every page; a sum has no index to go by.
    """
    run = _parts.c.run + 0 if in_order else _parts.c.run
    return and_(true(), *_conditions(asked, run))


def _conditions(asked: PartFilter, run: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    if asked.since is not None:
        yield _parts.c.finished_at >= asked.since
    if asked.until is not None:
        yield _parts.c.finished_at < asked.until
    if asked.min_score is not None:
        yield _parts.c.score >= asked.min_score
    if asked.max_score is not None:
        yield _parts.c.score <= asked.max_score
    yield from _of_parts(asked)
    yield from _of_runs(asked, run)
    yield from _of_labels(asked.said)


def _of_parts(asked: PartFilter) -> Iterator[ColumnElement[bool]]:
    if asked.rejects_only:
        yield and_(schema.REJECTS)
    if asked.verdicts:
        yield _parts.c.verdict.in_([v.value for v in asked.verdicts])
    if asked.reasons:
        yield _parts.c.reason.in_(asked.reasons)
    if asked.text.strip():
        words = asked.text.strip()
        reason = _parts.c.reason.icontains(words, autoescape=True)
        yield or_(reason, _parts.c.defect_type.icontains(words, autoescape=True))


def _of_runs(asked: PartFilter, run: ColumnElement[int]) -> Iterator[ColumnElement[bool]]:
    """By their small integers, found once: the index holds those."""
    if asked.runs:
        yield run.in_(select(_runs.c.id).where(_runs.c.run_id.in_(asked.runs)))
    if asked.jobs:
        named = _runs.c.job.in_([job for job in asked.jobs if job])
        wanted = or_(named, _runs.c.job.is_(None)) if "" in asked.jobs else named
        yield run.in_(select(_runs.c.id).where(wanted))
    if asked.models:
        yield _parts.c.setup.in_(select(_setups.c.id).where(_setups.c.model_id.in_(asked.models)))
    if asked.recipes:
        found = select(_setups.c.id).where(_setups.c.recipe_id.in_(asked.recipes))
        yield _parts.c.setup.in_(found)


def _of_labels(said: Said | None) -> Iterator[ColumnElement[bool]]:
    if said is None:
        return
    labels = newest_labels()
    labelled: Select[tuple[str]] = select(labels.c.part_id)
    if said in (Said.GOOD, Said.BAD):
        labelled = labelled.where(labels.c.judgement == Judgement(said.value).value)
    inside = _parts.c.part_id.in_(labelled)
    yield ~inside if said is Said.NOTHING else inside
