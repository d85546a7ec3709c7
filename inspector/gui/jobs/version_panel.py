"""The saved versions of a recipe: list, comparison, the way back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from inspector.gui.engineer.cards import button, label, row


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One saved version, newest first in the list; ``broken``: it cannot be trusted."""

    number: int
    text: str
    broken: bool = False


class VersionPanel(QWidget):
    """The saved versions, what two of them differ in, and the way back."""

    compared = Signal(int, int)
    restore_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Saved versions, the newest first"))
        self.list.setSelectionMode(QListWidget.SelectionMode.ExtendedSelection)
        self.list.itemSelectionChanged.connect(self._on_selection)
        self.list.setMinimumHeight(150)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.title = label("", "caption")
        self.lines = QListWidget()
        self.lines.setAccessibleName(self.tr("Differences"))
        self.lines.setWordWrap(True)
        self.lines.setSelectionMode(QListWidget.SelectionMode.NoSelection)
        self.restore = button(self.tr("Take this version into the editor"), self._on_restore)
        hint = label(self.tr("Choose one to compare it with the editor, or two."), "muted")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        for widget, stretch in (
            (hint, 0),
            (self.list, 2),
            (self.title, 0),
            (self.lines, 3),
            (row(self.restore), 0),
        ):
            layout.addWidget(widget, stretch)
        self.set_versions(())

    def set_versions(self, versions: Sequence[VersionRow]) -> None:
        self.list.clear()
        for one in versions:
            item = QListWidgetItem(one.text)
            item.setToolTip(one.text)
            item.setData(256, 0 if one.broken else one.number)
            self.list.addItem(item)
        self.set_difference("", ())

    def set_difference(self, title: str, lines: Sequence[str]) -> None:
        self.title.setText(title)
        self.lines.clear()
        self.lines.addItems(list(lines))
        self.restore.setEnabled(len(self._numbers()) == 1)

    def _numbers(self) -> list[int]:
        return sorted(int(i.data(256)) for i in self.list.selectedItems() if i.data(256))

    def _on_selection(self) -> None:
        numbers = self._numbers()
        if numbers:
            # 0 stands for the editor
            self.compared.emit(numbers[0], numbers[-1] if len(numbers) > 1 else 0)
        else:
            self.set_difference("", ())

    def _on_restore(self) -> None:
        numbers = self._numbers()
        if len(numbers) == 1:
            self.restore_wanted.emit(numbers[0])
