"""The replay page as it is seen; passive: setters in, intentions out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QTabWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from inspector.core.timeline import Goal
from inspector.gui.overlay import OverlayOptions
from inspector.gui.replay.compare_panel import ComparePanel
from inspector.gui.replay.part_panel import PartPanel
from inspector.gui.replay.run_panel import RunPanel
from inspector.gui.replay.timeline import TimelineView
from inspector.gui.replay.transport import JUMPS, Transport
from inspector.gui.runs.events import Shown
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.picture import PictureView

SIDE_WIDTH = 336
FAR = 10
"""Frames that Shift and an arrow move by."""


class ReplayView(QWidget):
    """Picture (or two), timeline and transport at the left, facts and runs at the right."""

    open_file_wanted = Signal()
    open_folder_wanted = Signal()
    footage_wanted = Signal(Path)
    export_wanted = Signal()
    record_wanted = Signal()
    toggle_wanted = Signal()
    reverse_wanted = Signal()
    pause_wanted = Signal()
    forward_wanted = Signal()
    step_wanted = Signal(int)
    seek_wanted = Signal(int)
    edge_wanted = Signal(bool)
    speed_wanted = Signal(float)
    speed_step_wanted = Signal(int)
    jump_wanted = Signal(Goal, bool)
    tab_changed = Signal()

    def __init__(self, theme: Theme, overlay: OverlayOptions) -> None:
        super().__init__()
        self._theme = theme
        self.setAcceptDrops(True)
        self.picture = PictureView(theme, overlay, follow_region=False)
        self.before_picture = PictureView(theme, overlay, follow_region=False)
        self.timeline = TimelineView(theme)
        self.transport = Transport(theme)
        self.part = PartPanel(theme)
        self.run = RunPanel(theme)
        self.compare = ComparePanel(theme)
        self._open = self._tool(self.tr("Open"), "open", self.tr("Open footage"))
        self._record = self._tool(self.tr("Record"), "record", "")
        self._record.clicked.connect(lambda checked=False: self.record_wanted.emit())
        self._export = self._tool(
            self.tr("Export video"), "export", self.tr("Save the annotated video")
        )
        self._export.clicked.connect(lambda checked=False: self.export_wanted.emit())
        self._title, self._facts = QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._facts.setProperty("role", "muted")
        self._note = QLabel()
        self._note.setProperty("role", "muted")
        self._captions = [QLabel(), QLabel()]
        self.tabs = QTabWidget()
        self._before_column = QWidget()
        self._stage = QWidget()
        self._lay_out()
        self._connect()
        self._make_shortcuts()
        self._dress()
        theme.changed.connect(self._dress)
        self.set_footage(None, "")
        self.set_recent(())
        self.set_before(None, "")

    # what the controller sets

    def set_footage(self, name: str | None, facts: str) -> None:
        """None: nothing is open."""
        self._title.setText(name or self.tr("Replay"))
        self._facts.setText(facts)
        self.picture.set_shown(None)
        words = self.tr("Drop a video or a folder of images here, or press Open")
        self.picture.set_empty(self.tr("Opening …") if name else words, "replay")
        self.transport.set_enabled(footage=name is not None, parts=False, truth=False)
        self.set_can_export(False)

    def set_footage_facts(self, facts: str) -> None:
        if facts != self._facts.text():
            self._facts.setText(facts)

    def set_shown(self, shown: Shown | None, caption: str = "") -> None:
        self.picture.set_shown(shown)
        self._set_caption(1, self.tr("AFTER   %1").replace("%1", caption))

    def set_before(self, shown: Shown | None, caption: str) -> None:
        """The same frame as the run before judged it; None shows one picture alone."""
        for picture in (self.picture, self.before_picture):
            # side by side there is less room: what was inspected gets all of it
            picture.follow_region(shown is not None)
        self._before_column.setVisible(shown is not None)
        self._captions[1].setVisible(shown is not None)
        self.before_picture.set_shown(shown)
        self._set_caption(0, self.tr("BEFORE   %1").replace("%1", caption))

    def set_recent(self, recent: Sequence[Path]) -> None:
        menu = QMenu(self._open)
        menu.addAction(self.tr("Video …\tCtrl+O"), self.open_file_wanted.emit)
        menu.addAction(self.tr("Folder of images …"), self.open_folder_wanted.emit)
        if recent:
            menu.addSeparator()
        for path in recent:
            # an ampersand would be taken for a mnemonic
            text = f"{path.name}   {path.parent}".replace("&", "&&")
            action = menu.addAction(text)
            action.triggered.connect(
                lambda checked=False, chosen=path: self.footage_wanted.emit(chosen)
            )
        before = self._open.menu()
        self._open.setMenu(menu)
        if before is not None:
            before.deleteLater()

    def set_note(self, text: str, role: str = "muted") -> None:
        """A line beneath the transport: what a jump found, what an export did."""
        self._note.setText(text)
        self._note.setToolTip(text)
        if self._note.property("role") != role:
            self._note.setProperty("role", role)
            self._note.style().unpolish(self._note)
            self._note.style().polish(self._note)

    @property
    def note(self) -> str:
        return self._note.text()

    def set_can_export(self, can_export: bool) -> None:  # noqa: FBT001 - a setter
        self._export.setEnabled(can_export)

    def set_exporting(self, share: float | None) -> None:
        """None: no export is on; pressing the button then starts one, else it cancels."""
        words = self.tr("Export video")
        if share is not None:
            words = self.tr("Cancel export, %1 %").replace("%1", f"{100 * share:.0f}")
        self._export.setText(words)

    def set_recording(self, *, possible: bool, text: str) -> None:
        """``text``: what is being kept, empty while nothing is."""
        self._record.setEnabled(possible)
        self._record.setText(text or self.tr("Record"))
        self._record.setToolTip(
            self.tr("Stop recording")
            if text
            else self.tr("Keep what the running line sees as footage")
            if possible
            else self.tr("Start a line first: what it sees can be kept as footage")
        )
        self._record.setIcon(
            self._theme.icon("stop" if text else "record", self._theme.palette.danger)
        )

    @property
    def comparing(self) -> bool:
        return self.tabs.currentWidget() is self.compare

    # inside

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 12)
        layout.setSpacing(12)
        layout.addLayout(self._header())
        middle = QHBoxLayout()
        middle.setSpacing(12)
        middle.addLayout(self._left(), 1)
        middle.addWidget(self._side())
        layout.addLayout(middle, 1)

    def _header(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(10)
        row.addWidget(self._title)
        row.addWidget(self._facts, 1)
        for button in (self._record, self._export, self._open):
            row.addWidget(button)
        return row

    def _left(self) -> QVBoxLayout:
        stage = QVBoxLayout(self._stage)
        stage.setContentsMargins(0, 0, 0, 0)
        stage.setSpacing(10)
        pictures = QHBoxLayout()
        pictures.setSpacing(12)
        before = self._column(self._captions[0], self.before_picture)
        self._before_column.setLayout(before)
        pictures.addWidget(self._before_column, 1)
        pictures.addLayout(self._column(self._captions[1], self.picture), 1)
        stage.addLayout(pictures, 1)
        stage.addWidget(self.timeline)
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(self._stage, 1)
        column.addWidget(self.transport)
        column.addWidget(self._note)
        return column

    def _column(self, caption: QLabel, picture: PictureView) -> QVBoxLayout:
        caption.setProperty("role", "caption")
        column = QVBoxLayout()
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(caption)
        column.addWidget(picture, 1)
        return column

    def _side(self) -> QFrame:
        card = QFrame()
        card.setProperty("card", True)
        card.setFixedWidth(SIDE_WIDTH)
        self.tabs.addTab(self.part, self.tr("Part"))
        self.tabs.addTab(self.run, self.tr("Run"))
        self.tabs.addTab(self.compare, self.tr("Compare"))
        self.tabs.tabBar().setExpanding(True)
        self.tabs.currentChanged.connect(lambda index: self.tab_changed.emit())
        layout = QVBoxLayout(card)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(self.tabs)
        return card

    def _set_caption(self, place: int, text: str) -> None:
        self._captions[place].setText(text)
        self._captions[place].setToolTip(text)

    def _tool(self, text: str, icon: str, tip: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolTip(tip)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        button.setIconSize(QSize(20, 20))
        button.setProperty("icon_name", icon)
        return button

    def _connect(self) -> None:
        self._open.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.timeline.seek_wanted.connect(self.seek_wanted)
        self.transport.toggle_wanted.connect(self.toggle_wanted)
        self.transport.step_wanted.connect(self.step_wanted)
        self.transport.speed_wanted.connect(self.speed_wanted)
        self.transport.jump_wanted.connect(self.jump_wanted)
        self.part.frame_wanted.connect(self.seek_wanted)
        self.compare.frame_wanted.connect(self.seek_wanted)

    def _make_shortcuts(self) -> None:
        """Letters work on the whole page; keys that controls need, on picture and timeline."""
        page: dict[str, Callable[[], None]] = {
            "Ctrl+O": self.open_file_wanted.emit,
            "J": self.reverse_wanted.emit,
            "K": self.pause_wanted.emit,
            "L": self.forward_wanted.emit,
            "[": lambda: self.speed_step_wanted.emit(-1),
            "]": lambda: self.speed_step_wanted.emit(1),
        }
        for spec in JUMPS:
            page[spec.key] = partial(self.jump_wanted.emit, spec.goal, True)
            page[f"Shift+{spec.key}"] = partial(self.jump_wanted.emit, spec.goal, False)
        stage: dict[str, Callable[[], None]] = {
            "Space": self.toggle_wanted.emit,
            "Left": lambda: self.step_wanted.emit(-1),
            "Right": lambda: self.step_wanted.emit(1),
            "Shift+Left": lambda: self.step_wanted.emit(-FAR),
            "Shift+Right": lambda: self.step_wanted.emit(FAR),
            "Home": lambda: self.edge_wanted.emit(False),
            "End": lambda: self.edge_wanted.emit(True),
        }
        for owner, keys in ((self, page), (self._stage, stage)):
            for key, act in keys.items():
                shortcut = QShortcut(QKeySequence(key), owner)
                shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
                shortcut.activated.connect(act)

    def _dress(self) -> None:
        for button in (self._open, self._export):
            button.setIcon(self._theme.icon(str(button.property("icon_name"))))
        self._record.setIcon(self._theme.icon("record", self._theme.palette.danger))

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:  # noqa: N802 - Qt's name
        urls = event.mimeData().urls()
        if len(urls) == 1 and urls[0].isLocalFile():
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:  # noqa: N802 - Qt's name
        event.acceptProposedAction()
        self.footage_wanted.emit(Path(event.mimeData().urls()[0].toLocalFile()))


def focus_stage(view: ReplayView) -> None:
    """So that the keys of the player work at once."""
    view.timeline.setFocus(Qt.FocusReason.OtherFocusReason)
