"""A whole station on a camera that breaks: what it said, when, and whether that holds."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from inspector.config import RunConfig
from inspector.core.frame import Frame, Image
from inspector.core.inspection import Part, Verdict
from inspector.core.presence import PresenceRule, encode_thumbnail
from inspector.core.protocols import FrameSource
from inspector.core.recipe import PartRule, Recipe, Thresholds
from inspector.engine.focus_memory import FocusMemories
from inspector.engine.recorder import PartListener
from inspector.engine.status import PipelineStatus
from inspector.inference.package import load_package
from inspector.sources.isolated import IsolatedSource
from inspector.station.build import Station, build_station
from inspector.vision.presence import thumbnail
from tests.faults.ledger import Row
from tests.faults.rig import EMPTY, Rig

PATIENCE_S = 60.0
"""How long a test waits for what must come; no bound of the station."""


@dataclass(frozen=True, slots=True)
class Said:
    at: float
    part: Part

    @property
    def span(self) -> tuple[float, float]:
        """First and last frame's capture, by the monotonic clock."""
        now, wall = time.monotonic(), dt.datetime.now(dt.UTC)
        back = [(wall - t).total_seconds() for t in (self.part.started_at, self.part.finished_at)]
        return now - back[0], now - back[1]


class Line:
    """Listens to a station: parts as they are announced, and events."""

    def __init__(self, db: Path) -> None:
        self.db = db
        self.parts: list[Said] = []
        self.events: list[tuple[float, str, str]] = []
        self._news = threading.Condition()
        self.station: Station | None = None
        self.status: PipelineStatus | None = None

    def on_part(self, part: Part, frame: Frame | None) -> None:
        with self._news:
            self.parts.append(Said(time.monotonic(), part))
            self._news.notify_all()

    def on_event(self, kind: str, detail: str) -> None:
        with self._news:
            self.events.append((time.monotonic(), kind, detail))
            self._news.notify_all()

    def wait(self, what: Callable[[], bool], why: str) -> None:
        with self._news:
            assert self._news.wait_for(what, PATIENCE_S), f"{why}: {self.events} {self.parts[-3:]}"

    def wait_parts(self, count: int, verdict: Verdict = Verdict.PASS) -> None:
        """``count`` more parts of that verdict."""
        least = count + self._count(verdict)
        self.wait(lambda: self._count(verdict) >= least, f"{count} parts {verdict}")

    def _count(self, verdict: Verdict) -> int:
        return sum(said.part.verdict is verdict for said in self.parts)

    def event(self, kind: str, after: float = 0.0) -> float:
        """When it was told, the first time after ``after``; waits for it."""
        self.wait(lambda: self._told(kind, after) is not None, f"event {kind}")
        at = self._told(kind, after)
        assert at is not None
        return at

    def _told(self, kind: str, after: float) -> float | None:
        return next((at for at, k, _ in self.events if k == kind and at >= after), None)

    def first(self, verdict: Verdict, after: float) -> float:
        """When the first part of that verdict was announced of which all was seen after it."""

        def found() -> Said | None:
            ours = (s for s in self.parts if s.part.verdict is verdict)
            return next((s for s in ours if s.span[1] >= after), None)

        self.wait(lambda: found() is not None, f"{verdict} after the fault")
        said = found()
        assert said is not None
        return said.at

    def meanwhile(self, began: float, ended: float) -> Counter[str]:
        """Verdicts of the parts that were in view then."""
        spans = [(said.part.verdict.value, *said.span) for said in self.parts]
        return Counter(v for v, first, last in spans if last > began and first < ended)

    def end(self) -> PipelineStatus:
        assert self.station is not None
        self.station.pipeline.stop()
        self.status = self.station.finish()
        assert self.status.accounting_problem() is None
        assert sorted(s.part.part_index for s in self.parts) == list(range(len(self.parts)))
        assert self.status.parts_total == len(self.parts)
        return self.status

    def lost(self) -> int:
        """Announced verdicts that are not in the record as they were announced."""
        recorded = recorded_parts(self.db)
        return sum(recorded.get(s.part.part_id) != s.part.verdict.value for s in self.parts)


def row_of(
    line: Line, rig: Rig, *, fault: str, where: str, expected: str, declared: float, again: float
) -> Row:
    """Of a fault that the rig's camera had, from its first frame to the end of it."""
    assert rig.affected_at is not None
    assert rig.healed_at is not None
    return Row(
        fault=fault,
        where=where,
        expected=expected,
        detected_s=declared - rig.affected_at,
        meanwhile=line.meanwhile(rig.affected_at, rig.healed_at),
        lost=line.lost(),
        recovered_s=again - rig.healed_at,
        bounded=True,
    )


def wait_for_spare(source: FrameSource) -> None:
    """As on a line that has run for some seconds."""
    assert isinstance(source, IsolatedSource)
    deadline, pause = time.monotonic() + PATIENCE_S, threading.Event()
    while not source.has_spare:
        assert time.monotonic() < deadline, "no spare process"
        pause.wait(0.02)


def recorded_parts(db: Path) -> dict[str, str]:
    with closing(sqlite3.connect(db)) as connection:
        return dict(connection.execute("SELECT part_id, verdict FROM parts").fetchall())


def recipe_of(package: Path, empty: Image = EMPTY) -> Recipe:
    """Watches the rig's belt by presence."""
    variant = load_package(package).manifest.variants[0]
    reference = encode_thumbnail(thumbnail(empty))
    rule = PartRule(mode="presence", presence=PresenceRule(reference=reference))
    return Recipe(model_sha256=variant.sha256, thresholds=Thresholds(t1=0.6, t2=0.8), parts=rule)


@contextmanager
def line_of(
    source: FrameSource,
    package: Path,
    folder: Path,
    *,
    every_frame: bool = False,
    reader: PartListener | None = None,
    empty: Image = EMPTY,
    focus: FocusMemories | None = None,
) -> Iterator[Line]:
    """A running station with record and archive, ended and closed behind the block.

    ``every_frame`` is a part; else presence tells them, by the ``empty`` belt. ``reader`` is
    told of parts, too. ``focus``: what runs before this one learnt.
    """
    recipe = recipe_of(package, empty)
    if every_frame:
        recipe = recipe.model_copy(update={"parts": PartRule()})
    line = Line(folder / "record.db")
    config = RunConfig(
        source="0",
        model=package,
        recipe=recipe,
        live=True,
        db=line.db,
        archive=folder / "parts",
    )
    listeners = [line.on_part] if reader is None else [line.on_part, reader]
    with build_station(
        config, part_listeners=listeners, on_event=line.on_event, frames=source, focus=focus
    ) as station:
        line.station = station
        station.pipeline.start()
        yield line
