"""What a page consists of: plain text and pictures; the template decides how it looks."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from training.report.gallery import Group


@dataclass(frozen=True, slots=True)
class Tile:
    """A figure at the head of the page; ``tone`` is good, bad or plain."""

    label: str
    value: str
    note: str
    tone: str = "plain"


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are text; the first column names the row. ``links`` lead from first cells.

    A ``wide`` one takes the whole width; of ``prose`` the cells are long texts.
    """

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    title: str = ""
    note: str = ""
    links: Sequence[str] = ()
    wide: bool = True
    prose: bool = False
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class Matrix:
    """A confusion matrix: counts (one row a truth), shaded by their share of the row.

    ``right`` holds the cells that are as they should be, as (row, column).
    """

    corner: str
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[int]]]
    right: frozenset[tuple[int, int]]
    title: str = ""
    note: str = ""
    wide: bool = False
    kind: str = "matrix"

    def share(self, row: int, column: int) -> float:
        counts = self.rows[row][1]
        return counts[column] / max(sum(counts), 1)


@dataclass(frozen=True, slots=True)
class Chart:
    """An SVG; ``says`` is read aloud in its place."""

    svg: bytes
    says: str
    title: str = ""
    wide: bool = False
    kind: str = "chart"

    @property
    def source(self) -> str:
        return data_uri(self.svg, "image/svg+xml")


@dataclass(frozen=True, slots=True)
class Gallery:
    groups: Sequence[Group]
    note: str = ""
    wide: bool = True
    kind: str = "gallery"


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph; a warning stands out."""

    text: str
    warning: bool = False
    wide: bool = True
    kind: str = "note"


Block: TypeAlias = Table | Matrix | Chart | Gallery | Note


@dataclass(frozen=True, slots=True)
class Section:
    """Blocks stand two abreast where there is room, but for wide ones."""

    anchor: str
    title: str
    blocks: Sequence[Block]
    intro: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One HTML file; ``file`` is its name, a plain one."""

    file: str
    title: str
    subtitle: str
    tiles: Sequence[Tile]
    sections: Sequence[Section]
    home: str | None = None
    notes: Sequence[Note] = field(default=())


def data_uri(content: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(content).decode()}"
