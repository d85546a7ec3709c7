"""The tabs of the recipe editor; each passive, each small."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from inspector.core.geometry import Roi
from inspector.gui.engineer.cards import button, card, label, level, row
from inspector.gui.engineer.fields import SpecForm
from inspector.gui.jobs.forms import (
    CAMERA_FIELDS,
    DEFECT_FIELDS,
    PART_FIELDS,
    PRESENCE_FIELDS,
    QUALITY_FIELDS,
)


@dataclass(frozen=True, slots=True)
class RectangleRow:
    """A region or one of its masks, as a row of the list."""

    key: str
    text: str
    roi: Roi


class RegionPanel(QWidget):
    """Regions and masks as a list with numbers, for the keyboard; and the ruler."""

    chosen = Signal(str)
    typed = Signal(str, object)
    add_region_wanted = Signal()
    add_mask_wanted = Signal()
    remove_wanted = Signal(str)
    whole_wanted = Signal(str)
    defects_edited = Signal()
    ruler_wanted = Signal(bool)
    measured = Signal(float)

    def __init__(self) -> None:
        super().__init__()
        self._rows: dict[str, RectangleRow] = {}
        self.list = QListWidget()
        self.list.setAccessibleName(self.tr("Regions and masks"))
        self.list.setMaximumHeight(132)
        self.list.currentItemChanged.connect(lambda now, before: self._on_row(now))
        self.numbers = [self._number(name) for name in ("x", "y", "w", "h")]
        self.remove = button(self.tr("Remove"), self._on_remove, "quiet")
        self.whole = button(self.tr("Whole"), self._on_whole, "quiet")
        self.whole.setToolTip(self.tr("The region is the whole picture"))
        self.defects = SpecForm(DEFECT_FIELDS)
        self.defects.edited.connect(self.defects_edited)
        self.ruler = QPushButton(self.tr("Ruler"))
        self.ruler.setCheckable(True)
        self.ruler.toggled.connect(self.ruler_wanted)
        self.length = QDoubleSpinBox()
        self.length.setRange(0.01, 10000)
        self.length.setDecimals(2)
        self.length.setSuffix(" mm")
        self.length.setValue(10)
        self.length.setAccessibleName(self.tr("True length under the ruler"))
        self.take = button(self.tr("Take over"), lambda: self.measured.emit(self.length.value()))
        self.ruler_text = label("", "muted", wrap=True)
        self._lay_out()
        self.set_ruler(on=False, text="")

    def set_rows(self, rows: Sequence[RectangleRow], chosen: str) -> None:
        """In order; masks below their region."""
        self._rows = {r.key: r for r in rows}
        self.list.blockSignals(True)
        self.list.clear()
        for one in rows:
            item = QListWidgetItem(one.text)
            item.setData(256, one.key)
            self.list.addItem(item)
            if one.key == chosen:
                self.list.setCurrentItem(item)
        self.list.blockSignals(False)
        self._show_numbers()

    def set_ruler(self, *, on: bool, text: str) -> None:
        self.ruler.blockSignals(True)
        self.ruler.setChecked(on)
        self.ruler.blockSignals(False)
        self.length.setEnabled(on)
        self.take.setEnabled(on)
        self.ruler_text.setText(text)
        self.ruler_text.setVisible(bool(text))

    def chosen_key(self) -> str:
        item = self.list.currentItem()
        return str(item.data(256)) if item is not None else ""

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        adders = row(
            button(self.tr("Add mask"), self.add_mask_wanted.emit),
            button(self.tr("Add region"), self.add_region_wanted.emit),
            self.whole,
            self.remove,
        )
        names = [label(text, "caption") for text in ("x", "y", "w", "h")]
        pairs = [w for pair in zip(names, self.numbers, strict=True) for w in pair]
        ruler = row(self.ruler, self.length, self.take)
        layout.addWidget(
            card(
                self.tr("Regions in the picture, masks in their region, in pixels"),
                self.list,
                row(*pairs),
                adders,
            )
        )
        layout.addWidget(card(self.tr("Defects that count"), self.defects, ruler, self.ruler_text))
        layout.addStretch(1)

    def _number(self, name: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(0, 65535)
        spin.setKeyboardTracking(False)
        spin.setAccessibleName(name)
        spin.setMinimumWidth(58)
        spin.valueChanged.connect(lambda value: self._on_number())
        return spin

    def _on_row(self, item: QListWidgetItem | None) -> None:
        self._show_numbers()
        if item is not None:
            self.chosen.emit(str(item.data(256)))

    def _show_numbers(self) -> None:
        held = self._rows.get(self.chosen_key())
        values = (held.roi.x, held.roi.y, held.roi.width, held.roi.height) if held else (0,) * 4
        for spin, value in zip(self.numbers, values, strict=True):
            spin.blockSignals(True)
            spin.setValue(value)
            spin.setEnabled(held is not None)
            spin.blockSignals(False)
        self.remove.setEnabled(held is not None)
        self.whole.setEnabled(held is not None and not held.key.startswith("mask"))

    def _on_number(self) -> None:
        x, y, w, h = (spin.value() for spin in self.numbers)
        if self.chosen_key() and w > 0 and h > 0:
            self.typed.emit(self.chosen_key(), Roi(x, y, w, h))

    def _on_remove(self) -> None:
        self.remove_wanted.emit(self.chosen_key())

    def _on_whole(self) -> None:
        self.whole_wanted.emit(self.chosen_key())


class PartsPanel(QWidget):
    """How parts are told and joined, and the taught empty belt."""

    edited = Signal()
    teach_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.parts = SpecForm(PART_FIELDS)
        self.presence = SpecForm(PRESENCE_FIELDS)
        self.taught = label("", "muted", wrap=True)
        self.teach = button(self.tr("Teach the empty belt"), self.teach_wanted.emit)
        for form in (self.parts, self.presence):
            form.edited.connect(self._on_edited)
        self._belt = card(self.tr("The empty belt"), self.taught, row(self.teach))
        self._presence = card(self.tr("Presence"), self.presence)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(card(self.tr("Parts"), self.parts))
        layout.addWidget(self._belt)
        layout.addWidget(self._presence)
        layout.addStretch(1)

    def set_taught(self, text: str, *, can_teach: bool) -> None:
        self.taught.setText(text)
        self.teach.setEnabled(can_teach)

    def show_what_counts(self) -> None:
        """Rows that mean nothing under the chosen mode and rule are hidden."""
        held = self.parts.values()
        self.parts.set_row_visible("trigger_frames", visible=held["mode"] == "trigger")
        for key in ("k", "n"):
            self.parts.set_row_visible(key, visible=held["rule"] == "k_of_n")
        for group in (self._belt, self._presence):
            group.setVisible(held["mode"] == "presence")

    def _on_edited(self) -> None:
        self.show_what_counts()
        self.edited.emit()


class PicturePanel(QWidget):
    """The image-quality gate with what the present picture measures, and the camera."""

    quality_edited = Signal()
    camera_edited = Signal()
    apply_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.quality = SpecForm(QUALITY_FIELDS)
        self.quality.edited.connect(self.quality_edited)
        self.measured = label("", "muted", wrap=True)
        self.camera = SpecForm(CAMERA_FIELDS)
        self.camera.edited.connect(self.camera_edited)
        self.camera_remark = label("", "muted", wrap=True)
        self.apply = button(self.tr("Try on the live picture"), self.apply_wanted.emit)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(card(self.tr("A picture can be judged if"), self.quality, self.measured))
        layout.addWidget(card(self.tr("Camera"), self.camera, row(self.apply), self.camera_remark))
        layout.addStretch(1)


class JobPanel(QWidget):
    """What the job joins: source, model, credential."""

    edited = Signal()
    propose_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.source = QLineEdit()
        self.source.setAccessibleName(self.tr("Source"))
        self.credential = QLineEdit()
        self.credential.setAccessibleName(self.tr("Credential name"))
        self.credential.setPlaceholderText(self.tr("none"))
        self.model = QComboBox()
        self.model.setAccessibleName(self.tr("Model"))
        self.recipe = label("", "muted", wrap=True)
        self.propose = button(self.tr("Take the model's proposal"), self.propose_wanted.emit)
        self.propose.setToolTip(
            self.tr("Thresholds as the package proposes them, regions and rules as they are")
        )
        for line in (self.source, self.credential):
            line.editingFinished.connect(self.edited)
        self.model.activated.connect(lambda index: self.edited.emit())
        form = QFormLayout()
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(8)
        form.addRow(self.tr("Source"), self.source)
        form.addRow(self.tr("Credential"), self.credential)
        form.addRow(self.tr("Model"), self.model)
        level(form)
        holder = QWidget()
        holder.setLayout(form)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        layout.addWidget(card(self.tr("Job"), holder))
        layout.addWidget(card(self.tr("Recipe"), self.recipe, row(self.propose)))
        layout.addStretch(1)

    def set_models(self, models: Sequence[tuple[str, str]], chosen: str) -> None:
        """(folder as the job holds it, title) pairs; an unknown chosen one is added."""
        self.model.clear()
        for folder, title in models:
            self.model.addItem(title, folder)
        if chosen and self.model.findData(chosen) < 0:
            self.model.addItem(chosen, chosen)
        self.model.setCurrentIndex(self.model.findData(chosen))
        self.model.setPlaceholderText(self.tr("Choose a model"))
