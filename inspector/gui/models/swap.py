"""The hot swap as a person sees it: loading, waiting for a gap, done; or refused."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from inspector.core.recipe import Recipe
from inspector.engine.changeover import InForce, Takeover
from inspector.errors import InspectorError
from inspector.gui.context import AppContext
from inspector.gui.models.state import SwapPhase
from inspector.gui.notices import Notice, Severity
from inspector.gui.work import Done, Failed, Job, Outcome
from inspector.station.changeover import Changeovers

KEY = "swap"


class Swap(QObject):
    """At most one at a time. ``changed`` whenever ``phase`` or ``coming`` did."""

    changed = Signal()

    def __init__(self, context: AppContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._loading: Job | None = None
        self._waiting: Future[Takeover] | None = None
        self.phase = SwapPhase.NONE
        self.coming = ""

    def begin(
        self, title: str, package: Path, recipe: Recipe | None, variant: str | None, *, by: Signed
    ) -> None:
        """Loads off the GUI thread, then asks for the next gap between two parts."""
        changeovers = self._context.runs.changeovers
        if changeovers is None or self.phase is not SwapPhase.NONE:
            return
        self._context.notices.resolve(KEY)

        def load(job: Job) -> InForce:
            new = changeovers.load(package, recipe, variant=variant)
            if job.cancelled:
                new.predictor.close()
            job.check()
            return new

        self._set(SwapPhase.LOADING, title)
        self._loading = self._context.work.submit(
            load, lambda outcome: self._on_loaded(changeovers, outcome, by)
        )

    def begin_recipe(self, recipe: Recipe, *, by: Signed) -> None:
        """The model stays, its recipe changes: nothing needs loading."""
        changeovers = self._context.runs.changeovers
        if changeovers is None or self.phase is not SwapPhase.NONE:
            return
        self._set(SwapPhase.WAITING, recipe.name)
        self._ask(
            lambda: changeovers.take_over(changeovers.with_recipe(recipe), who=by[0], reason=by[1])
        )

    def back(self, *, by: Signed) -> None:
        """To the model before, which is still loaded."""
        changeovers = self._context.runs.changeovers
        if changeovers is None or changeovers.previous is None:
            return
        self._set(SwapPhase.WAITING, title_of(changeovers.previous))
        self._ask(lambda: changeovers.back(who=by[0], reason=by[1]))

    def cancel(self) -> None:
        """While it loads or waits; what judges goes on."""
        if self._loading is not None:
            self._loading.cancel()
        if self._waiting is not None:
            self._waiting.cancel()
        self.poll()

    def poll(self) -> None:
        """Called with every status of the run, and at its end."""
        outcome = self._waiting
        if outcome is None or not outcome.done():
            return
        self._waiting = None
        self._set(SwapPhase.NONE, "")
        if outcome.cancelled():
            return
        error = outcome.exception()
        if error is not None:
            self._refused(error)
        else:
            self._taken(outcome.result())

    def _on_loaded(self, changeovers: Changeovers, outcome: Outcome[InForce], by: Signed) -> None:
        self._loading = None
        if isinstance(outcome, Done):
            new = outcome.value
            self._set(SwapPhase.WAITING, title_of(new))
            self._ask(lambda: changeovers.take_over(new, who=by[0], reason=by[1]))
            return
        self._set(SwapPhase.NONE, "")
        if isinstance(outcome, Failed):
            self._refused(outcome.error)

    def _ask(self, ask: Callable[[], Future[Takeover]]) -> None:
        try:
            self._waiting = ask()
        except InspectorError as error:
            self._set(SwapPhase.NONE, "")
            self._refused(error)
        self.poll()

    def _refused(self, error: BaseException) -> None:
        title = self.tr("The swap was refused; the model on the line goes on judging")
        self._context.notices.tell(Notice(KEY, Severity.WARNING, title, "", str(error)))

    def _taken(self, takeover: Takeover) -> None:
        model = takeover.model_id.partition("#")[0]
        title = (
            self.tr("%1 judges from frame %2 on")
            .replace("%1", model)
            .replace("%2", f"{takeover.first_frame:,}")
        )
        before = takeover.before_model_id.partition("#")[0]
        advice = self.tr("%1 is kept ready for the way back.").replace("%1", before)
        self._context.notices.tell(Notice(KEY, Severity.INFO, title, advice))

    def _set(self, phase: SwapPhase, coming: str) -> None:
        self.phase, self.coming = phase, coming
        self.changed.emit()


Signed = tuple[str, str]
"""Who, and why."""


def title_of(in_force: InForce) -> str:
    """``category@version variant``."""
    return f"{in_force.model_id.partition('#')[0]} {in_force.predictor.variant}"
