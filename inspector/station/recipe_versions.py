"""Recipes as numbered versions that never change: who saved them, when and why.

A job names one recipe file, which the command line reads as it is. Beside it stands a
folder ``NAME.versions`` with ``0001.toml``, ``0002.toml`` …, of which the recipe file is
always the content of one. A recipe that was edited by hand becomes a version of its own
before anything is saved over it.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError

from inspector.config import load_recipe, read_document
from inspector.core.manifest import Strict, first_problem
from inspector.core.recipe import Recipe
from inspector.core.recipe_diff import differences
from inspector.core.toml_text import read_toml
from inspector.errors import ConfigError
from inspector.station.audit_log import Change
from inspector.station.documents import as_toml, create_document, replace_document

AS_FOUND = "(as found)"
MAX_VERSIONS = 9999

AppendAudit = Callable[[Change], object]
"""`AuditLog.append`, or nothing where no record is kept."""


class RecipeVersion(Strict):
    """One saved version. ``recipe_id`` seals it: a file altered later is seen."""

    schema_version: Literal[1] = 1
    number: Annotated[int, Field(ge=1, le=MAX_VERSIONS)]
    at: dt.datetime
    who: str
    why: str
    recipe_id: str
    recipe: Recipe


@dataclass(frozen=True, slots=True)
class BrokenVersion:
    """A file among the versions that cannot be trusted, and why."""

    number: int
    problem: str


class RecipeVersions:
    """The versions of one recipe file; for one thread at a time."""

    def __init__(
        self,
        path: Path,
        *,
        audit: AppendAudit = lambda change: None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._path = path
        self._audit = audit
        self._now = now

    @property
    def folder(self) -> Path:
        """Where the versions are."""
        return self._path.with_name(f"{self._path.stem}.versions")

    def current(self) -> Recipe | None:
        """As the recipe file has it now; None where there is none. Raises ConfigError."""
        return load_recipe(self._path) if self._path.exists() else None

    def history(self) -> tuple[RecipeVersion | BrokenVersion, ...]:
        """Oldest first; altered and unreadable ones as such."""
        return tuple(self._read(n) for n in self._numbers())

    def version(self, number: int) -> RecipeVersion:
        """Raises ConfigError for one that is not there, or altered."""
        found = self._read(number)
        if isinstance(found, BrokenVersion):
            raise ConfigError(found.problem)
        return found

    def save(self, recipe: Recipe, *, who: str, why: str) -> RecipeVersion:
        """As the next version, which becomes the current one; durable at return.

        Raises ConfigError without a name or a reason, for a recipe that changes nothing,
        and where it cannot be written; the current one stays then.
        """
        current = self.current()
        if current is not None and current.recipe_id == recipe.recipe_id:
            raise ConfigError(f"recipe {self._path}: nothing was changed, nothing to save")
        # its checks come before anything is written
        self._change(who, why, current, recipe, 0)
        if current is not None:
            self._keep_as_found(current)
        return self._put(recipe, who, why, current)

    def restore(self, number: int, *, who: str, why: str) -> RecipeVersion:
        """An older version as the newest: history only grows. Raises ConfigError."""
        recipe = self.version(number).recipe
        return self.save(recipe, who=who, why=f"back to version {number}: {why}" if why else "")

    def _put(self, recipe: Recipe, who: str, why: str, current: Recipe | None) -> RecipeVersion:
        saved = self._create(recipe, who, why)
        self._audit(self._change(who, why, current, recipe, saved.number))
        replace_document(self._path, as_toml(recipe), "recipe")
        return saved

    def _keep_as_found(self, current: Recipe) -> None:
        newest = next((v for v in reversed(self.history()) if isinstance(v, RecipeVersion)), None)
        if newest is None or newest.recipe_id != current.recipe_id:
            self._create(current, AS_FOUND, "the file as it was before the next version")

    def _create(self, recipe: Recipe, who: str, why: str) -> RecipeVersion:
        number = max(self._numbers(), default=0) + 1
        if number > MAX_VERSIONS:
            raise ConfigError(f"recipe {self._path}: {MAX_VERSIONS} versions: begin a new recipe")
        saved = RecipeVersion(
            number=number,
            at=self._now(),
            who=who.strip(),
            why=why.strip(),
            recipe_id=recipe.recipe_id,
            recipe=recipe,
        )
        create_document(self._file(number), as_toml(saved), "recipe version")
        return saved

    def _change(
        self, who: str, why: str, current: Recipe | None, new: Recipe, number: int
    ) -> Change:
        changed = differences(current, new) if current else ()
        lines = "; ".join(str(d) for d in changed) or "first version"
        return Change(
            who=who,
            what=f"recipe {self._path.stem}",
            old=f"{current.recipe_id[:12]}…" if current else None,
            new=f"version {number} ({new.recipe_id[:12]}…): {lines}",
            reason=why,
        )

    def _numbers(self) -> list[int]:
        names = [p.stem for p in self.folder.glob("[0-9][0-9][0-9][0-9].toml")]
        return sorted(int(name) for name in names if name.isascii() and name.isdigit())

    def _file(self, number: int) -> Path:
        return self.folder / f"{number:04d}.toml"

    def _read(self, number: int) -> RecipeVersion | BrokenVersion:
        path = self._file(number)
        try:
            text = read_document(path, "recipe version")
            found = _parse(text, str(path))
        except ConfigError as error:
            return BrokenVersion(number, str(error))
        if found.number != number or found.recipe.recipe_id != found.recipe_id:
            return BrokenVersion(number, f"recipe version {path}: altered after it was saved")
        return found


def _parse(text: str, where: str) -> RecipeVersion:
    try:
        # as JSON, where times are text
        return RecipeVersion.model_validate(
            read_toml(text, f"recipe version {where}"), strict=False
        )
    except ValidationError as error:
        raise ConfigError(f"recipe version {where}: {first_problem(error)}") from None
