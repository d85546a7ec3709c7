"""Runs over the open footage: started, followed, chosen to be compared."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from inspector.config import RunConfig
from inspector.core.inspection import Verdict
from inspector.core.recipe import Recipe, Thresholds, judge
from inspector.gui.context import AppContext
from inspector.gui.replay.files import FilePicker
from inspector.gui.replay.run_panel import FROM_FILE
from inspector.gui.replay.setup import config_from, list_models
from inspector.gui.replay.state import Choice, LastRun, RunForm
from inspector.gui.replay.view import ReplayView
from inspector.gui.replay.words import end_words, problem_words, progress_words, run_name, tr
from inspector.gui.widgets.verdict import verdict_word
from inspector.gui.work import Done, Failed, Outcome
from inspector.station.replay_desk import KeptReplay, ReplayDesk
from inspector.station.replaying import ReplayRun

KEY = "replay-plan"


class ReplayRuns(QObject):
    """Emits ``findings_changed`` where other findings are on show than before."""

    findings_changed = Signal()

    def __init__(self, context: AppContext, view: ReplayView, files: FilePicker) -> None:
        super().__init__(view)
        self._context, self._view, self._files = context, view, files
        self._desk: ReplayDesk | None = None
        self._last: LastRun | None = None
        self._models: tuple[Choice, ...] = ()
        self._recipe_file: Path | None = None
        self._pair: tuple[int, int] | None = None
        self._planning = False
        panel = view.run
        panel.run_wanted.connect(self.start)
        panel.cancel_wanted.connect(self.cancel)
        panel.thresholds_moved.connect(self._show_preview)
        panel.recipe_file_wanted.connect(lambda: files.ask_recipe(self._take_recipe))
        view.compare.runs_chosen.connect(self.choose)
        context.launcher.jobs_changed.connect(self._show_products)
        self._show_products()
        self._show_recipes("product")

    @property
    def before(self) -> KeptReplay | None:
        """The run to compare with; None where there are no two."""
        if self._desk is None or self._pair is None:
            return None
        return next((k for k in self._desk.kept if k.number == self._pair[0]), None)

    def adopt(self, desk: ReplayDesk, product: str) -> None:
        """Other footage; where it is that of a product it is run at once."""
        self._context.work.forget(KEY)
        self._planning = False
        self._desk, self._pair = desk, None
        panel = self._view.run
        panel.set_can_run(True)
        panel.set_running(False)
        panel.set_progress(None, "")
        panel.set_problem("")
        self._show_compared()
        self._view.tabs.setCurrentWidget(panel)
        if product:
            panel.choose_product(product)
            panel.ask_to_run()

    def refresh_choices(self) -> None:
        """Jobs and models as they are on the disk now."""
        self._context.launcher.refresh()
        folder = self._context.paths.models
        self._context.work.submit(
            lambda job: list_models(folder), self._on_models, key="replay-models"
        )

    def start(self, form: RunForm) -> None:
        """The model may have to be asked, so the run begins a moment later."""
        desk = self._desk
        if desk is None or desk.running is not None or self._planning:
            return
        self._planning = True
        self._view.run.set_running(True)
        self._view.run.set_progress(None, tr("Loading the model …"))
        jobs, last, footage = self._context.paths.jobs, self._last, desk.footage
        self._context.work.submit(
            lambda job: config_from(form, footage, jobs, last), self._on_config, key=KEY
        )

    def cancel(self) -> None:
        self._context.work.forget(KEY)
        if self._planning:
            self._planning = False
            self._view.run.set_running(False)
            self._view.run.set_progress(None, "")
        if self._desk is not None:
            self._desk.cancel()

    def choose(self, before: int, after: int) -> None:
        """Two kept runs to be seen side by side; the second is on show."""
        if self._desk is not None:
            self._pair = (before, after)
            self._desk.show(after)
            self._show_compared()
            self.findings_changed.emit()

    def pull(self) -> bool:
        """Whether a run has ended since the last time."""
        desk = self._desk
        if desk is None or desk.running is None:
            return False
        ended = desk.settle()
        if ended is not None:
            self._on_ended(desk, ended)
            return True
        status = desk.running.status() if desk.running else None
        if status is not None:
            self._view.run.set_progress(status.share, progress_words(status))
        return False

    def _on_config(self, outcome: Outcome[RunConfig]) -> None:
        self._planning = False
        if isinstance(outcome, Done) and self._desk is not None:
            self._desk.begin(outcome.value)
            self.findings_changed.emit()
            return
        self._view.run.set_running(False)
        self._view.run.set_progress(None, "")
        if isinstance(outcome, Failed):
            self._tell_problem(outcome.error)

    def _on_ended(self, desk: ReplayDesk, run: ReplayRun) -> None:
        status = run.status()
        self._view.run.set_running(False)
        self._view.run.set_progress(None, end_words(status))
        if status.error is not None:
            self._tell_problem(status.error)
        outcome = run.outcome()
        if outcome is not None:
            self._last = LastRun(outcome.config.model, outcome.recipe)
            self._view.run.set_thresholds(outcome.recipe.thresholds)
            self._view.run.set_run_text(tr("Run again"))
            self._show_recipes("last")
            self._view.set_can_export(True)
            self._choose_newest(desk)
        self.findings_changed.emit()

    def _choose_newest(self, desk: ReplayDesk) -> None:
        numbers = [k.number for k in desk.kept]
        self._pair = (numbers[-2], numbers[-1]) if len(numbers) > 1 else None
        self._show_compared()
        # the result is what one wants to see next
        tabs = self._view.tabs
        tabs.setCurrentWidget(self._view.compare if self._pair else self._view.part)

    def _tell_problem(self, error: BaseException) -> None:
        self._view.run.set_problem(problem_words(error), str(error))
        self._view.tabs.setCurrentWidget(self._view.run)

    def _show_compared(self) -> None:
        desk = self._desk
        kept = desk.kept if desk is not None else ()
        self._view.compare.set_runs([run_name(k) for k in kept], self._pair)
        comparison = desk.compared(*self._pair) if desk and self._pair else None
        self._view.compare.set_comparison(comparison)

    def _show_preview(self, thresholds: Thresholds) -> None:
        self._view.run.set_preview(preview_words(self._desk, self._last, thresholds))

    # what there is to choose from

    def _show_products(self) -> None:
        launcher = self._context.launcher
        choices = [Choice(job.id, job.name, job.problem) for job in launcher.jobs]
        self._view.run.set_products(choices, self._view.run.product or launcher.chosen)

    def _on_models(self, outcome: Outcome[tuple[Choice, ...]]) -> None:
        if isinstance(outcome, Done) and outcome.value != self._models:
            self._models = outcome.value
            self._view.run.set_models(self._models, self._view.run.model)

    def _take_recipe(self, path: Path) -> None:
        self._recipe_file = path
        self._show_recipes(str(path))

    def _show_recipes(self, chosen: str) -> None:
        choices = [
            Choice("product", tr("Of the product")),
            Choice("proposed", tr("Proposed by the model")),
        ]
        if self._last is not None:
            choices.append(Choice("last", tr("As in the last run")))
        if self._recipe_file is not None:
            choices.append(Choice(str(self._recipe_file), self._recipe_file.name))
        choices.append(Choice(FROM_FILE, tr("From a file …")))
        self._view.run.set_recipes(choices, chosen)


def preview_words(desk: ReplayDesk | None, last: LastRun | None, thresholds: Thresholds) -> str:
    """What the scores of the last run say of other thresholds; a run alone is certain.

    Only where a part's verdict hangs on its highest score alone.
    """
    run = desk.kept[-1].run if desk is not None and desk.kept else None
    if run is None or last is None or not _by_score_alone(last.recipe):
        return tr("Run again to see what these thresholds do")
    changed = last.recipe.model_copy(update={"thresholds": thresholds})
    counts = dict.fromkeys((Verdict.PASS, Verdict.REVIEW, Verdict.FAIL, Verdict.INVALID), 0)
    for part in run.index.parts():
        invalid = part.verdict is Verdict.INVALID
        counts[Verdict.INVALID if invalid else judge(part.score, changed)] += 1
    words = ", ".join(f"{verdict_word(v)} {n}" for v, n in counts.items())
    return tr("By the last run's scores: %1").replace("%1", words)


def _by_score_alone(recipe: Recipe) -> bool:
    return not recipe.needs_map and recipe.parts.rule == "worst"
