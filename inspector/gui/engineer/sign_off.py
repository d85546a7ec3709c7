"""Who changes something, and why: one line beside the button that does it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QPushButton, QWidget


class SignOff(QWidget):
    """Two fields and a button; the button waits for both fields and for ``set_ready``.

    ``signed(who, why)`` is sent when it is pressed.
    """

    signed = Signal(str, str)

    def __init__(self, action: str) -> None:
        super().__init__()
        self.who = self._field(self.tr("Your name"), 120)
        self.why = self._field(self.tr("Why? A few words"), 160)
        self.button = QPushButton(action)
        self.button.setProperty("kind", "primary")
        self.button.clicked.connect(self._sign)
        self._ready = False
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(self.who, 2)
        layout.addWidget(self.why, 5)
        layout.addWidget(self.button)
        for field in (self.who, self.why):
            field.textChanged.connect(self._show)
            field.returnPressed.connect(self._sign)
        self._show()

    def set_ready(self, *, ready: bool, tip: str = "") -> None:
        """Whether there is something to sign; ``tip`` says why not."""
        self._ready = ready
        self.button.setToolTip(tip)
        self._show()

    def set_who(self, who: str) -> None:
        """Only where nobody has typed a name."""
        if not self.who.text():
            self.who.setText(who)

    def clear_why(self) -> None:
        """After it was done: the next change has a reason of its own."""
        self.why.clear()

    def _field(self, words: str, width: int) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(words)
        field.setAccessibleName(words)
        field.setMinimumWidth(width)
        field.setMaxLength(200)
        return field

    def _complete(self) -> bool:
        return bool(self.who.text().strip() and self.why.text().strip())

    def _show(self) -> None:
        self.button.setEnabled(self._ready and self._complete())

    def _sign(self) -> None:
        if self._ready and self._complete():
            self.signed.emit(self.who.text().strip(), self.why.text().strip())
