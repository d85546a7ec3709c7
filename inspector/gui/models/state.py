"""What the models page shows: plain values, no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Check(StrEnum):
    """What is known of a package on this machine."""

    UNKNOWN = "unknown"
    CHECKING = "checking"
    PASSED = "passed"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class CardState:
    """One package of the gallery, in few words."""

    path: Path
    category: str
    version: str
    check: Check
    on_line: bool
    summary: str
    method: str


@dataclass(frozen=True, slots=True)
class RecipeChoice:
    """A recipe to swap in with a package; ``problem`` where it may not be chosen."""

    key: str
    text: str
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class DetailState:
    """Everything about one package. ``facts`` are (what, value) rows; ``card`` Markdown."""

    path: Path
    title: str
    check: Check
    check_text: str
    facts: tuple[tuple[str, str], ...]
    card: str


class SwapPhase(StrEnum):
    """How far a swap is."""

    NONE = "none"
    LOADING = "loading"
    WAITING = "waiting"


@dataclass(frozen=True, slots=True)
class LineState:
    """What judges on the running line, what did before, and what is to come."""

    running: bool = False
    model: str = ""
    recipe: str = ""
    previous: str = ""
    phase: SwapPhase = SwapPhase.NONE
    coming: str = ""
    step: str = ""
