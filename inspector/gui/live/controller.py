"""Connects the run with the live view."""

from __future__ import annotations

from collections import Counter

from PySide6.QtCore import QObject, QTimer

from inspector.core.inspection import Verdict
from inspector.engine.status import PipelineStatus, State
from inspector.gui.context import AppContext
from inspector.gui.live.last_part import LastPart
from inspector.gui.live.look_controller import LookController
from inspector.gui.live.state import Choice, RunState
from inspector.gui.live.view import LiveView
from inspector.gui.runs.events import PartEvent
from inspector.gui.runs.session import Phase, RunSnapshot
from inspector.gui.shell.health_rules import STALE_S

_STATES = {
    Phase.STARTING: RunState.STARTING,
    Phase.RUNNING: RunState.RUNNING,
    Phase.STOPPING: RunState.STOPPING,
}
AGE_MS = 1000
"""How often the age of a verdict that is past is told anew."""


class LiveController(QObject):
    """Counts come from part events, so that none is skipped however slow the screen is."""

    def __init__(self, context: AppContext, view: LiveView) -> None:
        super().__init__(view)
        self._context, self._view = context, view
        self._counts: Counter[Verdict] = Counter()
        self._last = LastPart()
        self.looks = LookController(view, context.notices)
        self._product = ""
        self._state = RunState.NONE
        self._stale = False
        self._ageing = QTimer(self)
        self._ageing.setInterval(AGE_MS)
        self._ageing.timeout.connect(self._show_past)
        runs, launcher = context.runs, context.launcher
        view.start_wanted.connect(launcher.start)
        view.stop_wanted.connect(launcher.stop)
        view.job_chosen.connect(launcher.choose)
        launcher.jobs_changed.connect(self._show_jobs)
        launcher.chosen_changed.connect(self._show_jobs)
        runs.started.connect(self._on_started)
        runs.phase_changed.connect(self._on_phase)
        runs.frame_shown.connect(view.set_live)
        runs.part_finished.connect(self._on_part)
        runs.status_pulled.connect(self._on_status)
        view.set_part(None)
        self._show_jobs()
        launcher.refresh()

    @property
    def counts(self) -> dict[Verdict, int]:
        return dict(self._counts)

    def _show_jobs(self) -> None:
        launcher = self._context.launcher
        choices = [Choice(job.id, job.name, job.problem) for job in launcher.jobs]
        if launcher.given is not None:
            choices.insert(0, Choice("", self._given_name()))
        self._view.set_choices(choices, launcher.chosen)
        self._show_state()

    def _given_name(self) -> str:
        given = self._context.launcher.given
        return given.model.parent.name if given and given.model.parent.name else self.tr("Given")

    def _on_started(self, snapshot: RunSnapshot) -> None:
        """Another product starts at zero; the same one goes on counting."""
        product = snapshot.config.source + str(snapshot.config.model)
        if product != self._product:
            self._product = product
            self._counts.clear()
            self._view.set_counts(self._counts)
            self.looks.clear()
            self._last.clear()
            self._view.set_part(None)

    def _on_phase(self, phase: Phase | None) -> None:
        self._show_state()
        if phase is Phase.ENDED:
            self._view.set_live(None)
            self._show_stale(None)

    def _show_state(self) -> None:
        snapshot = self._context.runs.snapshot
        state = RunState.NONE
        if snapshot is not None:
            ended = RunState.FAILED if snapshot.error else RunState.ENDED
            state = _STATES.get(snapshot.phase, ended)
            if state is RunState.RUNNING and is_lost(snapshot.status):
                state = RunState.LOST
        self._state = state
        self._view.set_state(state, can_start=self._context.launcher.can_start)
        self._judge_the_line()

    def _judge_the_line(self) -> None:
        """Without fresh pictures nothing is inspected, whatever the state says."""
        self._last.set_inspecting(inspecting=self._state is RunState.RUNNING and not self._stale)
        self._show_past()

    def _show_past(self) -> None:
        past = self._last.past()
        self._view.set_past(past)
        if past is None:
            self._ageing.stop()
        elif not self._ageing.isActive():
            self._ageing.start()

    def _on_part(self, event: PartEvent) -> None:
        self._counts[event.part.verdict] += 1
        self._last.finished(event.part.verdict)
        self._view.set_counts(self._counts)
        self._view.set_part(event)
        self._show_past()
        if event.part.verdict is not Verdict.PASS:
            self.looks.add(event)

    def _on_status(self, status: PipelineStatus) -> None:
        age = status.last_frame_age_s
        running = self._context.runs.phase is Phase.RUNNING
        self._show_stale(age if running and age is not None and age > STALE_S else None)
        if running and is_lost(status) is not (self._state is RunState.LOST):
            self._show_state()

    def _show_stale(self, seconds: float | None) -> None:
        self._view.set_stale(seconds)
        self._stale = seconds is not None
        self._judge_the_line()

    def close(self) -> None:
        self._ageing.stop()
        self.looks.end()


def is_lost(status: PipelineStatus | None) -> bool:
    """The source is being brought back."""
    return status is not None and status.state is State.DEGRADED
