"""Two runs side by side: which parts changed, and both against the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QGridLayout,
    QHeaderView,
    QLabel,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from inspector.core.comparison import Comparison, PartPair
from inspector.core.inspection import Part, Verdict
from inspector.core.truth import TruthReport
from inspector.gui.replay.state import RunName
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.verdict import verdict_word

Index = QModelIndex | QPersistentModelIndex


class ChangedParts(QAbstractTableModel):
    """Rows are the parts whose verdict differs."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._pairs: tuple[PartPair, ...] = ()

    def set_pairs(self, pairs: tuple[PartPair, ...]) -> None:
        self.beginResetModel()
        self._pairs = pairs
        self.endResetModel()

    def pair(self, row: int) -> PartPair:
        return self._pairs[row]

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's
        return 0 if parent.isValid() else len(self._pairs)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: N802, B008 - Qt's
        return 0 if parent.isValid() else 4

    def headerData(  # noqa: N802 - Qt's name
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        if orientation is not Qt.Orientation.Horizontal or role != Qt.ItemDataRole.DisplayRole:
            return None
        return (self.tr("Part"), self.tr("Before"), self.tr("After"), self.tr("Truth"))[section]

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        pair = self._pairs[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(pair, index.column())
        if role == Qt.ItemDataRole.ForegroundRole:
            return self._colour(pair, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return self._tip(pair)
        return None

    def _text(self, pair: PartPair, column: int) -> str:
        if column == 0:
            part = pair.after or pair.before
            return f"{part.part_index + 1:,}" if part else ""
        if column == 3:
            return self._truth(pair)
        return self._verdict(pair.verdicts[column - 1])

    def _verdict(self, verdict: Verdict | None) -> str:
        return verdict_word(verdict) if verdict else self.tr("not found")

    def _truth(self, pair: PartPair) -> str:
        if pair.true is None:
            return "–"
        word = self.tr("bad") if pair.true.is_defective else self.tr("good")
        signs = {True: "✓", False: "✗", None: ""}
        return f"{word} {signs[pair.change_is_right]}".strip()

    def _tip(self, pair: PartPair) -> str:
        scores = [_score(p) for p in (pair.before, pair.after)]
        return self.tr("Scores %1 and %2").replace("%1", scores[0]).replace("%2", scores[1])

    def _colour(self, pair: PartPair, column: int) -> QColor | None:
        verdict = pair.verdicts[column - 1] if column in (1, 2) else None
        return QColor(self._theme.verdict(verdict).tint) if verdict else None


def _score(part: Part | None) -> str:
    return f"{part.score:.3f}" if part is not None and math.isfinite(part.score) else "–"


class ComparePanel(QWidget):
    """Emits ``runs_chosen`` with two numbers, ``frame_wanted`` for a row."""

    runs_chosen = Signal(int, int)
    frame_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._before = self._box(self.tr("Before"))
        self._after = self._box(self.tr("After"))
        self._summary = QLabel()
        self._summary.setProperty("role", "heading")
        self._summary.setWordWrap(True)
        self._cells: dict[tuple[str, int], QLabel] = {}
        self._truth = self._truth_grid()
        self.model = ChangedParts(theme)
        self.table = self._table()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(10)
        layout.addLayout(self._chooser())
        layout.addWidget(self._summary)
        layout.addWidget(self._truth)
        layout.addWidget(self.table, 1)
        self.set_runs((), None)
        self.set_comparison(None)

    def set_runs(self, runs: Sequence[RunName], chosen: tuple[int, int] | None) -> None:
        for box, number in zip((self._before, self._after), chosen or (0, 0), strict=True):
            box.blockSignals(True)
            box.clear()
            for run in runs:
                box.addItem(run.text, run.number)
                box.setItemData(box.count() - 1, run.text, Qt.ItemDataRole.ToolTipRole)
            box.setCurrentIndex(box.findData(number))
            box.setEnabled(len(runs) > 1)
            box.blockSignals(False)

    def set_comparison(self, comparison: Comparison | None) -> None:
        """None: there are no two runs yet."""
        self.model.set_pairs(comparison.changed if comparison else ())
        self._summary.setText(self._summary_words(comparison))
        self.table.setVisible(comparison is not None and bool(comparison.changed))
        known = comparison is not None and comparison.truth_before is not None
        self._truth.setVisible(known)
        if comparison is not None and comparison.truth_before and comparison.truth_after:
            self._set_truth(0, comparison.truth_before)
            self._set_truth(1, comparison.truth_after)

    @property
    def summary(self) -> str:
        return self._summary.text()

    def _summary_words(self, comparison: Comparison | None) -> str:
        if comparison is None:
            return self.tr("Run again with another model, recipe or thresholds to compare")
        if not comparison.changed:
            return self.tr("All %1 parts kept their verdict").replace(
                "%1", f"{len(comparison.pairs):,}"
            )
        return (
            self.tr("%1 of %2 parts changed")
            .replace("%1", f"{len(comparison.changed):,}")
            .replace("%2", f"{len(comparison.pairs):,}")
        )

    def _set_truth(self, column: int, report: TruthReport) -> None:
        c = report.confusion
        values = {"escapes": c.fn, "overkills": c.fp, "found": c.tp, "passed": c.tn}
        for key, value in values.items():
            self._cells[key, column].setText(f"{value:,}")

    def _truth_grid(self) -> QWidget:
        holder = QWidget()
        grid = QGridLayout(holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        for column, words in enumerate((self.tr("Before"), self.tr("After")), 1):
            grid.addWidget(self._label(words, "caption", right=True), 0, column)
        rows = {
            "escapes": self.tr("Escapes (bad passed)"),
            "overkills": self.tr("Overkills (good rejected)"),
            "found": self.tr("Bad found"),
            "passed": self.tr("Good passed"),
        }
        for row, (key, words) in enumerate(rows.items(), 1):
            grid.addWidget(self._label(words, "muted"), row, 0)
            for column in (0, 1):
                self._cells[key, column] = self._label("", "", right=True)
                grid.addWidget(self._cells[key, column], row, column + 1)
        return holder

    def _label(self, text: str, role: str, *, right: bool = False) -> QLabel:
        label = QLabel(text)
        label.setProperty("role", role)
        if right:
            label.setAlignment(Qt.AlignmentFlag.AlignRight)
        return label

    def _chooser(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        for row, box in enumerate((self._before, self._after)):
            grid.addWidget(self._label(box.accessibleName(), "muted"), row, 0)
            grid.addWidget(box, row, 1)
            box.activated.connect(lambda index: self._emit_runs())
        return grid

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setMinimumContentsLength(10)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setPlaceholderText(self.tr("No run yet"))
        return box

    def _table(self) -> QTableView:
        table = QTableView()
        table.setModel(self.model)
        table.setAccessibleName(self.tr("Parts whose verdict changed"))
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        table.setShowGrid(False)
        table.setTabKeyNavigation(False)
        table.verticalHeader().hide()
        header = table.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.Stretch)
        for column, width in ((0, 54), (3, 76)):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.Fixed)
            header.resizeSection(column, width)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setHighlightSections(False)
        table.selectionModel().currentRowChanged.connect(
            lambda current, previous: self._emit_frame(current)
        )
        return table

    def _emit_runs(self) -> None:
        before, after = self._before.currentData(), self._after.currentData()
        if before is not None and after is not None:
            self.runs_chosen.emit(before, after)

    def _emit_frame(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        pair = self.model.pair(index.row())
        part = pair.after or pair.before
        if part is not None:
            key = part.key_frame
            self.frame_wanted.emit(part.first_frame if key is None else key)
