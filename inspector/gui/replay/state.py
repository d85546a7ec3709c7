"""What the replay page shows, as values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from inspector.core.recipe import Recipe, Thresholds


@dataclass(frozen=True, slots=True)
class Choice:
    """An entry of a list to choose from; one with a problem is shown, and cannot be chosen."""

    id: str
    name: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class RunForm:
    """What the run panel holds.

    ``product`` is a job's id or empty, ``model`` a folder or empty; ``recipe`` is
    ``product``, ``last``, ``proposed`` or a file. Thresholds None: as the recipe has them.
    """

    product: str = ""
    model: str = ""
    recipe: str = "proposed"
    thresholds: Thresholds | None = None
    empty_frames: tuple[int, int] | None = None
    carry_over: bool = False


@dataclass(frozen=True, slots=True)
class RunName:
    """A finished run in a list: its number and what sets it apart."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class LastRun:
    """What the last run was judged by, to be changed and run again."""

    model: Path
    recipe: Recipe
