"""The figures above the charts."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout

from inspector.core.inspection import Verdict
from inspector.gui.engineer.cards import label
from inspector.gui.statistics.words import percent, tr
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.counters import ShapeMark
from inspector.gui.widgets.verdict import verdict_word
from inspector.station.statistics.gather import Statistics

_REJECTS = (Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID)


class Tiles(QFrame):
    """Parts, yield, rejects by verdict, and what people said against verdicts."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._figures: dict[str, QLabel] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(16, 8, 16, 8)
        self._row.setSpacing(16)
        self._add("parts", tr("Parts"))
        self._add("yield", tr("Yield"))
        for verdict in _REJECTS:
            self._add(verdict.value, verdict_word(verdict), ShapeMark(verdict, theme, 15))
        self._add("overkill", tr("Labelled good, rejected"))
        self._add("escape", tr("Labelled bad, passed"))

    def set_statistics(self, found: Statistics) -> None:
        shown = {
            "parts": f"{found.total.total:,}",
            "yield": percent(found.total.passed_share),
            "overkill": f"{found.said.overkill:,}",
            "escape": f"{found.said.escape:,}",
        }
        shown |= {v.value: f"{found.total.count(v):,}" for v in _REJECTS}
        for name, text in shown.items():
            self._figures[name].setText(text)
        self.setAccessibleName(", ".join(f"{name} {text}" for name, text in shown.items()))

    def figure(self, name: str) -> str:
        """``parts``, ``yield``, ``overkill``, ``escape`` or a verdict's value."""
        return self._figures[name].text()

    def _add(self, name: str, title: str, mark: ShapeMark | None = None) -> None:
        head = QHBoxLayout()
        head.setSpacing(6)
        if mark is not None:
            head.addWidget(mark)
        head.addWidget(label(title, "caption"), 1)
        self._figures[name] = label("–", "count")
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(self._figures[name])
        self._row.addLayout(column, 1)
