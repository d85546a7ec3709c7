"""The jobs of a station: list, check, save, duplicate. One file a product."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias, TypeVar

from pydantic import ValidationError

from inspector.config import load_job, load_recipe
from inspector.core.job import Job
from inspector.core.manifest import first_problem
from inspector.core.recipe import Recipe
from inspector.errors import ConfigError, InspectorError
from inspector.inference.package import Package, load_package
from inspector.sources.address import parse_address
from inspector.station.audit_log import Change
from inspector.station.documents import as_toml, create_document, replace_document
from inspector.station.recipe_versions import AppendAudit
from inspector.station.recipes import check_taught

RECIPE_SUFFIX = ".recipe.toml"

_T = TypeVar("_T")
Field: TypeAlias = Literal["name", "source", "credential", "model", "recipe", "camera", "archive"]


@dataclass(frozen=True, slots=True)
class JobProblem:
    """What is wrong with a job, at which field of its form, in one line."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class StoredJob:
    """A job with its file; ``problem`` where the file is not a job at all."""

    path: Path
    job: Job | None
    problem: str | None = None

    @property
    def name(self) -> str:
        return self.job.name if self.job else self.path.stem

    def model_folder(self) -> Path | None:
        return self._beside(self.job.model if self.job else None)

    def recipe_file(self) -> Path:
        """Also of a job without one: where its recipe belongs."""
        named = self._beside(self.job.recipe if self.job else None)
        return named or self.path.with_name(self.path.stem + RECIPE_SUFFIX)

    def _beside(self, name: str | None) -> Path | None:
        return self.path.parent / name if name else None


class JobBook:
    """A folder of jobs. Reads and writes files: not on the GUI thread."""

    def __init__(self, folder: Path, *, audit: AppendAudit = lambda change: None) -> None:
        self._folder = folder
        self._audit = audit

    @property
    def folder(self) -> Path:
        return self._folder

    def jobs(self) -> tuple[StoredJob, ...]:
        """By name, broken files too."""
        files = [p for p in self._folder.glob("*.toml") if not p.name.endswith(RECIPE_SUFFIX)]
        return tuple(sorted((self._read(p) for p in files), key=lambda j: j.name.casefold()))

    def job(self, name: str) -> StoredJob:
        """Raises ConfigError for one that is not there or no job."""
        job, path = load_job(name, self._folder)
        return StoredJob(path, job)

    def path_of(self, name: str) -> Path:
        """Where the job of a product belongs."""
        return self._folder / f"{name}.toml"

    def check(self, job: Job) -> tuple[JobProblem, ...]:
        """Everything that keeps the job from being started; empty for a sound one.

        Opens no source: that is what a preview is for.
        """
        stored = StoredJob(self.path_of(job.name), job)
        problems = [*_source_problems(job, stored.path.parent)]
        package = _attempt(problems, "model", lambda: _package(stored))
        recipe = _attempt(problems, "recipe", lambda: _recipe(stored))
        if package is not None and recipe is not None:
            _attempt(problems, "recipe", lambda: _check_fits(recipe, package))
        return tuple(problems)

    def save(self, job: Job, *, who: str, why: str, new: bool = False) -> StoredJob:
        """Writes the job's file; ``new`` refuses to write over another one.

        A job that cannot be started yet may be saved; one with a password in it may not.
        Raises ConfigError, StoreError.
        """
        _refuse_passwords(job)
        path = self.path_of(job.name)
        before = self._read(path).job if path.exists() else None
        change = Change(who, f"job {job.name}", _summary(before), _summary(job), why)
        if new and path.exists():
            raise ConfigError(f"job {job.name!r} exists already: choose another product name")
        if before == job:
            raise ConfigError(f"job {job.name!r}: nothing was changed, nothing to save")
        self._audit(change)
        (create_document if new else replace_document)(path, as_toml(job), "job")
        return StoredJob(path, job)

    def duplicate(self, name: str, new_name: str, *, who: str, why: str) -> StoredJob:
        """The same under another product name, with a recipe of its own. Raises ConfigError."""
        original = self.job(name)
        if original.job is None:
            raise ConfigError(f"job {name!r}: {original.problem}")
        job = renamed(original.job, new_name)
        target = StoredJob(self.path_of(new_name), job)
        if target.path.exists():
            raise ConfigError(f"job {new_name!r} exists already: choose another product name")
        if job.recipe is not None:
            recipe = load_recipe(original.recipe_file())
            own = target.path.with_name(new_name + RECIPE_SUFFIX)
            create_document(own, as_toml(recipe), "recipe")
            job = job.model_copy(update={"recipe": own.name})
        return self.save(job, who=who, why=why, new=True)

    def relative(self, path: Path) -> str:
        """A path as jobs hold it: relative to their folder where that is possible."""
        try:
            return Path(os.path.relpath(path.absolute(), self._folder.absolute())).as_posix()
        except ValueError:
            # another drive on Windows
            return str(path.absolute())

    def _read(self, path: Path) -> StoredJob:
        try:
            job, _ = load_job(str(path), self._folder)
        except ConfigError as error:
            return StoredJob(path, None, str(error))
        return StoredJob(path, job)


def renamed(job: Job, name: str) -> Job:
    """Raises ConfigError for a name that cannot be one."""
    try:
        return Job.model_validate(job.model_dump() | {"name": name})
    except ValidationError as error:
        raise ConfigError(f"job {name!r}: {first_problem(error)}") from None


def _source_problems(job: Job, folder: Path) -> list[JobProblem]:
    if job.source is None:
        return [JobProblem("source", "no source: choose a camera, a stream, a file or a folder")]
    problems: list[JobProblem] = []
    source = job.source
    address = _attempt(problems, "source", lambda: parse_address(source))
    if address is None:
        return problems
    _attempt(problems, "source", lambda: _refuse_passwords(job))
    if address.kind == "path" and not (folder / source).exists() and not Path(source).exists():
        problems.append(JobProblem("source", f"{source}: no such file or folder"))
    if job.credential is not None and address.kind != "network":
        problems.append(JobProblem("credential", "a credential is for streams only: take it out"))
    return problems


def _refuse_passwords(job: Job) -> None:
    if job.source is None:
        return
    address = parse_address(job.source)
    if address.username is not None or address.password is not None:
        raise ConfigError(
            f"source {address.shown}: user name and password do not belong in a job: keep them "
            "as a credential and name it"
        )


def _attempt(problems: list[JobProblem], field: Field, work: Callable[[], _T]) -> _T | None:
    try:
        return work()
    except InspectorError as error:
        problems.append(JobProblem(field, str(error)))
        return None


def _package(stored: StoredJob) -> Package:
    folder = stored.model_folder()
    if folder is None:
        raise ConfigError("no model: choose one of the gallery")
    return load_package(folder)


def _recipe(stored: StoredJob) -> Recipe | None:
    """A job without a recipe runs by what the package proposes."""
    if stored.job is None or stored.job.recipe is None:
        return None
    recipe = load_recipe(stored.recipe_file())
    check_taught(recipe)
    return recipe


def _check_fits(recipe: Recipe, package: Package) -> None:
    manifest = package.manifest
    held = [v.sha256 for v in manifest.variants]
    if recipe.model_sha256 not in held:
        # says what it was set for, and what it meets
        recipe.check_model(manifest.model_id(manifest.variants[0].name))


def _summary(job: Job | None) -> str | None:
    if job is None:
        return None
    held = job.model_dump(mode="json", exclude_none=True, exclude={"schema_version", "name"})
    if job.source is not None:
        held["source"] = parse_address(job.source).shown
    return "; ".join(f"{key}: {value}" for key, value in held.items())
