"""A table of any length of which only what is looked at is in memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import IntEnum
from types import MappingProxyType
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage

from inspector.core.label import Judgement, Label
from inspector.gui.history import words
from inspector.gui.widgets.verdict import verdict_word
from inspector.store.history import HistoryRow, Outline

PAGE = 100
"""Rows asked for at a time."""
ROWS_KEPT = 3000
THUMBS_KEPT = 300
THUMBS_AT_ONCE = 8
ROW_ROLE = int(Qt.ItemDataRole.UserRole)
THUMB_ROLE = ROW_ROLE + 1
Index = QModelIndex | QPersistentModelIndex


class Column(IntEnum):
    """In the order shown."""

    PICTURE = 0
    TIME = 1
    VERDICT = 2
    SCORE = 3
    LABEL = 4
    FOUND = 5
    PART = 6
    JOB = 7
    MODEL = 8


class PartsModel(QAbstractTableModel):
    """Rows are kept by their depth below the oldest row of the head, which never changes
    when parts come in at the top: what is in memory stays right.

    ``rows_wanted(first, count)`` and ``thumbs_wanted(rows)`` say what is looked at and not
    here; ``grown(count)`` follows each time that rows came in at the top.
    """

    rows_wanted = Signal(int, int)
    thumbs_wanted = Signal(object)
    grown = Signal(int)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.outline = Outline(0, PAGE, ())
        self._rows: OrderedDict[int, HistoryRow] = OrderedDict()
        self._thumbs: OrderedDict[str, QImage | None] = OrderedDict()
        self._missing: set[int] = set()
        self._without: dict[str, HistoryRow] = {}
        self._ask = QTimer(self)
        self._ask.setSingleShot(True)
        self._ask.timeout.connect(self._tell_wanted)

    def set_outline(self, outline: Outline) -> None:
        """Another history: nothing of the former one stays."""
        self.beginResetModel()
        self.outline = outline
        self._rows.clear()
        self._missing.clear()
        self._without.clear()
        self.endResetModel()

    def set_rows(self, first: int, rows: Sequence[HistoryRow]) -> None:
        """An answer to ``rows_wanted``; rows beyond the end are left out."""
        rows = rows[: max(0, self.outline.total - first)]
        if not rows:
            return
        for offset, row in enumerate(rows):
            self._keep(first + offset, row)
        self._changed(first, first + len(rows) - 1)

    def grow(self, newer: Sequence[HistoryRow]) -> None:
        """Parts that came since, newest first."""
        if not newer:
            return
        self.beginInsertRows(QModelIndex(), 0, len(newer) - 1)
        self.outline = self.outline.grown([row.key for row in newer])
        for place, row in enumerate(newer):
            self._keep(place, row)
        self.endInsertRows()
        self.grown.emit(len(newer))

    def set_thumbs(self, thumbs: dict[str, QImage | None]) -> None:
        self._thumbs.update(thumbs)
        while len(self._thumbs) > THUMBS_KEPT:
            self._thumbs.popitem(last=False)
        if self.outline.total:
            self._changed(0, self.outline.total - 1, Column.PICTURE)

    def set_label(self, part_id: str, label: Label) -> None:
        """What counts of the part from now on, where it is in memory."""
        withdrawn = label.judgement is Judgement.WITHDRAWN
        for depth, row in self._rows.items():
            if row.part_id == part_id:
                judgement = None if withdrawn else label.judgement
                said_type = None if withdrawn else label.defect_type
                self._rows[depth] = replace(row, judgement=judgement, said_type=said_type)
                place = depth + len(self.outline.head)
                self._changed(place, place)
                return

    def row_at(self, place: int) -> HistoryRow | None:
        """None where it is not in memory."""
        return self._rows.get(place - len(self.outline.head))

    def is_gone(self, part_id: str) -> bool:
        """Whether a picture was looked for that is not there any more."""
        return part_id in self._thumbs and self._thumbs[part_id] is None

    @property
    def rows_held(self) -> int:
        return len(self._rows)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's own
        return 0 if parent.isValid() else self.outline.total

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's own
        return 0 if parent.isValid() else len(Column)

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> Any:  # noqa: ANN401 - Qt's own
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        return _headings()[section] if role == Qt.ItemDataRole.DisplayRole else None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: ANN401 - Qt's own
        row = self.row_at(index.row())
        if row is None:
            self._want(index.row())
            return "…" if role == Qt.ItemDataRole.DisplayRole and index.column() == 1 else None
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.AccessibleTextRole:
                return _text(row, Column(index.column()))
            case Qt.ItemDataRole.ToolTipRole:
                return _text(row, Column(index.column())) or None
            case _ if role == ROW_ROLE:
                return row
            case _ if role == THUMB_ROLE:
                return self._thumb(row)
        return None

    def _thumb(self, row: HistoryRow) -> QImage | None:
        if row.picture is not None and row.part_id not in self._thumbs:
            self._without[row.part_id] = row
            self._ask.start(0)
        return self._thumbs.get(row.part_id)

    def _keep(self, place: int, row: HistoryRow) -> None:
        depth = place - len(self.outline.head)
        self._rows[depth] = row
        self._rows.move_to_end(depth)
        while len(self._rows) > ROWS_KEPT:
            self._rows.popitem(last=False)

    def _want(self, place: int) -> None:
        self._missing.add(place)
        self._ask.start(0)

    def _tell_wanted(self) -> None:
        missing, self._missing = self._missing, set()
        without, self._without = self._without, {}
        if missing:
            first = max(0, min(missing) - PAGE // 4)
            self.rows_wanted.emit(first, min(PAGE, self.outline.total - first))
        if without:
            self.thumbs_wanted.emit(list(without.values())[:THUMBS_AT_ONCE])

    def _changed(self, first: int, last: int, column: Column | None = None) -> None:
        left, right = (0, len(Column) - 1) if column is None else (column, column)
        self.dataChanged.emit(self.index(first, left), self.index(last, right))


def _headings() -> tuple[str, ...]:
    return (
        words.tr("Picture"),
        words.tr("Finished"),
        words.tr("Verdict"),
        words.tr("Score"),
        words.tr("People say"),
        words.tr("Found"),
        words.tr("Part"),
        words.tr("Job"),
        words.tr("Model"),
    )


def _text(row: HistoryRow, column: Column) -> str:
    return _TEXTS[column](row)


_TEXTS: Mapping[Column, Callable[[HistoryRow], str]] = MappingProxyType(
    {
        Column.PICTURE: lambda row: "",
        Column.TIME: lambda row: words.moment(row.key.finished_at),
        Column.VERDICT: lambda row: verdict_word(row.verdict),
        Column.SCORE: lambda row: words.score_text(row.score),
        Column.LABEL: lambda row: words.judgement_word(row.judgement, row.said_type),
        Column.FOUND: words.what_was_found,
        Column.PART: lambda row: str(row.part_index + 1),
        Column.JOB: lambda row: row.job or "–",
        Column.MODEL: lambda row: words.model_name(row.model_id),
    }
)
