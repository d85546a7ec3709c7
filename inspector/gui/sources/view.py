"""What the engineer sees of the sources; passive: setters in, intentions out."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from inspector.gui.engineer.cards import card, column, label, scrolling
from inspector.gui.engineer.fields import FieldSpec, SpecForm
from inspector.gui.engineer.frame_view import FrameView
from inspector.gui.engineer.sign_off import SignOff
from inspector.gui.sources.state import Kind, SimulatorForm
from inspector.gui.sources.stream_panel import StreamPanel
from inspector.gui.theme.theme import Theme
from inspector.gui.translate import QT_TRANSLATE_NOOP
from inspector.sources.discover import FoundCamera
from inspector.sources.simulator.parts import CATEGORIES

SIMULATOR_FIELDS = (
    FieldSpec(
        "category",
        QT_TRANSLATE_NOOP("Fields", "Product"),
        "choice",
        choices=tuple((name, name) for name in CATEGORIES),
    ),
    FieldSpec(
        "defect_rate",
        QT_TRANSLATE_NOOP("Fields", "Share of defective parts"),
        high=1.0,
        step=0.05,
    ),
    FieldSpec("seed", QT_TRANSLATE_NOOP("Fields", "Seed"), "whole"),
    FieldSpec("fps", QT_TRANSLATE_NOOP("Fields", "Frames per second"), low=1, high=240, decimals=0),
)


class SourcesView(QWidget):
    """Forms on the left, the preview on the right, the way into a job below it."""

    kind_chosen = Signal(object)
    edited = Signal()
    refresh_wanted = Signal()
    preview_wanted = Signal()
    stop_wanted = Signal()
    use_wanted = Signal(str, str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._kinds: dict[Kind, QPushButton] = {}
        self.cameras = QListWidget()
        self.cameras.setAccessibleName(self.tr("Cameras at this machine"))
        self.cameras.currentItemChanged.connect(lambda now, before: self.edited.emit())
        self.refresh = QPushButton(self.tr("Look again"))
        self.refresh.clicked.connect(self.refresh_wanted)
        self.camera_remark = label("", "muted", wrap=True)
        self.stream = StreamPanel()
        self.stream.edited.connect(self.edited)
        self.path = QLineEdit()
        self.path.setAccessibleName(self.tr("Video file or folder of pictures"))
        self.path.setPlaceholderText(self.tr("Video file or folder of pictures"))
        self.path.textEdited.connect(lambda text: self.edited.emit())
        self.simulator = SpecForm(SIMULATOR_FIELDS)
        self.simulator.edited.connect(self.edited)
        self.address = label("", "muted", wrap=True)
        self.picture = FrameView(theme)
        self.facts = label("", "muted")
        self.preview = self._button(self.tr("Preview"), "primary", self.preview_wanted.emit)
        self.stop = self._button(self.tr("Stop"), "", self.stop_wanted.emit)
        self.jobs = QComboBox()
        self.jobs.setAccessibleName(self.tr("Job that is to use the source"))
        self.jobs.setMinimumWidth(150)
        self.sign = SignOff(self.tr("Use for job"))
        self.sign.signed.connect(self._on_signed)
        self._stack = QStackedWidget()
        self._dialog: QFileDialog | None = None
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()
        self.set_kind(Kind.CAMERA)
        self.set_showing(on=False)

    # what the controller sets

    def set_kind(self, kind: Kind) -> None:
        self._kinds[kind].setChecked(True)
        self._stack.setCurrentIndex(list(Kind).index(kind))

    def set_cameras(self, cameras: Sequence[FoundCamera], remark: str) -> None:
        """``remark``: what is said where there are none, or where they cannot be listed."""
        chosen = self.camera()
        self.cameras.blockSignals(True)
        self.cameras.clear()
        for camera in cameras:
            item = QListWidgetItem(f"{camera.name}\n{camera.detail}")
            item.setData(Qt.ItemDataRole.UserRole, camera.address)
            item.setToolTip(camera.address)
            self.cameras.addItem(item)
            if camera.address == chosen:
                self.cameras.setCurrentItem(item)
        self.cameras.setVisible(bool(cameras))
        self.cameras.blockSignals(False)
        self.camera_remark.setText(remark)
        self.camera_remark.setVisible(bool(remark))

    def set_address(self, shown: str, *, problem: bool) -> None:
        """What would be opened, or what is missing for it."""
        self.address.setText(shown)
        self.preview.setEnabled(not problem)
        self.sign.set_ready(ready=not problem and self.jobs.count() > 0)

    def set_jobs(self, names: Sequence[str]) -> None:
        chosen = self.jobs.currentText()
        self.jobs.clear()
        self.jobs.addItems(list(names))
        self.jobs.setCurrentIndex(max(0, self.jobs.findText(chosen)))

    def set_showing(self, *, on: bool) -> None:
        self.stop.setVisible(on)
        self.preview.setVisible(not on)

    def set_facts(self, text: str) -> None:
        self.facts.setText(text)

    # what is typed

    def camera(self) -> str:
        """Address of the chosen one; empty for none."""
        item = self.cameras.currentItem()
        return str(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ""

    def simulator_form(self) -> SimulatorForm:
        held = self.simulator.values()
        return SimulatorForm(
            category=str(held["category"]),
            defect_rate=float(held["defect_rate"] or 0),
            seed=int(held["seed"] or 0),
            fps=float(held["fps"] or 30),
        )

    # how it is laid out

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(12)
        title = QLabel(self.tr("Sources"))
        title.setProperty("role", "title")
        layout.addWidget(title)
        splitter = QSplitter(Qt.Orientation.Horizontal)
        splitter.setChildrenCollapsible(False)
        splitter.addWidget(self._left())
        splitter.addWidget(self._right())
        splitter.setStretchFactor(1, 1)
        splitter.setSizes([430, 760])
        layout.addWidget(splitter, 1)

    def _left(self) -> QWidget:
        self._fill_stack()
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addLayout(self._kind_row())
        area = scrolling(card("", self._stack))
        layout.addWidget(area, 1)
        holder.setMinimumWidth(400)
        return holder

    def _fill_stack(self) -> None:
        self.simulator.set_values({"defect_rate": 0.1, "seed": 0, "fps": 30, "category": None})
        for page in (
            column(self.camera_remark, self.cameras, self.refresh),
            self.stream,
            column(self.path, self._browse_row()),
            column(self.simulator),
        ):
            self._stack.addWidget(page)

    def _browse_row(self) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        file = QPushButton(self.tr("Choose a file …"))
        file.clicked.connect(lambda: self._ask(QFileDialog.FileMode.ExistingFile))
        folder = QPushButton(self.tr("Choose a folder …"))
        folder.clicked.connect(lambda: self._ask(QFileDialog.FileMode.Directory))
        layout.addWidget(file)
        layout.addWidget(folder)
        layout.addStretch(1)
        return row

    def _kind_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        group = QButtonGroup(self)
        words = {
            Kind.CAMERA: self.tr("Camera"),
            Kind.STREAM: self.tr("Stream"),
            Kind.FILE: self.tr("File"),
            Kind.SIMULATOR: self.tr("Simulator"),
        }
        for kind, text in words.items():
            button = QPushButton(text)
            button.setCheckable(True)
            button.clicked.connect(lambda checked=False, k=kind: self.kind_chosen.emit(k))
            group.addButton(button)
            self._kinds[kind] = button
            row.addWidget(button, 1)
        return row

    def _right(self) -> QWidget:
        holder = QWidget()
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(self.address, 1)
        head.addWidget(self.stop)
        head.addWidget(self.preview)
        layout.addLayout(head)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self.facts)
        use = QHBoxLayout()
        use.setSpacing(8)
        use.addWidget(self.jobs)
        use.addWidget(self.sign, 1)
        layout.addLayout(use)
        return holder

    def _button(self, text: str, kind: str, on_click: object) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("kind", kind)
        button.setIconSize(QSize(18, 18))
        button.clicked.connect(lambda checked=False: on_click())  # type: ignore[operator]
        return button

    def _on_signed(self, who: str, why: str) -> None:
        self.use_wanted.emit(self.jobs.currentText(), who, why)

    def _dress(self) -> None:
        p = self._theme.palette
        self.preview.setIcon(self._theme.icon("start", p.on_accent))
        self.stop.setIcon(self._theme.icon("stop"))
        self.refresh.setIcon(self._theme.icon("refresh"))

    def _ask(self, mode: QFileDialog.FileMode) -> None:
        dialog = QFileDialog(self, self.tr("Choose footage"))
        dialog.setFileMode(mode)
        dialog.setModal(False)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(self._take_path)
        dialog.show()
        self._dialog = dialog

    def _take_path(self, path: str) -> None:
        self.path.setText(path)
        self.edited.emit()
