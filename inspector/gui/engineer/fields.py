"""Forms declared as data: a row a field, values in and out as a mapping."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QGridLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QWidget,
)

Value: TypeAlias = float | int | str | None
CONTEXT = "Fields"


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One row. ``label``, ``tip`` and the texts of ``choices`` are translated when shown.

    An ``optional`` field has a box to tick: unticked, its value is None.
    """

    key: str
    label: str
    kind: Literal["real", "whole", "choice", "text"] = "real"
    low: float = 0.0
    high: float = 1e6
    step: float = 1.0
    decimals: int = 2
    suffix: str = ""
    optional: bool = False
    tip: str = ""
    choices: tuple[tuple[str, str], ...] = ()


class SpecForm(QWidget):
    """Rows for field specs. ``edited`` is sent for changes by a person only."""

    edited = Signal()

    def __init__(self, specs: Sequence[FieldSpec]) -> None:
        super().__init__()
        self._fields = {spec.key: _Field(spec) for spec in specs}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        grid.setColumnStretch(0, 1)
        for row, field in enumerate(self._fields.values()):
            grid.addWidget(field.label, row, 0)
            grid.addWidget(field.editor, row, 1)
            field.on_edited(self.edited.emit)

    def values(self) -> dict[str, Value]:
        """By key; None for an unticked optional field."""
        return {key: field.value() for key, field in self._fields.items()}

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Keys that are absent stay as they are; tells nobody."""
        for key, value in values.items():
            if key in self._fields:
                self._fields[key].set_value(value)

    def set_row_visible(self, key: str, *, visible: bool) -> None:
        """Raises KeyError for an unknown field."""
        field = self._fields[key]
        field.label.setVisible(visible)
        field.editor.setVisible(visible)

    def editor(self, key: str) -> QWidget:
        """For tests and focus; raises KeyError."""
        return self._fields[key].editor


class _Field:
    """One row's label and editor."""

    def __init__(self, spec: FieldSpec) -> None:
        self._spec = spec
        text = _tr(spec.label)
        self.label: QLabel | QCheckBox = QCheckBox(text) if spec.optional else QLabel(text)
        self.editor = _editor(spec)
        self._held: float | None = None
        self._shown: float | None = None
        self.editor.setAccessibleName(text)
        self.editor.setMinimumWidth(132)
        self.editor.setMaximumWidth(220)
        for widget in (self.label, self.editor):
            widget.setToolTip(_tr(spec.tip) if spec.tip else "")
        if isinstance(self.label, QLabel):
            self.label.setBuddy(self.editor)
        else:
            self.label.toggled.connect(self.editor.setEnabled)
            self.editor.setEnabled(False)

    def on_edited(self, tell: object) -> None:
        """Connects what a person can change."""
        if isinstance(self.label, QCheckBox):
            self.label.clicked.connect(tell)
        if isinstance(self.editor, QComboBox):
            self.editor.activated.connect(lambda index: tell())  # type: ignore[operator]
        elif isinstance(self.editor, QLineEdit):
            self.editor.textEdited.connect(lambda text: tell())  # type: ignore[operator]
        elif isinstance(self.editor, QSpinBox | QDoubleSpinBox):
            self.editor.valueChanged.connect(lambda value: tell())  # type: ignore[operator]

    def value(self) -> Value:
        if isinstance(self.label, QCheckBox) and not self.label.isChecked():
            return None
        if isinstance(self.editor, QComboBox):
            return str(self.editor.currentData())
        if isinstance(self.editor, QLineEdit):
            return self.editor.text().strip()
        assert isinstance(self.editor, QSpinBox | QDoubleSpinBox)
        # what nobody has touched keeps the digits that the field cannot show
        shown = self.editor.value()
        return self._held if shown == self._shown and self._held is not None else shown

    def set_value(self, value: Value) -> None:
        self.editor.blockSignals(True)
        if isinstance(self.label, QCheckBox):
            self.label.setChecked(value is not None)
            self.editor.setEnabled(value is not None)
        if value is not None:
            self._put(value)
        self.editor.blockSignals(False)

    def _put(self, value: Value) -> None:
        if isinstance(self.editor, QComboBox):
            self.editor.setCurrentIndex(self.editor.findData(value))
        elif isinstance(self.editor, QLineEdit):
            self.editor.setText(str(value))
        elif isinstance(self.editor, QSpinBox):
            self.editor.setValue(int(value or 0))
        elif isinstance(self.editor, QDoubleSpinBox):
            self.editor.setValue(float(value or 0))
            self._held, self._shown = float(value or 0), self.editor.value()


def _editor(spec: FieldSpec) -> QWidget:
    if spec.kind == "choice":
        box = QComboBox()
        for value, text in spec.choices:
            box.addItem(_tr(text), value)
        return box
    if spec.kind == "text":
        return QLineEdit()
    return _spin(spec)


def _spin(spec: FieldSpec) -> QSpinBox | QDoubleSpinBox:
    if spec.kind == "whole":
        whole = QSpinBox()
        whole.setRange(int(spec.low), int(spec.high))
        whole.setSingleStep(int(spec.step))
        return _dressed(whole, spec)
    real = QDoubleSpinBox()
    real.setDecimals(spec.decimals)
    real.setRange(spec.low, spec.high)
    real.setSingleStep(spec.step)
    return _dressed(real, spec)


def _dressed(spin: QSpinBox | QDoubleSpinBox, spec: FieldSpec) -> QSpinBox | QDoubleSpinBox:
    spin.setSuffix(_tr(spec.suffix) if spec.suffix else "")
    spin.setKeyboardTracking(False)
    spin.setAlignment(Qt.AlignmentFlag.AlignRight)
    # the page scrolls; a wheel over a number must not change it
    spin.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    spin.wheelEvent = lambda event: event.ignore()  # type: ignore[method-assign]
    return spin


def _tr(text: str) -> str:
    return QCoreApplication.translate(CONTEXT, text)
