"""Tells a camera that was knocked out of place: the taught empty belt is not seen any more."""

from __future__ import annotations

from collections.abc import Callable

from inspector.core.frame import Frame
from inspector.core.presence import Presence

LEARNT_PARTS = 10
MORE_SHARE = 0.15
"""Of the view, by which it may differ more from the empty belt than with any part before."""
MORE_S = 0.75
RESTS, RESTS_S = 3, 5.0
"""Without an empty belt in between: parts come and go, and the belt is not recognised."""
NEVER_EMPTY_S, TIMES_LONGEST = 30.0, 3.0
_MOVED = 3


class ViewWatch:
    """Follows presence, frame after frame (one thread).

    A part that lies still for long is no fault once ten parts have come and gone: then the
    view must differ from the empty belt by more than any of them. ``on_loss(what)`` and
    ``on_return()`` are called on the caller's thread.
    """

    def __init__(
        self,
        fps: float | None,
        on_loss: Callable[[str], None],
        on_return: Callable[[], None],
    ) -> None:
        """``fps`` of recorded footage, whose time is its frames'; None: the clock's."""
        self._fps = fps
        self._on_loss = on_loss
        self._on_return = on_return
        self._lost: str | None = None
        self.begin_anew()

    def begin_anew(self) -> None:
        """Another recipe may bring another belt and other parts."""
        self._parts = 0
        self._most_share = 0.0
        self._longest_s = 0.0
        self.forget()
        self._find()

    def forget(self) -> None:
        """Frames are missing: what went before is no evidence."""
        self._since: float | None = None
        self._more_since: float | None = None
        self._share = 0.0
        self._rests = self._moving = 0
        self._resting = False

    def check(self, frame: Frame, presence: Presence, share: float) -> str | None:
        """What is wrong with the view. ``share`` of it differs from the taught empty belt."""
        now = frame.index / self._fps if self._fps else frame.captured_ns / 1e9
        if presence is Presence.EMPTY:
            self._see_empty(now)
        elif presence is not Presence.UNKNOWN and self._lost is None:
            self._see_part(now, share, settled=presence is Presence.SETTLED)
        return self._lost

    def _see_empty(self, now: float) -> None:
        if self._lost is not None:
            self._find()
        elif self._since is not None:
            self._parts += 1
            self._most_share = max(self._most_share, self._share)
            self._longest_s = max(self._longest_s, now - self._since)
        self.forget()

    def _find(self) -> None:
        lost, self._lost = self._lost, None
        if lost is not None:
            self._on_return()

    def _see_part(self, now: float, share: float, *, settled: bool) -> None:
        if self._since is None:
            self._since = now
        self._share = max(self._share, share)
        self._note_rest(settled=settled)
        what = self._problem(now - self._since, self._more_for(now, share))
        if what is not None:
            self._lost = f"{what}: was the camera moved?"
            self._on_loss(self._lost)

    def _note_rest(self, *, settled: bool) -> None:
        self._moving = 0 if settled else self._moving + 1
        self._rests += settled and not self._resting
        self._resting = settled or (self._resting and self._moving < _MOVED)

    def _more_for(self, now: float, share: float) -> float:
        """Seconds for which more of the view has differed than with any part before."""
        if self._parts < LEARNT_PARTS or share <= self._most_share + MORE_SHARE:
            self._more_since = None
            return 0.0
        self._more_since = now if self._more_since is None else self._more_since
        return now - self._more_since

    def _problem(self, lasted_s: float, more_s: float) -> str | None:
        if more_s >= MORE_S:
            return "the view differs more from the taught empty belt than with any part before"
        if self._rests >= RESTS and lasted_s >= RESTS_S:
            return f"no empty belt between {self._rests} parts"
        longest = max(NEVER_EMPTY_S, TIMES_LONGEST * self._longest_s)
        if self._parts < LEARNT_PARTS and lasted_s >= longest:
            return f"no empty belt for {lasted_s:.0f} s"
        return None
