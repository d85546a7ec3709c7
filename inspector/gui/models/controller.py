"""Connects the gallery's folder, the running line and the models view."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from inspector.core.roles import Right
from inspector.errors import InputError
from inspector.gui.context import AppContext
from inspector.gui.models import words
from inspector.gui.models.recipes import JobRecipe, choices, read_recipes, variant_for
from inspector.gui.models.state import CardState, Check, DetailState, LineState
from inspector.gui.models.swap import Swap, title_of
from inspector.gui.models.view import ModelsView
from inspector.gui.notices import Notice, Severity
from inspector.gui.people.signing import sign_as
from inspector.gui.work import Cancelled, Done, Failed, Job, Outcome
from inspector.inference.gallery import GalleryEntry, Verification, gallery, verify_package
from inspector.inference.importing import Imported, import_package

KEY = "models"


class ModelsController(QObject):
    """Reads, verifies and imports off the GUI thread; swaps through `Swap`."""

    def __init__(self, context: AppContext, view: ModelsView) -> None:
        super().__init__(view)
        self._context, self._view = context, view
        self._entries: dict[Path, GalleryEntry] = {}
        self._recipes: tuple[JobRecipe, ...] = ()
        self._checks: dict[Path, Verification | None] = {}
        self._chosen: Path | None = None
        self._import: Job | None = None
        self._read = False
        self.swap = Swap(context, self)
        self._connect()
        view.set_folder(context.paths.models)
        view.line.sign.set_who(context.settings.values.who)
        sign_as(context.access, view.line.sign.who)
        context.access.changed.connect(self._show_access)
        self._show_access()

    def _connect(self) -> None:
        view, runs = self._view, self._context.runs
        view.package_chosen.connect(self.choose)
        view.refresh_wanted.connect(self.refresh)
        view.import_wanted.connect(self.begin_import)
        view.import_cancelled.connect(self._cancel_import)
        view.details.verify_wanted.connect(self.verify)
        view.line.swap_wanted.connect(self._on_swap)
        view.line.back_wanted.connect(self._on_back)
        view.line.cancel_wanted.connect(self.swap.cancel)
        self.swap.changed.connect(self._show_line)
        runs.status_pulled.connect(lambda status: self._on_status())
        runs.ended.connect(lambda snapshot: self._on_status())
        runs.phase_changed.connect(lambda phase: self._show_line())

    def refresh(self) -> None:
        """Reads folders again; the view follows."""
        models, jobs = self._context.paths.models, self._context.paths.jobs

        def read(job: Job) -> tuple[list[GalleryEntry], tuple[JobRecipe, ...]]:
            return gallery(models), read_recipes(jobs)

        self._context.work.submit(read, self._on_read, key="gallery")

    def choose(self, path: Path) -> None:
        """Shows the package, and what may take over with it."""
        self._chosen = path
        self._show()

    def verify(self) -> None:
        """The chosen package, all of it, on this machine."""
        path = self._chosen
        if path is None or self._check(path) is Check.CHECKING:
            return
        self._checks[path] = None
        self._show()
        self._context.work.submit(
            lambda job: verify_package(path, on_step=lambda what: job.check()),
            lambda outcome: self._on_verified(path, outcome),
        )

    def begin_import(self, source: Path) -> None:
        """Checks and copies it; the running line is not touched."""
        if self._import is not None:
            return
        root = self._context.paths.models

        def work(job: Job) -> Imported:
            return import_package(source, root, on_step=lambda what: job.progress(0.0, what))

        self._view.set_import_step(self.tr("Importing %1 …").replace("%1", source.name))
        self._import = self._context.work.submit(
            work,
            self._on_imported,
            on_progress=lambda share, text: self._view.set_import_step(text),
        )

    def _show_access(self) -> None:
        self._view.set_import_refusal(self._context.access.why_not(Right.IMPORT_MODEL))

    def _cancel_import(self) -> None:
        if self._import is not None:
            self._import.cancel()

    def _on_read(self, outcome: Outcome[tuple[list[GalleryEntry], tuple[JobRecipe, ...]]]) -> None:
        self._read = True
        self._entries = {}
        if isinstance(outcome, Done):
            entries, self._recipes = outcome.value
            self._entries = {e.path: e for e in entries}
        elif isinstance(outcome, Failed) and not isinstance(outcome.error, InputError):
            self._context.report(outcome.error, key=KEY)
        if self._chosen not in self._entries:
            self._chosen = self._on_line_path() or next(iter(self._entries), None)
        self._show()

    def _on_verified(self, path: Path, outcome: Outcome[Verification]) -> None:
        if isinstance(outcome, Done):
            self._checks[path] = outcome.value
        else:
            self._checks.pop(path, None)
        if isinstance(outcome, Failed):
            self._context.report(outcome.error, key=KEY)
        self._show()

    def _on_imported(self, outcome: Outcome[Imported]) -> None:
        self._import = None
        self._view.set_import_step("")
        if isinstance(outcome, Cancelled):
            return
        if isinstance(outcome, Failed):
            title = self.tr("The model was not imported; nothing was changed")
            details = str(outcome.error)
            self._context.notices.tell(Notice(KEY, Severity.WARNING, title, "", details))
            return
        done = outcome.value
        self._checks[done.path] = done.verification
        self._chosen = done.path
        left = ", ".join(done.left_out)
        advice = self.tr("Left out, not vouched for: %1").replace("%1", left) if left else ""
        title = self.tr("%1 is verified and in the gallery").replace("%1", done.title)
        self._context.notices.tell(Notice(KEY, Severity.INFO, title, advice))
        self.refresh()

    # the swap

    def _on_swap(self, recipe_key: str, who: str, why: str) -> None:
        entry = self._entries.get(self._chosen) if self._chosen else None
        if entry is None:
            return
        self._context.settings.update(who=who)
        recipe = next((r.recipe for r in self._recipes if r.job == recipe_key), None)
        variant = variant_for(entry, recipe)
        self.swap.begin(entry.title, entry.path, recipe, variant, by=(who, why))
        self._view.line.sign.clear_why()

    def _on_back(self, who: str, why: str) -> None:
        self._context.settings.update(who=who)
        self.swap.back(by=(who, why))
        self._view.line.sign.clear_why()

    def _on_status(self) -> None:
        self.swap.poll()
        self._show_line()

    # what is shown

    def _show(self) -> None:
        cards = [self._card(e) for e in self._entries.values()]
        self._view.set_cards(cards, self._chosen, empty=self._empty_words())
        entry = self._entries.get(self._chosen) if self._chosen else None
        self._view.set_detail(self._detail(entry) if entry else None)
        self._show_target(entry)
        self._show_line()

    def _show_target(self, entry: GalleryEntry | None) -> None:
        """A broken package, and the one that judges already, cannot take over."""
        line = self._view.line
        if entry is None:
            line.set_target("", (), self.tr("Choose a model in the gallery"))
        elif self._check(entry.path) is Check.BROKEN:
            line.set_target("", (), self.tr("%1 is broken").replace("%1", entry.title))
        elif self._is_on_line(entry):
            why = self.tr("%1 judges already").replace("%1", entry.title)
            line.set_target("", (), why)
        else:
            line.set_target(entry.title, choices(entry, self._recipes), "")

    def _empty_words(self) -> str:
        if not self._read:
            return self.tr("Reading the packages …")
        folder = str(self._context.paths.models)
        return self.tr(
            "No model packages in %1. Import one, or train one with inspector-train."
        ).replace("%1", folder)

    def _card(self, entry: GalleryEntry) -> CardState:
        return CardState(
            path=entry.path,
            category=entry.category,
            version=entry.version,
            check=self._check(entry.path),
            on_line=self._is_on_line(entry),
            summary=entry.problem or words.summary(entry),
            method=entry.method,
        )

    def _detail(self, entry: GalleryEntry) -> DetailState:
        found = self._checks.get(entry.path)
        text = entry.problem or (words.check_text(found) if found else "")
        return DetailState(
            entry.path,
            entry.title,
            self._check(entry.path),
            text,
            words.facts(entry),
            words.card_text(entry.card),
        )

    def _check(self, path: Path) -> Check:
        entry = self._entries.get(path)
        if entry is not None and entry.problem is not None:
            return Check.BROKEN
        if path not in self._checks:
            return Check.UNKNOWN
        found = self._checks[path]
        if found is None:
            return Check.CHECKING
        return Check.PASSED if found.passed else Check.BROKEN

    def _is_on_line(self, entry: GalleryEntry) -> bool:
        changeovers = self._context.runs.changeovers
        if changeovers is None:
            return False
        return entry.holds(changeovers.in_force.model_id.rpartition("#")[2])

    def _on_line_path(self) -> Path | None:
        return next((p for p, e in self._entries.items() if self._is_on_line(e)), None)

    def _show_line(self) -> None:
        line = self._line()
        self._view.line.set_line(line)
        marked = {c.state.path for c in self._view.grid.cards if c.state.on_line}
        path = self._on_line_path()
        if marked != ({path} if path else set()):
            for card in self._view.grid.cards:
                card.state = replace(card.state, on_line=card.state.path == path)
                card.update()
            self._show_target(self._entries.get(self._chosen) if self._chosen else None)

    def _line(self) -> LineState:
        changeovers = self._context.runs.changeovers
        if changeovers is None:
            return LineState()
        now, previous = changeovers.in_force, changeovers.previous
        t = now.recipe.thresholds
        recipe = (
            self.tr("recipe %1, T1 %2, T2 %3")
            .replace("%1", now.recipe.name)
            .replace("%2", f"{t.t1:.4g}")
            .replace("%3", f"{t.t2:.4g}")
        )
        return LineState(
            running=True,
            model=title_of(now),
            recipe=recipe,
            previous=title_of(previous) if previous else "",
            phase=self.swap.phase,
            coming=self.swap.coming,
        )
