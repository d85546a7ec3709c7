"""What the readers of layouts hand on: pictures with what is said of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from inspector.core.geometry import Roi
from training.datasets import GOOD

TRAIN = "train"
TEST = "test"
UNLABELLED = "unlabelled"
"""Kind and split of pictures that nobody has judged: training never looks at them."""


class Trust(StrEnum):
    """Whom to believe where two sources of a label disagree."""

    CSV = "csv"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class Reading:
    """How to read a source.

    Attributes:
        category: a folder to look for in it first.
        trust: whom to believe where labels disagree; None for nobody.
        roi: the region to cut out of a station's pictures.
    """

    category: str | None = None
    trust: Trust | None = None
    roi: Roi | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """A picture of the source.

    Attributes:
        kind: ``good``, the kind of defect, or UNLABELLED.
        split: TRAIN or TEST where the source says so, UNLABELLED, else None.
        mask: outline of the defect.
        roi: the region to cut out; None for all of it.
        record: what a station knew of it (run, part, verdict, score, model…).
    """

    path: Path
    kind: str
    split: str | None = None
    mask: Path | None = None
    roi: Roi | None = None
    record: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_good(self) -> bool:
        return self.kind == GOOD


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that is left out, and why."""

    path: Path
    why: str


@dataclass(slots=True)
class Found:
    """What a source holds; ``ignored`` counts files that are no pictures, by suffix."""

    items: list[Item] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    conflicts: list[str] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def add(self, other: Found) -> None:
        self.items += other.items
        self.problems += other.problems
        self.conflicts += other.conflicts
        self.ignored += other.ignored


def safe_name(text: str) -> str:
    """As a file or folder name on any system: other characters become underscores."""
    return re.sub(r"[^\w.-]+", "_", text).strip("._")[:100] or "_"
