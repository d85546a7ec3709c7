"""Counts of parts by verdict, and the yield."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from inspector.core.inspection import Verdict
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.verdict import verdict_word

SHOWN = (Verdict.PASS, Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID)


class ShapeMark(QWidget):
    """A verdict's shape in its colour, as small as a letter."""

    def __init__(self, verdict: Verdict, theme: Theme, size: int = 18) -> None:
        super().__init__()
        self._verdict, self._theme = verdict, theme
        self.setFixedSize(QSize(size, size))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        theme.changed.connect(self.update)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        colours = self._theme.verdict(self._verdict)
        painter = QPainter(self)
        rect = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        paint_shape(
            painter, self._verdict, rect, fill=QColor(colours.fill), ink=QColor(colours.ink)
        )
        painter.end()


class Counters(QFrame):
    """Parts and yield large, the four verdicts below with their shapes."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._figures: dict[str, QLabel] = {}
        grid = QGridLayout(self)
        grid.setContentsMargins(18, 14, 18, 14)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(10)
        grid.addLayout(self._figure("parts", self.tr("Parts"), None), 0, 0, 1, 2)
        grid.addLayout(self._figure("yield", self.tr("Yield"), None), 0, 2, 1, 2)
        for column, verdict in enumerate(SHOWN):
            mark = ShapeMark(verdict, theme)
            name = verdict_word(verdict)
            grid.addLayout(self._figure(verdict.value, name, mark), 1, column)
            grid.setColumnStretch(column, 1)
        self.set_counts({})

    def set_counts(self, counts: Mapping[Verdict, int]) -> None:
        total = sum(counts.values())
        passed = counts.get(Verdict.PASS, 0)
        self._figures["parts"].setText(f"{total:,}")
        self._figures["yield"].setText(f"{100 * passed / total:.1f} %" if total else "–")
        for verdict in SHOWN:
            self._figures[verdict.value].setText(f"{counts.get(verdict, 0):,}")
        self.setAccessibleName(self.spoken())

    def figure(self, name: str) -> str:
        """``parts``, ``yield`` or a verdict's value."""
        return self._figures[name].text()

    def spoken(self) -> str:
        words = [f"{name} {label.text()}" for name, label in self._figures.items()]
        return ", ".join(words)

    def _figure(self, key: str, name: str, mark: QWidget | None) -> QVBoxLayout:
        caption = QLabel(name)
        caption.setProperty("role", "caption")
        value = QLabel("0")
        value.setProperty("role", "figure" if mark is None else "count")
        self._figures[key] = value
        head = QHBoxLayout()
        head.setSpacing(7)
        if mark is not None:
            head.addWidget(mark)
        head.addWidget(caption, 1)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(value)
        return column
