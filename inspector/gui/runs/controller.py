"""The run that the window shows: started, stopped, swapped; pulled by one timer."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from inspector.config import RunConfig
from inspector.engine.status import PipelineStatus
from inspector.errors import StateError
from inspector.gui.runs.events import PartEvent, RunEvent, Shown
from inspector.gui.runs.session import Phase, RunFacts, RunSession, RunSnapshot
from inspector.gui.work import Outcome, WorkRunner
from inspector.station.changeover import Changeovers
from inspector.station.recording import RecordingStatus
from inspector.store.footage import FootageSummary

PULL_MS = 33
STATUS_S = 0.25

StartSession = Callable[[RunConfig], RunSession]


class RunController(QObject):
    """Signals are direct calls on the GUI thread, sent while pulling: none is queued.

    ``frame_shown`` carries only the newest picture, ``part_finished`` every part in
    order. ``phase_changed`` carries a Phase, or None where no run was started yet.
    """

    phase_changed = Signal(object)
    started = Signal(RunSnapshot)
    ended = Signal(RunSnapshot)
    frame_shown = Signal(Shown)
    part_finished = Signal(PartEvent)
    run_event = Signal(RunEvent)
    status_pulled = Signal(PipelineStatus)

    def __init__(
        self, start_session: StartSession = RunSession, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._new_session = start_session
        self._session: RunSession | None = None
        self._next: RunConfig | None = None
        self._phase: Phase | None = None
        self._snapshot: RunSnapshot | None = None
        self._status_due = 0.0
        self._told_start = False
        self._timer = QTimer(self)
        self._timer.setInterval(PULL_MS)
        self._timer.timeout.connect(self.pull)

    @property
    def phase(self) -> Phase | None:
        return self._phase

    @property
    def is_active(self) -> bool:
        """A run is starting, running or stopping."""
        return self._session is not None

    @property
    def snapshot(self) -> RunSnapshot | None:
        """As last pulled; of the last run once that has ended."""
        return self._snapshot

    @property
    def changeovers(self) -> Changeovers | None:
        """To swap model and recipe of the run; None where none is running."""
        return self._session.changeovers if self._session is not None else None

    def start(self, config: RunConfig) -> None:
        """Starts a run; where one is on, that one is stopped first, then this follows."""
        if self._session is not None:
            self._next = config
            self._session.stop()
            return
        self._session = self._new_session(config)
        self._session.start()
        self._status_due = 0.0
        self._told_start = False
        self._timer.start()
        self.pull()

    def stop(self) -> None:
        """Asks for a clean end; ``ended`` follows."""
        self._next = None
        if self._session is not None:
            self._session.stop()
            self.pull()

    def close(self, timeout: float = 30.0) -> bool:
        """Stops and waits; whether the run ended in time. Everything is pulled before."""
        self.stop()
        session = self._session
        if session is None:
            return True
        done = session.join(timeout)
        self.pull()
        self._timer.stop()
        return done

    def abandon(self, timeout: float = 30.0) -> bool:
        """As `close`, but tells nobody: for when there is no screen left to tell."""
        session = self._session
        if session is None:
            return True
        session.stop()
        return session.join(timeout)

    @property
    def can_record(self) -> bool:
        """Whether there is a line whose footage could be kept."""
        return self._session is not None and self._facts is not None

    @property
    def recording(self) -> RecordingStatus | None:
        """Of the footage that is being kept, None for none."""
        return self._session.tap.status() if self._session is not None else None

    def start_recording(self, path: Path) -> None:
        """Keeps what the line sees from now on, without ever making it wait.

        Raises StateError where no line runs or one is recorded already, InputError and
        StoreError for the place.
        """
        facts = self._facts
        if self._session is None or facts is None:
            raise StateError("no line is running, so there is nothing to record")
        self._session.tap.start(facts.info, path)

    def stop_recording(
        self, work: WorkRunner, on_kept: Callable[[Outcome[FootageSummary | None]], None]
    ) -> None:
        """Finishing the file takes a moment: ``on_kept`` hears of it."""
        if self._session is not None:
            tap = self._session.tap
            work.submit(lambda job: tap.stop(), on_kept)

    @property
    def _facts(self) -> RunFacts | None:
        return self._snapshot.facts if self._snapshot is not None else None

    def pull(self) -> None:
        """Takes what the run has for the screen; called by the timer, or by a test."""
        session = self._session
        if session is None:
            return
        phase = session.phase
        pulled = session.inbox.pull()
        self._tell_phase(phase, session)
        for event in pulled.events:
            self.run_event.emit(event)
        if pulled.live is not None:
            self.frame_shown.emit(pulled.live)
        for part in pulled.parts:
            self.part_finished.emit(part)
        self._pull_status(session)
        if phase is Phase.ENDED:
            self._finish(session)

    def _tell_phase(self, phase: Phase, session: RunSession) -> None:
        if phase is self._phase:
            return
        self._phase = phase
        self._snapshot = session.snapshot()
        if self._snapshot.facts is not None and not self._told_start:
            self._told_start = True
            self.started.emit(self._snapshot)
        if phase is not Phase.ENDED:
            self.phase_changed.emit(phase)

    def _pull_status(self, session: RunSession) -> None:
        now = time.monotonic()
        if now < self._status_due and self._phase is not Phase.ENDED:
            return
        self._status_due = now + STATUS_S
        self._snapshot = session.snapshot()
        if self._snapshot.status is not None:
            self.status_pulled.emit(self._snapshot.status)

    def _finish(self, session: RunSession) -> None:
        session.join()
        self._timer.stop()
        self._session = None
        self._snapshot = session.snapshot()
        self.ended.emit(self._snapshot)
        self.phase_changed.emit(Phase.ENDED)
        if self._next is not None and self._session is None:
            following, self._next = self._next, None
            self.start(following)
