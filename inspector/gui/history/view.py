"""What is seen of the history; passive: setters in, intentions out."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from inspector.gui.engineer.cards import label
from inspector.gui.history.detail_panel import DetailPanel
from inspector.gui.history.filter_bar import FilterBar
from inspector.gui.history.model import PartsModel
from inspector.gui.history.part_picture import PartPicture
from inspector.gui.history.table import HistoryTable
from inspector.gui.theme.theme import Theme


class HistoryView(QWidget):
    """Filters above, the parts on the left, the chosen one on the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.filters = FilterBar(theme)
        self.model = PartsModel(self)
        self.table = HistoryTable(self.model, theme)
        self.details = DetailPanel(theme)
        self.count = label("", "muted")
        self.empty = PartPicture(theme)
        self._lay_out()

    def set_count(self, text: str) -> None:
        self.count.setText(text)

    def set_empty(self, text: str | None, icon: str = "inbox") -> None:
        """What is said in place of the parts; None where there are some."""
        self._stack.setCurrentWidget(self.table if text is None else self.empty)
        self.details.setVisible(text is None)
        if text is not None:
            self.empty.set_words(text, icon)

    @property
    def is_empty(self) -> bool:
        return self._stack.currentWidget() is self.empty

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        head = QHBoxLayout()
        title = QLabel(self.tr("History"))
        title.setProperty("role", "title")
        head.addWidget(title)
        head.addSpacing(10)
        head.addWidget(self.count, 1)
        layout.addLayout(head)
        layout.addWidget(self.filters)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._stack)
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 60)
        splitter.setStretchFactor(1, 40)
        splitter.setSizes([720, 460])
        layout.addWidget(splitter, 1)
