"""The state of a run as one frozen snapshot, and the counters behind it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from inspector.core.inspection import Timings, Verdict
from inspector.engine.meters import LatencyMeter, Percentiles


class State(StrEnum):
    """DEGRADED: running, but nothing can be judged or recorded now (see `Trouble`)."""

    IDLE = "IDLE"
    RUNNING = "RUNNING"
    DEGRADED = "DEGRADED"
    STOPPING = "STOPPING"
    STOPPED = "STOPPED"
    ERRORED = "ERRORED"


class Trouble(StrEnum):
    """Why nothing can be judged although the run goes on, the gravest first.

    SOURCE: no frames, the source is being brought back. PICTURE: frames that show nothing.
    VIEW: they do not show the belt that was taught. FOCUS: they are blurred. NETWORK: it does
    not answer. RECORD: the disk, or whoever is told of parts, does not answer: what is judged
    is not announced.
    """

    SOURCE = "source"
    PICTURE = "picture"
    VIEW = "view"
    FOCUS = "focus"
    NETWORK = "network"
    RECORD = "record"


class StopReason(StrEnum):
    END_OF_STREAM = "end_of_stream"
    REQUESTED = "requested"
    ERROR = "error"


class DropCause(StrEnum):
    """Why a captured frame was not inspected. SOURCE: lost before it reached us."""

    OVERRUN = "overrun"
    SOURCE = "source"
    STOP = "stop"


STAGES = ("read", "presence", "queue", "prepare", "network", "judge", "record", "age")


@dataclass(frozen=True, slots=True)
class PipelineStatus:
    """One moment of a run. Frame counts obey ``captured == inspected + dropped + failed``
    and ``recorded == inspected + failed`` once the run has ended.

    ``inspected`` counts frames with a decision (NO_PART among them, ``no_part``),
    ``failed`` frames recorded as INVALID. ``parts`` counts committed ones by verdict.
    ``first_error`` is what ended the run, ``trouble`` why it is DEGRADED, the gravest first.
    """

    state: State = State.IDLE
    stop_reason: StopReason | None = None
    captured: int = 0
    dropped: Mapping[DropCause, int] = field(default_factory=lambda: MappingProxyType({}))
    inspected: int = 0
    failed: int = 0
    no_part: int = 0
    recorded: int = 0
    parts: Mapping[Verdict, int] = field(default_factory=lambda: MappingProxyType({}))
    restarts: int = 0
    running_s: float = 0.0
    capture_fps: float = 0.0
    inspect_fps: float = 0.0
    latency_ms: Mapping[str, Percentiles] = field(default_factory=lambda: MappingProxyType({}))
    last_frame_age_s: float | None = None
    first_error: BaseException | None = None
    trouble: Trouble | None = None

    @property
    def dropped_total(self) -> int:
        return sum(self.dropped.values())

    @property
    def parts_total(self) -> int:
        return sum(self.parts.values())

    def accounting_problem(self) -> str | None:
        """What does not add up after a run; None for sound accounts."""
        settled = self.inspected + self.dropped_total + self.failed
        if self.captured != settled:
            return (
                f"captured {self.captured} != inspected {self.inspected} + dropped "
                f"{self.dropped_total} + failed {self.failed}"
            )
        if self.recorded != self.inspected + self.failed:
            return f"recorded {self.recorded} != inspected {self.inspected} + failed {self.failed}"
        return None


class Scoreboard:
    """Mutable counts of a run behind one lock; every thread of it writes here."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._state = State.IDLE
        self._reason: StopReason | None = None
        self._counts: Counter[str] = Counter()
        self._dropped: Counter[DropCause] = Counter()
        self._parts: Counter[Verdict] = Counter()
        self._meters = {stage: LatencyMeter() for stage in STAGES}
        self._started_ns = 0
        self._stopped_ns: int | None = None
        self._last_frame_ns: int | None = None
        self._first_error: BaseException | None = None
        self._troubles: set[Trouble] = set()

    def start(self) -> None:
        with self._lock:
            self._state = State.RUNNING
            self._started_ns = time.monotonic_ns()

    def set_state(self, state: State) -> None:
        """A state once ended is never left."""
        with self._lock:
            if self._state not in (State.STOPPED, State.ERRORED):
                self._state = state

    def degrade(self, trouble: Trouble) -> None:
        """Nothing can be judged until every trouble is over."""
        with self._lock:
            self._troubles.add(trouble)
            if self._state is State.RUNNING:
                self._state = State.DEGRADED

    def recover(self, trouble: Trouble) -> None:
        with self._lock:
            self._troubles.discard(trouble)
            if self._state is State.DEGRADED and not self._troubles:
                self._state = State.RUNNING

    def end(self, reason: StopReason) -> None:
        """The first reason stands; an error outweighs it in the state."""
        with self._lock:
            self._reason = self._reason or reason

    def fail(self, error: BaseException) -> None:
        with self._lock:
            self._first_error = self._first_error or error
            self._reason = StopReason.ERROR

    def finish(self) -> None:
        with self._lock:
            self._state = State.ERRORED if self._first_error else State.STOPPED
            self._stopped_ns = time.monotonic_ns()

    def count_captured(self, *, lost: int, captured_ns: int) -> None:
        with self._lock:
            self._counts["captured"] += 1 + lost
            if lost:
                self._dropped[DropCause.SOURCE] += lost
            self._last_frame_ns = captured_ns

    def count_dropped(self, cause: DropCause, count: int = 1) -> None:
        if count:
            with self._lock:
                self._dropped[cause] += count

    def count_decided(self, verdict: Verdict) -> None:
        with self._lock:
            self._counts["failed" if verdict is Verdict.INVALID else "inspected"] += 1
            self._counts["no_part"] += verdict is Verdict.NO_PART

    def count_recorded(self, frames: int, parts: list[Verdict]) -> None:
        with self._lock:
            self._counts["recorded"] += frames
            self._parts.update(parts)

    def count_restart(self) -> None:
        with self._lock:
            self._counts["restarts"] += 1

    def time_frame(self, timings: Timings, *, judged: bool) -> None:
        """Stages of a frame; those behind the network only where it was judged."""
        stages = STAGES[:-2] if judged else ("read", "presence", "queue")
        with self._lock:
            for stage in stages:
                self._meters[stage].add(getattr(timings, stage))
            if judged:
                self._meters["age"].add(timings.age)

    def time_record(self, milliseconds: float) -> None:
        with self._lock:
            self._meters["record"].add(milliseconds)

    def snapshot(self) -> PipelineStatus:
        with self._lock:
            now = self._stopped_ns or time.monotonic_ns()
            running = (now - self._started_ns) / 1e9 if self._started_ns else 0.0
            age = (now - self._last_frame_ns) / 1e9 if self._last_frame_ns else None
            c = self._counts
            return PipelineStatus(
                state=self._state,
                stop_reason=self._reason,
                captured=c["captured"],
                dropped=MappingProxyType(dict(self._dropped)),
                inspected=c["inspected"],
                failed=c["failed"],
                no_part=c["no_part"],
                recorded=c["recorded"],
                parts=MappingProxyType(dict(self._parts)),
                restarts=c["restarts"],
                running_s=running,
                capture_fps=c["captured"] / running if running else 0.0,
                inspect_fps=(c["inspected"] + c["failed"]) / running if running else 0.0,
                latency_ms=MappingProxyType(
                    {stage: meter.percentiles() for stage, meter in self._meters.items()}
                ),
                last_frame_age_s=age,
                first_error=self._first_error,
                trouble=next((t for t in Trouble if t in self._troubles), None),
            )
