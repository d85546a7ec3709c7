"""Connects a draft of a job with the editor: what is typed or drawn makes the next draft."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from PySide6.QtCore import QObject

from inspector.core.recipe import Recipe
from inspector.core.recipe_diff import differences
from inspector.errors import ConfigError
from inspector.gui.context import AppContext
from inspector.gui.jobs.desk import JobDesk, Opened
from inspector.gui.jobs.draft import Draft
from inspector.gui.jobs.picture_controller import PictureController
from inspector.gui.jobs.scores import ScoreSource
from inspector.gui.jobs.version_panel import VersionRow
from inspector.gui.jobs.view import JobsView
from inspector.gui.models.swap import Swap
from inspector.gui.notices import Notice, Severity
from inspector.gui.people.signing import sign_as
from inspector.gui.work import Done, Failed, Outcome
from inspector.station.recipe_versions import RecipeVersion

KEY = "jobs"


class JobsController(QObject):
    """One draft at a time; files are read and written off the GUI thread."""

    def __init__(self, context: AppContext, view: JobsView) -> None:
        super().__init__(view)
        self._context, self._view = context, view
        self._desk = JobDesk(context.paths, context.station_id)
        self._opened = Opened(())
        self._draft: Draft | None = None
        self.scores = ScoreSource(context, self._desk, self)
        self.swap = Swap(context, self)
        self._connect_jobs()
        self._connect_recipe()
        self.pictures = PictureController(context, view, self)
        view.sign.set_who(context.settings.values.who)
        sign_as(context.access, view.sign.who)

    @property
    def draft(self) -> Draft | None:
        """As it is being edited; None where no job is open."""
        return self._draft

    def on_shown(self) -> None:
        """Files may have changed meanwhile; unsaved work stays."""
        if self._draft is None or not self._draft.changed:
            self.open(self._opened.name or self._context.settings.values.last_job)

    def open(self, name: str) -> None:
        """Reads the job; the editor follows."""
        self._context.work.submit(
            lambda job: self._desk.open(name), self._on_opened, key="open-job"
        )

    def close(self) -> None:
        """With the window."""
        self.pictures.picture.close()

    def save(self, who: str, why: str) -> None:
        """The draft as a new version, audited."""
        draft = self._draft
        if draft is None or not draft.changed:
            return
        self._context.settings.update(who=who)
        self._context.work.submit(
            lambda job: self._desk.save(draft, who=who, why=why), self._on_saved
        )

    def put_on_line(self) -> None:
        """The saved recipe takes over on the running line at the next gap."""
        draft, who = self._draft, self._view.sign.who.text().strip()
        if draft is None or draft.saved_recipe is None or not who:
            return
        self.swap.begin_recipe(draft.saved_recipe, by=(who, self._newest_why()))

    # connections

    def _connect_jobs(self) -> None:
        view = self._view
        view.job_chosen.connect(self.open)
        view.new_wanted.connect(lambda name: self._make(lambda who: self._create(name, who)))
        view.copy_wanted.connect(lambda name: self._make(lambda who: self._copy(name, who)))
        view.discard_wanted.connect(lambda: self.open(self._opened.name))
        view.sign.signed.connect(self.save)
        view.on_line.clicked.connect(self.put_on_line)
        view.job.edited.connect(self._on_job_edited)
        view.job.propose_wanted.connect(self._propose)
        view.versions.compared.connect(self._compare)
        view.versions.restore_wanted.connect(self._restore)
        self.swap.changed.connect(self._show_line)
        self._context.runs.phase_changed.connect(lambda phase: self._show_line())
        self._context.runs.status_pulled.connect(lambda status: self._on_status())

    def _connect_recipe(self) -> None:
        view = self._view
        view.thresholds.moved.connect(self._on_thresholds_moved)
        view.thresholds.dropped.connect(
            lambda t1, t2: self.edit(lambda d: d.with_thresholds(t1, t2))
        )
        view.regions.defects_edited.connect(
            lambda: self.edit(lambda d: d.with_defects(view.regions.defects.values()))
        )
        view.picture.quality_edited.connect(
            lambda: self.edit(lambda d: d.with_quality(view.picture.quality.values()))
        )
        view.picture.camera_edited.connect(
            lambda: self.edit(lambda d: d.with_camera(view.picture.camera.values()))
        )
        view.parts.edited.connect(
            lambda: self.edit(
                lambda d: d.with_parts(view.parts.parts.values(), view.parts.presence.values())
            )
        )
        self.scores.changed.connect(self._show_scores)

    # jobs

    def _on_opened(self, outcome: Outcome[Opened]) -> None:
        if isinstance(outcome, Failed):
            self._context.report(outcome.error, key=KEY)
            return
        if not isinstance(outcome, Done):
            return
        other = outcome.value.name != self._opened.name
        self._opened = outcome.value
        self._draft = outcome.value.draft
        if other:
            self.pictures.begin()
        self._view.sign.clear_why()
        self._show_all()

    def _make(self, work: Callable[[str], str]) -> None:
        who = self._view.sign.who.text().strip() or self._context.settings.values.who
        if not who:
            title = self.tr("Type your name below first: who makes the job is recorded")
            self._context.notices.tell(Notice(KEY, Severity.INFO, title))
            self._view.sign.who.setFocus()
            return
        self._context.work.submit(lambda job: work(who), self._on_saved)

    def _create(self, name: str, who: str) -> str:
        return self._desk.create(name, who=who)

    def _copy(self, name: str, who: str) -> str:
        return self._desk.duplicate(self._opened.name, name, who=who)

    def _on_saved(self, outcome: Outcome[str]) -> None:
        if isinstance(outcome, Failed):
            title = self.tr("Nothing was saved")
            if isinstance(outcome.error, ConfigError):
                self._context.notices.tell(Notice(KEY, Severity.WARNING, title, str(outcome.error)))
            else:
                self._context.report(outcome.error, key=KEY)
        elif isinstance(outcome, Done):
            self._context.notices.resolve(KEY)
            self._context.launcher.refresh()
            self.open(outcome.value)

    def _on_job_edited(self) -> None:
        panel = self._view.job
        changes = {
            "source": panel.source.text().strip() or None,
            "credential": panel.credential.text().strip() or None,
            "model": panel.model.currentData(),
        }
        self.edit(lambda d: d.with_job(**changes))

    def _propose(self) -> None:
        draft = self._draft
        if draft is not None:
            self._context.work.submit(
                lambda job: self._desk.proposal(draft), self._on_proposal, key="propose"
            )

    def _on_proposal(self, outcome: Outcome[Draft]) -> None:
        if isinstance(outcome, Failed):
            title = self.tr("The model makes no proposal")
            self._context.notices.tell(Notice(KEY, Severity.WARNING, title, str(outcome.error)))
        elif isinstance(outcome, Done):
            self._take(outcome.value)

    # versions

    def _compare(self, one: int, other: int) -> None:
        before, after = self._recipe_of(one), self._recipe_of(other)
        if before is None or after is None:
            return
        lines = [str(d) for d in differences(before, after)]
        new = self.tr("version %1").replace("%1", str(other)) if other else self.tr("the editor")
        title = self.tr("From version %1 to %2").replace("%1", str(one)).replace("%2", new)
        self._view.versions.set_difference(title, lines or [self.tr("No difference")])

    def _recipe_of(self, number: int) -> Recipe | None:
        if not number:
            return self._draft.recipe if self._draft else None
        found = (v for v in self._opened.versions if v.number == number)
        version = next(found, None)
        return version.recipe if isinstance(version, RecipeVersion) else None

    def _restore(self, number: int) -> None:
        recipe = self._recipe_of(number)
        if recipe is not None:
            self.edit(lambda d: d.with_recipe(recipe))
            text = self.tr("back to version %1").replace("%1", str(number))
            self._view.sign.why.setText(text)

    def _newest_why(self) -> str:
        newest = [v for v in self._opened.versions if isinstance(v, RecipeVersion)]
        if not newest:
            return self.tr("recipe of the job")
        return f"version {newest[-1].number}: {newest[-1].why}"

    # editing and showing

    def edit(self, change: Callable[[Draft], Draft]) -> None:
        """The next draft; what cannot be is said where the changes are listed."""
        if self._draft is None:
            return
        try:
            self._take(change(self._draft))
        except ConfigError as error:
            self._show_all()
            self._view.changes.setText(str(error))
            self._view.sign.set_ready(ready=False, tip=str(error))

    def _take(self, draft: Draft) -> None:
        self._draft = draft
        self._show_all()

    def _show_all(self) -> None:
        view, opened, draft = self._view, self._opened, self._draft
        view.set_jobs(opened.names, opened.name)
        view.set_nothing(self._why_nothing())
        view.set_verdict((opened.error,) if opened.error else opened.problems)
        if draft is None:
            return
        self._show_job(draft)
        self._show_versions()
        view.tabs.setEnabled(True)
        if draft.recipe is not None:
            self._show_recipe(draft.recipe)
            self.scores.load(draft.recipe.model_sha256)
        view.set_changes(draft.changes, can_save=draft.changed)
        self._show_line()

    def _why_nothing(self) -> str:
        if self._draft is not None:
            return ""
        if self._opened.error:
            return self._opened.error
        folder = str(self._context.paths.jobs)
        return self.tr("No jobs in %1 yet. Press New and give the product a name.").replace(
            "%1", folder
        )

    def _show_job(self, draft: Draft) -> None:
        panel, job = self._view.job, draft.job
        panel.source.setText(job.source or "")
        panel.credential.setText(job.credential or "")
        panel.set_models(self._opened.models, job.model or "")
        held = self.tr("None yet: choose a model and take its proposal.")
        if draft.recipe is not None:
            held = f"{draft.recipe.name}   {draft.recipe.recipe_id[:12]}…"
        panel.recipe.setText(held)
        self._view.picture.camera.set_values(_camera_values(draft))

    def _show_recipe(self, recipe: Recipe) -> None:
        view, t = self._view, recipe.thresholds
        view.thresholds.set_thresholds(t.t1, t.t2)
        self._show_scores()
        view.regions.defects.set_values(recipe.defects.model_dump())
        view.picture.quality.set_values(recipe.quality.model_dump())
        view.parts.parts.set_values(recipe.parts.model_dump(exclude={"presence"}))
        if recipe.parts.presence is not None:
            view.parts.presence.set_values(recipe.parts.presence.model_dump(exclude={"roi"}))
        view.parts.show_what_counts()
        self.pictures.show()

    def _show_versions(self) -> None:
        newest_first = reversed(self._opened.versions)
        rows = []
        for version in newest_first:
            if isinstance(version, RecipeVersion):
                when = version.at.astimezone().strftime("%Y-%m-%d %H:%M")
                text = f"{version.number}   {when}   {version.who}: {version.why}"
                rows.append(VersionRow(version.number, text))
            else:
                rows.append(VersionRow(version.number, version.problem, broken=True))
        self._view.versions.set_versions(rows)

    def _on_thresholds_moved(self, t1: float, t2: float) -> None:
        if t1 <= t2:
            self._view.thresholds.set_expectation(self.scores.expect(t1, t2))

    def _show_scores(self) -> None:
        draft = self._draft
        recipe = draft.recipe if draft is not None else None
        basis = self.scores.basis(recipe)
        self._view.thresholds.set_scores(self.scores.book, basis)
        if recipe is not None:
            t = recipe.thresholds
            self._view.thresholds.set_expectation(self.scores.expect(t.t1, t.t2))

    def _on_status(self) -> None:
        self.swap.poll()
        self._show_line()

    def _show_line(self) -> None:
        """Whether the saved recipe can take over on the running line."""
        changeovers, draft = self._context.runs.changeovers, self._draft
        fits = False
        if changeovers is not None and draft is not None and draft.saved_recipe is not None:
            now, saved = changeovers.in_force, draft.saved_recipe
            same_model = now.model_id.endswith(saved.model_sha256)
            fits = same_model and now.recipe != saved and not draft.changed
        self._view.on_line.setVisible(fits)


def _camera_values(draft: Draft) -> Mapping[str, Any]:
    keys: dict[str, Any] = dict.fromkeys(
        ("width", "height", "fps", "pixel_format", "exposure", "gain", "white_balance_k", "focus")
    )
    keys["backend"] = "auto"
    return keys | (draft.job.camera.model_dump() if draft.job.camera else {})
