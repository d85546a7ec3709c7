"""The table itself: keeps its place while parts come in at the top, paints verdicts."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
)

from inspector.gui.history.model import ROW_ROLE, THUMB_ROLE, Column, PartsModel
from inspector.gui.theme import icons
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.verdict import verdict_word
from inspector.store.history import HistoryRow

ROW_HEIGHT = 46
_WIDTHS = {
    Column.PICTURE: 84,
    Column.TIME: 158,
    Column.VERDICT: 104,
    Column.SCORE: 64,
    Column.LABEL: 138,
    Column.FOUND: 170,
    Column.PART: 64,
    Column.JOB: 120,
    Column.MODEL: 150,
}


class HistoryTable(QTableView):
    """``part_chosen(row or None)``: the current row, once it is in memory."""

    part_chosen = Signal(object)

    def __init__(self, model: PartsModel, theme: Theme) -> None:
        super().__init__()
        self.parts = model
        self._told: str | None = None
        self.setModel(model)
        self.setAccessibleName(self.tr("Parts, the newest first"))
        self.setItemDelegate(_PartDelegate(theme, self))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self._size_sections()
        model.grown.connect(self._keep_place)
        model.dataChanged.connect(lambda *_: self._tell())
        model.modelReset.connect(self._tell)
        self.selectionModel().currentRowChanged.connect(lambda *_: self._tell())
        theme.changed.connect(self.viewport().update)

    def choose(self, place: int) -> None:
        """Makes that row the current one."""
        self.setCurrentIndex(self.parts.index(place, Column.TIME))

    @property
    def chosen(self) -> HistoryRow | None:
        index = self.currentIndex()
        return self.parts.row_at(index.row()) if index.isValid() else None

    def _size_sections(self) -> None:
        rows = self.verticalHeader()
        rows.setVisible(False)
        rows.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        rows.setDefaultSectionSize(ROW_HEIGHT)
        columns = self.horizontalHeader()
        columns.setHighlightSections(False)
        columns.setStretchLastSection(True)
        for column, width in _WIDTHS.items():
            columns.resizeSection(column, width)

    def _keep_place(self, count: int) -> None:
        """What is looked at stays where it is; at the very top the newest are shown."""
        bar = self.verticalScrollBar()
        if bar.value() > 0:
            value = bar.value() + count * ROW_HEIGHT
            self.updateGeometries()
            bar.setValue(value)

    def _tell(self) -> None:
        row = self.chosen
        part_id = row.part_id if row is not None else None
        if part_id is None and self.currentIndex().isValid():
            self.parts.data(self.currentIndex())
            return
        if part_id != self._told:
            self._told = part_id
            self.part_chosen.emit(row)


class _PartDelegate(QStyledItemDelegate):
    """Picture and verdict are painted, the rest is text."""

    def __init__(self, theme: Theme, parent: HistoryTable) -> None:
        super().__init__(parent)
        self._theme, self._parts = theme, parent.parts
        self._signs: dict[tuple[str, str], QPixmap] = {}

    def sizeHint(  # noqa: N802 - Qt's name
        self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> QSize:
        return QSize(60, ROW_HEIGHT)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        row = index.data(ROW_ROLE)
        if index.column() not in (Column.PICTURE, Column.VERDICT) or row is None:
            super().paint(painter, option, index)
            return
        rect = QRectF(option.rect)
        if self._selected(option):
            painter.fillRect(rect, QColor(self._theme.palette.pressed))
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        if index.column() == Column.PICTURE:
            self._paint_thumb(painter, rect.adjusted(8, 3, -4, -3), index.data(THUMB_ROLE), row)
        else:
            self._paint_verdict(painter, rect.adjusted(8, 0, -4, 0), row)
        painter.restore()

    def _selected(self, option: QStyleOptionViewItem) -> bool:
        return bool(option.state & QStyle.StateFlag.State_Selected)

    def _paint_thumb(
        self, painter: QPainter, place: QRectF, image: QImage | None, row: HistoryRow
    ) -> None:
        p = self._theme.palette
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(p.sunken))
        painter.drawRoundedRect(place, 4, 4)
        if image is None:
            gone = self._parts.is_gone(row.part_id)
            if row.picture is None or gone:
                self._paint_sign(painter, place, "delete" if gone else "close")
            return
        scale = min(place.width() / image.width(), place.height() / image.height())
        target = QRectF(0, 0, image.width() * scale, image.height() * scale)
        target.moveCenter(place.center())
        painter.drawImage(target, image)

    def _paint_sign(self, painter: QPainter, place: QRectF, name: str) -> None:
        """Kept as it was drawn once: it stands in nearly every row."""
        key = name, self._theme.palette.disabled
        if key not in self._signs:
            self._signs[key] = icons.pixmap(*key, 16, ratio=2.0)
        box = QRectF(0, 0, 16, 16)
        box.moveCenter(place.center())
        painter.drawPixmap(box, self._signs[key], QRectF(self._signs[key].rect()))

    def _paint_verdict(self, painter: QPainter, place: QRectF, row: HistoryRow) -> None:
        colours = self._theme.verdict(row.verdict)
        mark = QRectF(place.left(), 0, 18, 18)
        mark.moveTop(place.center().y() - 9)
        paint_shape(painter, row.verdict, mark, fill=QColor(colours.fill), ink=QColor(colours.ink))
        painter.setPen(QColor(colours.tint))
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(place.adjusted(26, 0, 0, 0), align, verdict_word(row.verdict))
