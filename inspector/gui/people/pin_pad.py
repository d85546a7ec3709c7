"""Digits to press with gloves on, beside a field that a keyboard fills as well."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QVBoxLayout, QWidget

from inspector.core.pins import LONGEST
from inspector.gui.theme.theme import Theme

KEY = QSize(84, 64)
_DIGITS = ("1", "2", "3", "4", "5", "6", "7", "8", "9")


class PinPad(QWidget):
    """``entered`` with the text; what is typed is never shown."""

    entered = Signal(str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.field = QLineEdit()
        self.field.setEchoMode(QLineEdit.EchoMode.Password)
        self.field.setMaxLength(LONGEST)
        self.field.setPlaceholderText(self.tr("PIN or password"))
        self.field.setAccessibleName(self.tr("PIN or password"))
        self.field.setProperty("pin", True)
        self.field.returnPressed.connect(self._enter)
        self.field.textChanged.connect(self._show)
        self.keys = {digit: self._key(digit) for digit in (*_DIGITS, "0")}
        self.back = self._key("", self.tr("Delete the last digit"))
        self.back.clicked.connect(self.field.backspace)
        self.enter = self._key("", self.tr("Unlock"))
        self.enter.setProperty("kind", "primary")
        self.enter.clicked.connect(self._enter)
        for digit in (*_DIGITS, "0"):
            self.keys[digit].clicked.connect(lambda checked=False, d=digit: self.field.insert(d))
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()
        self._show()

    def clear(self) -> None:
        self.field.clear()

    def set_waiting(self, *, waiting: bool) -> None:
        """While a PIN is checked, or after wrong ones."""
        self.setEnabled(not waiting)
        if not waiting:
            self.field.setFocus()

    def _enter(self) -> None:
        if self.field.text():
            self.entered.emit(self.field.text())

    def _show(self) -> None:
        self.enter.setEnabled(bool(self.field.text()))

    def _key(self, text: str, name: str = "") -> QPushButton:
        key = QPushButton(text)
        key.setProperty("pinkey", True)
        key.setAccessibleName(name or text)
        key.setToolTip(name)
        key.setMinimumSize(KEY)
        # the field keeps the keyboard, whichever key is touched
        key.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        key.setIconSize(QSize(26, 26))
        return key

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setSpacing(8)
        for number, digit in enumerate(_DIGITS):
            grid.addWidget(self.keys[digit], number // 3, number % 3)
        for column, key in enumerate((self.back, self.keys["0"], self.enter)):
            grid.addWidget(key, 3, column)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        layout.addWidget(self.field)
        layout.addLayout(grid)

    def _dress(self) -> None:
        self.back.setIcon(self._theme.icon("erase"))
        self.enter.setIcon(self._theme.icon("acknowledge", self._theme.palette.on_accent))
