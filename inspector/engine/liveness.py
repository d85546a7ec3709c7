"""Whether a run is really alive: what a watchdog may be told, and nothing better."""

from __future__ import annotations

from dataclasses import dataclass

from inspector.engine.status import PipelineStatus, State

_NO_FRAMES = (State.DEGRADED, State.STOPPING)


@dataclass(frozen=True, slots=True)
class _Seen:
    captured: int
    decided: int
    recorded: int


class Liveness:
    """Of one run, told its status now and then; one thread.

    A run is alive while frames come, are decided and are recorded: each of the three has
    moved within ``patience_s``, or has nothing to do. While its camera is being brought
    back (DEGRADED) it is alive without frames; the supervisor ends that by itself. A run
    that has not started, or has ended, is nobody's business.
    """

    def __init__(self, patience_s: float) -> None:
        self._patience_s = patience_s
        self._last: _Seen | None = None
        self._moved: dict[str, float] = {}

    def is_alive(self, status: PipelineStatus, now_s: float) -> bool:
        """``now_s`` of a monotonic clock."""
        seen = _Seen(status.captured, status.inspected + status.failed, status.recorded)
        self._note(seen, status, now_s)
        if status.state in (State.IDLE, State.STOPPED, State.ERRORED):
            return True
        return all(now_s - at <= self._patience_s for at in self._moved.values())

    def _note(self, seen: _Seen, status: PipelineStatus, now_s: float) -> None:
        last, self._last = self._last, seen
        if last is None:
            self._moved = dict.fromkeys(("capture", "inspect", "record"), now_s)
            return
        # frames not captured yet cannot be decided, nor undecided ones recorded
        waiting = seen.captured > seen.decided + status.dropped_total
        idle = {
            "capture": status.state in _NO_FRAMES or seen.captured > last.captured,
            "inspect": seen.decided > last.decided or not waiting,
            "record": seen.recorded > last.recorded or seen.recorded >= seen.decided,
        }
        self._moved |= {name: now_s for name, moved in idle.items() if moved}
