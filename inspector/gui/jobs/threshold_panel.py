"""T1 and T2 on the histogram and as numbers, with what they would do."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDoubleSpinBox, QVBoxLayout, QWidget

from inspector.core.whatif import Expectation, ScoreBook
from inspector.gui.engineer.cards import label, row
from inspector.gui.jobs.expectation import ExpectationPanel
from inspector.gui.jobs.histogram import ThresholdPlot
from inspector.gui.theme.theme import Theme


class ThresholdPanel(QWidget):
    """T1 and T2 as lines and as numbers, and what they would do."""

    moved = Signal(float, float)
    dropped = Signal(float, float)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._t = (0.0, 1.0)
        self.plot = ThresholdPlot(theme)
        self.expectation = ExpectationPanel()
        self.basis = label("", "muted", wrap=True)
        self.t1, self.t2 = self._spin("T1"), self._spin("T2")
        self.plot.dragged.connect(self._on_dragged)
        self.plot.dropped.connect(self.dropped)
        # the other one keeps all its digits, whatever its field can show
        self.t1.valueChanged.connect(lambda t1: self._on_typed(t1, self._t[1]))
        self.t2.valueChanged.connect(lambda t2: self._on_typed(self._t[0], t2))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(self.plot, 100)
        layout.addWidget(self._legend())
        layout.addWidget(row(label("T1", "caption"), self.t1, label("T2", "caption"), self.t2))
        layout.addWidget(self.expectation)
        layout.addWidget(self.basis)
        layout.addStretch(1)

    def set_thresholds(self, t1: float, t2: float) -> None:
        self._t = (t1, t2)
        self._show(t1, t2)
        self.plot.set_thresholds(t1, t2)

    def _legend(self) -> QWidget:
        return row(
            label("■ " + self.tr("known good"), "good"),
            label("■ " + self.tr("truth unknown"), "muted"),
            label("■ " + self.tr("known bad"), "danger"),
        )

    def set_scores(self, book: ScoreBook, basis: str) -> None:
        """``basis``: where the scores come from, or why there are none."""
        self.plot.set_scores(book)
        self.basis.setText(basis)

    def set_expectation(self, found: Expectation | None) -> None:
        self.expectation.set_expectation(found)

    def _on_dragged(self, t1: float, t2: float) -> None:
        self._show(t1, t2)
        self.moved.emit(t1, t2)

    def _on_typed(self, t1: float, t2: float) -> None:
        self.moved.emit(t1, t2)
        self.dropped.emit(t1, t2)

    def _show(self, t1: float, t2: float) -> None:
        for spin, value in ((self.t1, t1), (self.t2, t2)):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.blockSignals(False)

    def _spin(self, name: str) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setRange(-1e6, 1e6)
        spin.setDecimals(4)
        spin.setSingleStep(0.01)
        spin.setKeyboardTracking(False)
        spin.setAccessibleName(name)
        spin.setMinimumWidth(110)
        return spin
