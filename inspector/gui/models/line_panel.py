"""The running line: what judges, what is to take over, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from inspector.gui.engineer.cards import label
from inspector.gui.engineer.sign_off import SignOff
from inspector.gui.models.state import LineState, RecipeChoice, SwapPhase
from inspector.gui.theme.theme import Theme


class LinePanel(QFrame):
    """Passive. ``swap_wanted(recipe key, who, why)``, ``back_wanted(who, why)``."""

    swap_wanted = Signal(str, str, str)
    back_wanted = Signal(str, str)
    cancel_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._theme = theme
        self._state = LineState()
        self._target, self._why_not = "", ""
        self.now = label("", "heading")
        self.recipe = label("", "muted")
        self.progress = QProgressBar()
        self.progress.setRange(0, 0)
        self.progress.setTextVisible(False)
        self.step = label("", "muted")
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.clicked.connect(self.cancel_wanted)
        self.recipes = QComboBox()
        self.recipes.setAccessibleName(self.tr("Recipe to take over with the model"))
        self.recipes.setMinimumWidth(270)
        self.sign = SignOff(self.tr("Swap"))
        self.sign.button.setIconSize(QSize(18, 18))
        self.sign.signed.connect(self._on_signed)
        self.back = QPushButton()
        self.back.setIconSize(QSize(18, 18))
        self.back.clicked.connect(self._on_back)
        for field in (self.sign.who, self.sign.why):
            field.textChanged.connect(lambda text: self._show_back())
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()
        self.set_line(LineState())

    def set_line(self, state: LineState) -> None:
        self._state = state
        self.now.setText(state.model or self.tr("Nothing is running"))
        self.recipe.setText(state.recipe)
        self.recipe.setVisible(bool(state.recipe))
        busy = state.phase is not SwapPhase.NONE
        self._busy_row.setVisible(busy)
        self._swap_row.setVisible(state.running and not busy)
        self._hint.setVisible(not state.running)
        self.step.setText(self._step_words(state))
        self._show_back()
        self._show_ready()

    def set_target(self, title: str, recipes: Sequence[RecipeChoice], why_not: str) -> None:
        """The package that would take over, and the recipes to choose from; ``why_not``
        where there is none.
        """
        self._target, self._why_not = title, why_not
        self.recipes.setVisible(bool(title))
        chosen = self.recipes.currentData()
        self.recipes.clear()
        for index, choice in enumerate(recipes):
            self.recipes.addItem(choice.text, choice.key)
            if choice.problem is not None:
                self.recipes.setItemData(index, 0, Qt.ItemDataRole.UserRole - 1)
                self.recipes.setItemData(index, choice.problem, Qt.ItemDataRole.ToolTipRole)
        self.recipes.setCurrentIndex(max(0, self.recipes.findData(chosen)))
        text = self.tr("Swap to %1").replace("%1", title) if title else why_not
        self.sign.button.setText(text)
        self._show_ready()

    def _step_words(self, state: LineState) -> str:
        if state.phase is SwapPhase.LOADING:
            words = self.tr("Loading and checking %1. %2 goes on judging.")
        else:
            words = self.tr("%1 is ready and waits for a gap between two parts.")
        text = words.replace("%1", state.coming).replace("%2", state.model)
        return f"{text} {state.step}".strip()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addWidget(label(self.tr("On the line now"), "caption"))
        layout.addLayout(self._head_row())
        self._hint = label(
            self.tr("Start an inspection to swap models between two parts without stopping it."),
            "muted",
            wrap=True,
        )
        layout.addWidget(self._hint)
        self._busy_row = self._row(self.progress, self.step, self.cancel)
        self.progress.setFixedWidth(120)
        self.step.setWordWrap(True)
        self._busy_row.layout().setStretch(1, 1)  # type: ignore[union-attr]
        layout.addWidget(self._busy_row)
        self._swap_row = self._row(self.recipes, self.sign)
        self._swap_row.layout().setStretch(1, 1)  # type: ignore[union-attr]
        layout.addWidget(self._swap_row)

    def _head_row(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self.now)
        row.addWidget(self.recipe, 1)
        row.addWidget(self.back)
        return row

    def _row(self, *widgets: QWidget) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for widget in widgets:
            row.addWidget(widget)
        return holder

    def _show_ready(self) -> None:
        ready = bool(self._target) and self._state.running
        self.sign.set_ready(ready=ready, tip="" if ready else self._why_not)

    def _show_back(self) -> None:
        state = self._state
        self.back.setVisible(bool(state.previous) and state.phase is SwapPhase.NONE)
        self.back.setText(self.tr("Back to %1").replace("%1", state.previous))
        self.back.setToolTip(self.tr("Still loaded: it takes over at the next gap"))
        self.back.setEnabled(bool(self.sign.who.text().strip()))

    def _on_signed(self, who: str, why: str) -> None:
        self.swap_wanted.emit(str(self.recipes.currentData() or ""), who, why)

    def _on_back(self) -> None:
        why = self.sign.why.text().strip() or self.tr("back to the one before")
        self.back_wanted.emit(self.sign.who.text().strip(), why)

    def _dress(self) -> None:
        p = self._theme.palette
        self.sign.button.setIcon(self._theme.icon("swap", p.on_accent))
        self.back.setIcon(self._theme.icon("left"))
