"""What the engineer sees of the models; passive: setters in, intentions out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from inspector.gui.engineer.cards import label, scrolling
from inspector.gui.models.details import DetailPanel
from inspector.gui.models.line_panel import LinePanel
from inspector.gui.models.package_card import CardGrid, PackageCard
from inspector.gui.models.state import CardState, DetailState
from inspector.gui.theme.theme import Theme


class ModelsView(QWidget):
    """Gallery on the left, the chosen package on the right, the line above both."""

    package_chosen = Signal(object)
    import_wanted = Signal(object)
    import_cancelled = Signal()
    refresh_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.line = LinePanel(theme)
        self.grid = CardGrid()
        self.details = DetailPanel(theme)
        self.empty = label("", "muted", wrap=True)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.folder = label("", "muted")
        self.import_zip = self._button(self.tr("Import a .zip …"), self._ask_for_zip)
        self.import_folder = self._button(self.tr("Import a folder …"), self._ask_for_folder)
        self.refresh = self._button(self.tr("Refresh"), self.refresh_wanted.emit)
        self.import_step = label("", "muted")
        self._import_refusal: str | None = None
        self._dialog: QFileDialog | None = None
        self._lay_out()
        self.set_import_step("")
        theme.changed.connect(self._dress)
        self._dress()

    def set_folder(self, folder: Path) -> None:
        self.folder.setText(str(folder))

    def set_cards(self, states: Sequence[CardState], chosen: Path | None, *, empty: str) -> None:
        """``empty`` is said where there are none."""
        cards = [self._card(state, chosen) for state in states]
        focused = next((c.state.path for c in self.grid.cards if c.hasFocus()), None)
        self.grid.set_cards(cards)
        for made in cards:
            if made.state.path == focused:
                made.setFocus()
        self.empty.setText(empty)
        self.empty.setVisible(not states)

    def set_detail(self, detail: DetailState | None) -> None:
        self.details.set_detail(detail)

    def set_import_refusal(self, why: str | None) -> None:
        """Why nothing may be imported, on both buttons; None where it may."""
        self._import_refusal = why
        for button in (self.import_zip, self.import_folder):
            button.setToolTip(why or "")
        self._enable_import()

    def _enable_import(self) -> None:
        for button in (self.import_zip, self.import_folder):
            button.setEnabled(not self.import_step.text() and self._import_refusal is None)

    def set_import_step(self, text: str) -> None:
        """What the import does now; empty where none is on."""
        self._import_row.setVisible(bool(text))
        self.import_step.setText(text)
        self._enable_import()

    def _card(self, state: CardState, chosen: Path | None) -> PackageCard:
        made = PackageCard(state, self._theme)
        made.setChecked(state.path == chosen)
        made.clicked.connect(lambda: self.package_chosen.emit(state.path))
        return made

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(12)
        layout.addLayout(self._header())
        layout.addWidget(self.line)
        layout.addWidget(self._import())
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._gallery())
        splitter.addWidget(self.details)
        splitter.setStretchFactor(0, 56)
        splitter.setStretchFactor(1, 44)
        splitter.setSizes([560, 440])
        layout.addWidget(splitter, 1)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        title = QLabel(self.tr("Models"))
        title.setProperty("role", "title")
        row.addWidget(title)
        row.addWidget(self.folder, 1)
        row.addWidget(self.refresh)
        row.addWidget(self.import_folder)
        row.addWidget(self.import_zip)
        return row

    def _import(self) -> QWidget:
        self._import_row = QWidget()
        row = QHBoxLayout(self._import_row)
        row.setContentsMargins(0, 0, 0, 0)
        bar = QProgressBar()
        bar.setRange(0, 0)
        bar.setFixedWidth(120)
        cancel = QPushButton(self.tr("Cancel"))
        cancel.clicked.connect(self.import_cancelled)
        row.addWidget(bar)
        row.addWidget(self.import_step, 1)
        row.addWidget(cancel)
        return self._import_row

    def _gallery(self) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.empty)
        column.addWidget(self.grid)
        column.addStretch(1)
        area = scrolling(holder)
        area.setMinimumWidth(260)
        return area

    def _button(self, text: str, on_click: object) -> QPushButton:
        button = QPushButton(text)
        button.setIconSize(QSize(18, 18))
        button.clicked.connect(lambda checked=False: on_click())  # type: ignore[operator]
        return button

    def _dress(self) -> None:
        self.import_zip.setIcon(self._theme.icon("import"))
        self.import_folder.setIcon(self._theme.icon("open"))
        self.refresh.setIcon(self._theme.icon("refresh"))

    # dialogs stand beside the window, never in front of a live line

    def _ask_for_zip(self) -> None:
        self._ask(QFileDialog.FileMode.ExistingFile, self.tr("Packed model (*.zip)"))

    def _ask_for_folder(self) -> None:
        self._ask(QFileDialog.FileMode.Directory, "")

    def _ask(self, mode: QFileDialog.FileMode, name_filter: str) -> None:
        dialog = QFileDialog(self, self.tr("Import a model package"))
        dialog.setFileMode(mode)
        if name_filter:
            dialog.setNameFilter(name_filter)
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: self.import_wanted.emit(Path(name)))
        dialog.show()
        self._dialog = dialog
