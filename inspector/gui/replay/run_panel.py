"""By what the footage is judged: product, model, recipe, thresholds; and run again."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inspector.config import parse_frame_range
from inspector.core.recipe import Thresholds
from inspector.errors import ConfigError
from inspector.gui.replay.state import Choice, RunForm
from inspector.gui.theme.theme import Theme

STEPS = 1000
LOWEST = -1e6
"""Of a threshold; stands for none in its box."""
FROM_FILE = "file…"
"""Stands in the list of recipes for one that is still to be chosen."""


class RunPanel(QWidget):
    """Emits ``run_wanted`` with a RunForm, and what else is wanted of others."""

    run_wanted = Signal(RunForm)
    cancel_wanted = Signal()
    thresholds_moved = Signal(Thresholds)
    recipe_file_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._can_run = False
        self._running = False
        self._chosen_recipe = ""
        self._product = self._box(self.tr("Product"))
        self._model = self._box(self.tr("Model"))
        self._recipe = self._box(self.tr("Recipe"))
        self._carry = QCheckBox(self.tr("Fit recipe to model"))
        self._carry.setToolTip(
            self.tr("Keeps regions and rules, takes the thresholds this model proposes")
        )
        self._other = QCheckBox(self.tr("Other thresholds"))
        self._t1, self._t2 = self._spin(self.tr("T1")), self._spin(self.tr("T2"))
        self._preview = self._note("muted")
        self._empty = QLineEdit()
        self._empty.setPlaceholderText(self.tr("frames, e.g. 0:4"))
        self._empty.setAccessibleName(self.tr("Frames that show the empty belt"))
        self._problem = self._note("danger")
        self._progress = QProgressBar()
        self._progress.setRange(0, STEPS)
        self._state = self._note("muted")
        self._run = QPushButton(self.tr("Run"))
        self._run.setProperty("kind", "primary")
        self._cancel = QPushButton(self.tr("Cancel"))
        self._lay_out()
        self._connect()
        self.set_thresholds(None)
        self.set_progress(None, "")
        self.set_running(False)

    # what the controller sets

    def set_products(self, choices: Sequence[Choice], chosen: str) -> None:
        self._fill(self._product, [Choice("", self.tr("None")), *choices], chosen)

    def set_models(self, choices: Sequence[Choice], chosen: str) -> None:
        first = Choice("", self.tr("Of the product"))
        self._fill(self._model, [first, *choices], chosen)

    def set_recipes(self, choices: Sequence[Choice], chosen: str) -> None:
        self._fill(self._recipe, choices, chosen)
        self._chosen_recipe = self._recipe.currentData()

    def set_thresholds(self, thresholds: Thresholds | None) -> None:
        """Those of the last run, to start from; None: there was none yet."""
        self._other.setEnabled(thresholds is not None)
        if thresholds is None:
            self._other.setChecked(False)
        else:
            for spin, value in ((self._t1, thresholds.t1), (self._t2, thresholds.t2)):
                spin.blockSignals(True)
                spin.setValue(value)
                spin.blockSignals(False)
        self._show_spins()

    def set_preview(self, text: str) -> None:
        """What the last run's scores say of the thresholds in the boxes."""
        self._preview.setText(text)
        self._preview.setVisible(bool(text))

    def set_can_run(self, can_run: bool) -> None:  # noqa: FBT001 - a setter
        self._can_run = can_run
        self._run.setEnabled(can_run and not self._running)

    def set_running(self, running: bool) -> None:  # noqa: FBT001 - a setter
        self._running = running
        self._run.setEnabled(self._can_run and not running)
        self._cancel.setVisible(running)

    def set_run_text(self, text: str) -> None:
        self._run.setText(text)

    def set_progress(self, share: float | None, text: str) -> None:
        """``share`` None: no figure; an empty text: nothing to tell."""
        self._progress.setVisible(share is not None)
        self._progress.setValue(round(STEPS * (share or 0.0)))
        self._state.setText(text)
        self._state.setVisible(bool(text))

    def set_problem(self, text: str, details: str = "") -> None:
        """``details`` for the engineer, shown while the pointer rests on it."""
        self._problem.setText(text)
        self._problem.setToolTip(details)
        self._problem.setVisible(bool(text))

    def form(self) -> RunForm:
        """Raises ConfigError for frames that are none."""
        text = self._empty.text().strip()
        return RunForm(
            product=self.product,
            model=self.model,
            recipe=self._recipe.currentData() or "proposed",
            thresholds=self._thresholds() if self._other.isChecked() else None,
            empty_frames=parse_frame_range(text) if text else None,
            carry_over=self._carry.isChecked(),
        )

    @property
    def product(self) -> str:
        """A job's id; empty for none."""
        return self._product.currentData() or ""

    @property
    def model(self) -> str:
        """A folder; empty for that of the product."""
        return self._model.currentData() or ""

    def choose_product(self, product: str) -> None:
        """As if a person had; an unknown one does nothing."""
        index = self._product.findData(product)
        if index >= 0:
            self._product.setCurrentIndex(index)
            self._on_product()

    # inside

    def _thresholds(self) -> Thresholds:
        low, high = self._t1.value(), self._t2.value()
        return Thresholds(t1=low, t2=max(low, high))

    def ask_to_run(self) -> None:
        """As a press of the button."""
        try:
            form = self.form()
        except ConfigError as error:
            self.set_problem(str(error))
            return
        self.set_problem("")
        self.run_wanted.emit(form)

    def _connect(self) -> None:
        self._run.clicked.connect(lambda checked=False: self.ask_to_run())
        self._cancel.clicked.connect(lambda checked=False: self.cancel_wanted.emit())
        self._other.toggled.connect(lambda checked: self._on_other())
        for spin in (self._t1, self._t2):
            spin.valueChanged.connect(lambda value: self._on_moved())
        self._product.activated.connect(lambda index: self._on_product())
        self._recipe.activated.connect(lambda index: self._on_recipe())

    def _on_product(self) -> None:
        """Another product brings its own model and recipe."""
        if self._product.currentData():
            self._model.setCurrentIndex(self._model.findData(""))
            self._recipe.setCurrentIndex(max(0, self._recipe.findData("product")))

    def _on_recipe(self) -> None:
        if self._recipe.currentData() == FROM_FILE:
            # until a file is chosen the recipe stays what it was
            self._recipe.setCurrentIndex(max(0, self._recipe.findData(self._chosen_recipe)))
            self.recipe_file_wanted.emit()
        self._chosen_recipe = self._recipe.currentData()

    def _on_other(self) -> None:
        self._show_spins()
        self._on_moved()

    def _on_moved(self) -> None:
        if self._other.isChecked():
            self.thresholds_moved.emit(self._thresholds())
        else:
            self.set_preview("")

    def _show_spins(self) -> None:
        for spin in (self._t1, self._t2):
            spin.setEnabled(self._other.isEnabled() and self._other.isChecked())

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(12)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows: tuple[tuple[str, QWidget], ...] = (
            (self.tr("Product"), self._product),
            (self.tr("Model"), self._model),
            (self.tr("Recipe"), self._recipe),
            ("", self._carry),
            (self.tr("Empty belt"), self._empty),
            ("", self._other),
        )
        for words, widget in rows:
            form.addRow(self._row_label(words, widget), widget)
        both = self._side_by_side(self._t1, self._t2)
        form.addRow(self._row_label(self.tr("T1, T2"), both), both)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 14, 14, 14)
        layout.setSpacing(10)
        layout.addLayout(form)
        for widget in (self._preview, self._problem):
            layout.addWidget(widget)
        layout.addStretch(1)
        for widget in (self._state, self._progress):
            layout.addWidget(widget)
        layout.addWidget(self._side_by_side(self._cancel, self._run))

    def _row_label(self, words: str, field: QWidget) -> QLabel:
        """As tall as its field, so that both stand on one line."""
        label = QLabel(words)
        label.setProperty("role", "muted")
        label.setMinimumHeight(field.sizeHint().height())
        label.setBuddy(field)
        return label

    def _side_by_side(self, *widgets: QWidget) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        for widget in widgets:
            row.addWidget(widget, 1)
        return holder

    def _fill(self, box: QComboBox, choices: Sequence[Choice], chosen: str) -> None:
        box.blockSignals(True)
        box.clear()
        for index, choice in enumerate(choices):
            box.addItem(choice.name, choice.id)
            if choice.problem:
                box.setItemData(index, choice.problem, Qt.ItemDataRole.ToolTipRole)
                box.setItemData(index, 0, Qt.ItemDataRole.UserRole - 1)
        box.setCurrentIndex(max(0, box.findData(chosen)))
        box.blockSignals(False)

    def _box(self, name: str) -> QComboBox:
        box = QComboBox()
        box.setAccessibleName(name)
        box.setMinimumContentsLength(12)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        return box

    def _spin(self, name: str) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setAccessibleName(name)
        spin.setDecimals(4)
        spin.setRange(LOWEST, -LOWEST)
        spin.setSpecialValueText("–")
        spin.setValue(LOWEST)
        spin.setMinimumWidth(60)
        spin.setSingleStep(0.01)
        spin.setToolTip(name)
        spin.lineEdit().setTextMargins(8, 0, 0, 0)
        return spin

    def _note(self, role: str) -> QLabel:
        label = QLabel()
        label.setProperty("role", role)
        label.setWordWrap(True)
        label.setVisible(False)
        return label
