"""What the job editor reads and writes on the disk; every method off the GUI thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from inspector.config import load_recipe
from inspector.core.job import Job
from inspector.core.recipe import Recipe, RegionSpec, Thresholds
from inspector.core.whatif import ScoredPart
from inspector.errors import ConfigError, InputError, StoreUnavailableError
from inspector.gui.jobs.draft import Draft
from inspector.gui.paths import Paths
from inspector.inference.gallery import GalleryEntry, gallery
from inspector.inference.package import load_package
from inspector.inference.predictor import default_variant
from inspector.inference.providers import CPU, CUDA, why_no_cuda
from inspector.station.audit_log import AuditLog
from inspector.station.jobs import JobBook, StoredJob, renamed
from inspector.station.recipe_versions import (
    AppendAudit,
    BrokenVersion,
    RecipeVersion,
    RecipeVersions,
)
from inspector.store.opening import open_reader
from inspector.store.queries import snapshot
from inspector.store.scores import scored_parts


@dataclass(frozen=True, slots=True)
class Opened:
    """A job as the editor needs it. ``error``: the job or its recipe cannot be read."""

    names: tuple[str, ...]
    name: str = ""
    stored: StoredJob | None = None
    draft: Draft | None = None
    versions: tuple[RecipeVersion | BrokenVersion, ...] = ()
    models: tuple[tuple[str, str], ...] = ()
    problems: tuple[str, ...] = ()
    error: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """Scores to set thresholds by. ``n_held_out`` and the rest are the package's own word."""

    parts: tuple[ScoredPart, ...]
    n_held_out: int = 0
    overkill_t1: float | None = None


class JobDesk:
    """Folders of a station, and the audit of what is changed in them."""

    def __init__(self, paths: Paths, station_id: str) -> None:
        self._paths = paths
        self._station_id = station_id

    def open(self, name: str) -> Opened:
        """The job of that name, else the first one. Never raises for a broken one."""
        book = JobBook(self._paths.jobs)
        stored = book.jobs()
        names = tuple(s.name for s in stored)
        chosen = next((s for s in stored if s.name == name), stored[0] if stored else None)
        if chosen is None:
            return Opened(())
        opened = Opened(names, chosen.name, chosen, models=self._models(book))
        if chosen.job is None:
            return replace(opened, error=chosen.problem or "")
        try:
            recipe = self._recipe(chosen)
        except ConfigError as error:
            return replace(opened, error=str(error))
        return replace(
            opened,
            draft=Draft.of(chosen.job, recipe),
            versions=RecipeVersions(chosen.recipe_file()).history(),
            problems=tuple(p.text for p in book.check(chosen.job)),
        )

    def save(self, draft: Draft, *, who: str, why: str) -> str:
        """Recipe first, as a version of its own, then the job; returns the job's name.

        Raises ConfigError, StoreError.
        """
        with self._audit() as audit:
            book = JobBook(self._paths.jobs, audit=audit)
            job = draft.job
            if draft.recipe is not None and draft.recipe_changed:
                stored = StoredJob(book.path_of(job.name), job)
                file = stored.recipe_file()
                RecipeVersions(file, audit=audit).save(draft.recipe, who=who, why=why)
                if job.recipe is None:
                    job = job.model_copy(update={"recipe": book.relative(file)})
            if job != draft.saved_job:
                book.save(job, who=who, why=why)
        return job.name

    def create(self, name: str, *, who: str) -> str:
        """An empty job. Raises ConfigError, StoreError."""
        with self._audit() as audit:
            job = _job(name)
            JobBook(self._paths.jobs, audit=audit).save(job, who=who, why="new product", new=True)
        return name

    def duplicate(self, name: str, new_name: str, *, who: str) -> str:
        """With a recipe of its own. Raises ConfigError, StoreError."""
        with self._audit() as audit:
            book = JobBook(self._paths.jobs, audit=audit)
            book.duplicate(name, new_name, who=who, why=f"copy of {name}")
        return new_name

    def proposal(self, draft: Draft) -> Draft:
        """The draft with thresholds as the job's model proposes them; regions and rules
        stay. Raises ConfigError without a model, PackageError.
        """
        if draft.job.model is None:
            raise ConfigError("the job has no model yet: choose one")
        manifest = load_package(self._paths.jobs / draft.job.model).manifest
        provider = CPU if why_no_cuda() else CUDA
        variant = manifest.variant(default_variant(manifest, provider))
        thresholds = Thresholds(t1=variant.thresholds.t1, t2=variant.thresholds.t2)
        held = draft.recipe
        if held is None:
            regions = (RegionSpec(),)
            recipe = Recipe(
                name=draft.job.name,
                model_sha256=variant.sha256,
                thresholds=thresholds,
                regions=regions,
            )
        else:
            changes = {"model_sha256": variant.sha256, "thresholds": thresholds}
            recipe = held.model_copy(update=changes)
        return draft.with_recipe(recipe)

    def scores(self, model_sha256: str) -> Scores:
        """Of the record's parts that this model judged, and what its package promises."""
        entry, basis = self._basis(model_sha256)
        held = Scores(self._recorded(model_sha256))
        if entry is None or basis is None:
            return held
        return replace(held, n_held_out=basis[0], overkill_t1=basis[1])

    def _recorded(self, model_sha256: str) -> tuple[ScoredPart, ...]:
        db = self._paths.db
        if db is None or not db.exists():
            return ()
        try:
            store = open_reader(db)
        except StoreUnavailableError:
            # an older record, until the next run upgrades it
            return ()
        try:
            with snapshot(store) as asked:
                return tuple(scored_parts(asked, model_sha256))
        finally:
            store.close()

    def _basis(
        self, model_sha256: str
    ) -> tuple[GalleryEntry | None, tuple[int, float | None] | None]:
        for entry in self._gallery():
            if entry.holds(model_sha256):
                basis = load_package(entry.path).manifest.threshold_basis
                return entry, (basis.n_good, basis.expected_overkill_t1)
        return None, None

    def _gallery(self) -> list[GalleryEntry]:
        try:
            return gallery(self._paths.models)
        except InputError:
            return []

    def _models(self, book: JobBook) -> tuple[tuple[str, str], ...]:
        sound = [e for e in self._gallery() if e.problem is None]
        return tuple((book.relative(e.path), e.title) for e in sound)

    def _recipe(self, stored: StoredJob) -> Recipe | None:
        if stored.job is None or stored.job.recipe is None:
            return None
        file = stored.recipe_file()
        return load_recipe(file) if file.exists() else None

    @contextmanager
    def _audit(self) -> Iterator[AppendAudit]:
        if self._paths.db is None:
            yield lambda change: None
            return
        log = AuditLog(self._paths.db, self._station_id)
        try:
            yield log.append
        finally:
            log.close()


def _job(name: str) -> Job:
    return renamed(Job(name="new"), name)


def beside(jobs: Path, source: str) -> str:
    """A file or folder named relative to the jobs, or the address as it is."""
    found = jobs / source
    return str(found) if found.exists() else source
