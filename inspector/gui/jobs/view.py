"""The job and recipe editor; passive: setters in, intentions out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSplitter,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from inspector.gui.engineer.cards import button, label, row, scrolling, set_role
from inspector.gui.engineer.sign_off import SignOff
from inspector.gui.jobs.canvas import RegionCanvas
from inspector.gui.jobs.panels import JobPanel, PartsPanel, PicturePanel, RegionPanel
from inspector.gui.jobs.threshold_panel import ThresholdPanel
from inspector.gui.jobs.version_panel import VersionPanel
from inspector.gui.theme.theme import Theme


class JobsView(QWidget):
    """The picture on the left, the recipe in tabs on the right, signing below."""

    job_chosen = Signal(str)
    new_wanted = Signal(str)
    copy_wanted = Signal(str)
    live_wanted = Signal(bool)
    discard_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._copying = False
        self.jobs = QComboBox()
        self.jobs.setMinimumWidth(200)
        self.jobs.setAccessibleName(self.tr("Job"))
        self.jobs.activated.connect(lambda i: self.job_chosen.emit(self.jobs.itemText(i)))
        self.new = button(self.tr("New"), lambda: self._ask_name(copying=False))
        self.copy = button(self.tr("Duplicate"), lambda: self._ask_name(copying=True))
        self.verdict = label("", "muted", wrap=True)
        self.name = QLineEdit()
        self.name.setPlaceholderText(self.tr("Product name: letters, digits, _ . -"))
        self.name.setAccessibleName(self.tr("Product name"))
        self.name.returnPressed.connect(self._on_name)
        self.canvas = RegionCanvas(theme)
        self.live = QPushButton(self.tr("Live picture"))
        self.live.setCheckable(True)
        self.live.toggled.connect(self.live_wanted)
        self.fit = button(self.tr("Whole picture"), self.canvas.show_all, "quiet")
        self.picture_text = label("", "muted")
        self.thresholds = ThresholdPanel(theme)
        self.regions = RegionPanel()
        self.parts = PartsPanel()
        self.picture = PicturePanel()
        self.job = JobPanel()
        self.versions = VersionPanel()
        self.changes = label("", "muted")
        self.discard = button(self.tr("Discard"), self.discard_wanted.emit, "quiet")
        self.on_line = QPushButton(self.tr("Use on the line now"))
        self.on_line.setToolTip(
            self.tr("The saved recipe takes over between two parts; the line goes on")
        )
        self.on_line.setVisible(False)
        self.sign = SignOff(self.tr("Save as a new version"))
        self.sign.button.setIconSize(QSize(18, 18))
        self.tabs = QTabWidget()
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()
        self.set_changes((), can_save=False)

    # what the controller sets

    def set_jobs(self, names: Sequence[str], chosen: str) -> None:
        self.jobs.clear()
        self.jobs.addItems(list(names))
        self.jobs.setCurrentIndex(self.jobs.findText(chosen))
        self.jobs.setPlaceholderText(self.tr("No jobs yet"))
        self.copy.setEnabled(bool(chosen))

    def set_verdict(self, problems: Sequence[str]) -> None:
        """Whether the job can be started, and what is in the way."""
        fine = self.tr("This job can be started")
        self.verdict.setText("\n".join(problems) if problems else fine)
        set_role(self.verdict, "danger" if problems else "good")

    def set_nothing(self, text: str) -> None:
        """Instead of an editor: there is no job, or it cannot be read."""
        self._body.setVisible(not text)
        self._foot.setVisible(not text)
        self._nothing.setText(text)
        self._nothing.setVisible(bool(text))

    def set_live(self, *, on: bool) -> None:
        self.live.blockSignals(True)
        self.live.setChecked(on)
        self.live.blockSignals(False)

    def set_changes(self, lines: Sequence[str], *, can_save: bool) -> None:
        """What signing would save, a line each."""
        count = len(lines)
        text = self.tr("%n change(s)", "", count) if count else self.tr("No changes")
        if count == 1:
            text = lines[0]
        elif count:
            text = self.tr("%1 changes: %2").replace("%1", str(count)).replace("%2", lines[0])
        elided = self.changes.fontMetrics().elidedText(
            text, Qt.TextElideMode.ElideRight, self.changes.maximumWidth() - 4
        )
        self.changes.setText(elided)
        self.changes.setToolTip("\n".join(lines) or text)
        self.discard.setVisible(count > 0)
        self.sign.set_ready(ready=can_save, tip="" if can_save else self.tr("Nothing was changed"))

    # how it is laid out

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(10)
        layout.addLayout(self._header())
        cancel = button(self.tr("Cancel"), self._hide_name, "quiet")
        create = button(self.tr("Create"), self._on_name, "primary")
        self._name_row = row(self.name, create, cancel, stretch=0)
        self._hide_name()
        layout.addWidget(self._name_row)
        self._nothing = label("", "muted", wrap=True)
        self._nothing.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._nothing, 1)
        self._body = self._editor()
        layout.addWidget(self._body, 1)
        self._foot = row(self.changes, self.discard, self.on_line, self.sign, stretch=3)
        self.changes.setMaximumWidth(330)
        self.changes.setMinimumWidth(140)
        layout.addWidget(self._foot)
        self.set_nothing(self.tr("Reading the jobs …"))

    def _header(self) -> QHBoxLayout:
        head = QHBoxLayout()
        head.setSpacing(10)
        title = QLabel(self.tr("Jobs"))
        title.setProperty("role", "title")
        head.addWidget(title)
        head.addWidget(self.jobs)
        head.addWidget(self.new)
        head.addWidget(self.copy)
        head.addWidget(self.verdict, 1)
        return head

    def _editor(self) -> QWidget:
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._picture_side())
        splitter.addWidget(self._tabs_side())
        splitter.setStretchFactor(0, 3)
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([650, 500])
        return splitter

    def _picture_side(self) -> QWidget:
        side = QWidget()
        layout = QVBoxLayout(side)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(row(self.live, self.fit, self.picture_text, stretch=2))
        layout.addWidget(self.canvas, 1)
        return side

    def _tabs_side(self) -> QWidget:
        tabs = self.tabs
        tabs.setDocumentMode(True)
        tabs.tabBar().setDrawBase(False)
        # six tabs beside a picture: on the smallest window they must all be seen
        tabs.tabBar().setStyleSheet("QTabBar::tab { padding: 10px 9px; }")
        for title, panel in (
            (self.tr("Thresholds"), self.thresholds),
            (self.tr("Regions"), self.regions),
            (self.tr("Parts"), self.parts),
            (self.tr("Picture"), self.picture),
            (self.tr("Job"), self.job),
            (self.tr("Versions"), self.versions),
        ):
            holder = QWidget()
            inside = QVBoxLayout(holder)
            inside.setContentsMargins(2, 12, 8, 2)
            inside.addWidget(panel)
            tabs.addTab(scrolling(holder), title)
        tabs.setMinimumWidth(470)
        return tabs

    def _ask_name(self, *, copying: bool) -> None:
        self._copying = copying
        self.name.clear()
        self._name_row.setVisible(True)
        self.name.setFocus()

    def _hide_name(self) -> None:
        self._name_row.setVisible(False)

    def _on_name(self) -> None:
        name = self.name.text().strip()
        if not name:
            return
        self._hide_name()
        (self.copy_wanted if self._copying else self.new_wanted).emit(name)

    def _dress(self) -> None:
        p = self._theme.palette
        self.sign.button.setIcon(self._theme.icon("save", p.on_accent))
        self.new.setIcon(self._theme.icon("add"))
        self.live.setIcon(self._theme.icon("camera"))
        self.regions.ruler.setIcon(self._theme.icon("ruler"))
