"""One footage on the desk: its player, its truth, and the runs made over it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from inspector.config import RunConfig
from inspector.core.comparison import Comparison, compare_parts
from inspector.core.frame import Frame
from inspector.core.protocols import FrameReader
from inspector.engine.playback import Player, Recorded
from inspector.errors import StateError
from inspector.sources.readers import open_reader
from inspector.station.map_maker import MapMaker
from inspector.station.replaying import Phase, ReplayRun
from inspector.station.truth_beside import TruthBeside, find_truth

MOST_RUNS = 4
"""Finished runs that are kept to be compared with; the oldest goes first."""


@dataclass(frozen=True, slots=True, eq=False)
class KeptReplay:
    """A finished run with its number on this desk, from 1."""

    number: int
    run: ReplayRun


class ReplayDesk:
    """Player and runs share nothing but the index: neither waits for the other.

    ``open``, ``begin``, ``cancel`` and ``close`` are called by one thread; the player asks for
    what was decided on its own.
    """

    def __init__(
        self,
        footage: Path,
        *,
        make_reader: Callable[[str, Callable[[int], int | None]], FrameReader] = open_reader,
        make_run: Callable[..., ReplayRun] = ReplayRun,
    ) -> None:
        """Looks at the footage and the truth beside it: not on a GUI thread.

        Raises SourceOpenError.
        """
        self.footage = footage
        self.truth: TruthBeside = find_truth(footage)
        self._make_run = make_run
        self._lock = threading.Lock()
        self._shown_run: ReplayRun | None = None
        self._maps: MapMaker | None = None
        self._maps_of: ReplayRun | None = None
        self._running: ReplayRun | None = None
        self._kept: list[KeptReplay] = []
        self._made = 0
        self._comparison: tuple[KeptReplay, KeptReplay, Comparison] | None = None
        reader = make_reader(str(footage), self._pts_of)
        # what cannot be opened is refused here, before it takes another footage's place
        reader.open()
        reader.close()
        self.player = Player(reader, recorded=self._recorded, explain=self._explain)

    def open(self) -> None:
        """Starts the player, which opens the footage on its own thread."""
        self.player.start()

    def begin(self, config: RunConfig) -> ReplayRun:
        """Runs over the footage; raises StateError while another run is on."""
        if self._running is not None:
            raise StateError("a run over this footage is on already; cancel it first")
        run = self._make_run(config, truth=self.truth.parts)
        self._running = run
        self._show(run)
        run.start()
        return run

    def cancel(self) -> None:
        if self._running is not None:
            self._running.cancel()

    @property
    def running(self) -> ReplayRun | None:
        """The run that is on, or that ended and was not taken in by ``settle`` yet."""
        return self._running

    @property
    def current(self) -> ReplayRun | None:
        """Whose findings the player shows."""
        with self._lock:
            return self._shown_run

    @property
    def kept(self) -> tuple[KeptReplay, ...]:
        """Finished runs, the newest last."""
        return tuple(self._kept)

    def settle(self) -> ReplayRun | None:
        """The run that has just ended, once; a finished one is kept.

        What a cancelled or failed run has found stays on show, where it found anything.
        """
        run = self._running
        if run is None or not run.status().phase.is_end:
            return None
        self._running = None
        if run.status().phase is Phase.FINISHED:
            self._made += 1
            self._kept = [*self._kept, KeptReplay(self._made, run)][-MOST_RUNS:]
            self.player.set_frame_count(run.timeline().frame_count)
        elif self._kept and not run.timeline().frames_done:
            self._show(self._kept[-1].run)
        self.player.refresh()
        return run

    def show(self, number: int) -> None:
        """Puts a kept run on show; an unknown number does nothing."""
        for kept in self._kept:
            if kept.number == number:
                self._show(kept.run)
                self.player.refresh()

    def compared(self, before: int, after: int) -> Comparison | None:
        """Two kept runs part by part; None where one of them is not kept. Remembers the last."""
        by_number = {kept.number: kept for kept in self._kept}
        a, b = by_number.get(before), by_number.get(after)
        if a is None or b is None:
            return None
        known = self._comparison
        if known is None or (known[0], known[1]) != (a, b):
            made = compare_parts(a.run.index.parts(), b.run.index.parts(), self.truth.parts)
            self._comparison = known = (a, b, made)
        return known[2]

    def close(self) -> bool:
        """Ends player and run and waits; whether both ended in time. Not on a GUI thread."""
        self.cancel()
        done = self.player.close()
        if self._running is not None:
            done = self._running.join(30.0) and done
        if done and self._maps is not None:
            self._maps.close()
        return done

    def _show(self, run: ReplayRun) -> None:
        with self._lock:
            self._shown_run = run

    def _recorded(self, index: int) -> Recorded | None:
        run = self.current
        return run.index.recorded(index) if run is not None else None

    def _pts_of(self, index: int) -> int | None:
        run = self.current
        return run.index.pts_of(index) if run is not None else None

    def _explain(self, frame: Frame, recorded: Recorded) -> Recorded:
        """On the player's thread; while a run is on its own network has the machine."""
        run = self.current
        if run is None or run.recipe is None or not run.status().phase.is_end:
            return recorded
        if self._maps is None or self._maps_of is not run:
            if self._maps is not None:
                self._maps.close()
            self._maps, self._maps_of = MapMaker(run.config, run.recipe), run
        return self._maps(frame, recorded)
