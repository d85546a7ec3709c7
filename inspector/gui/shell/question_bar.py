"""A question in the window itself: it never stands before a live line."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton


class QuestionBar(QFrame):
    """Hidden until asked; one question at a time."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("question")
        self._text = QLabel()
        self._text.setProperty("role", "heading")
        self._text.setWordWrap(True)
        self._yes = QPushButton()
        self._yes.setProperty("touch", True)
        self._yes.setProperty("kind", "danger")
        self._no = QPushButton()
        self._no.setProperty("touch", True)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(20, 10, 16, 10)
        layout.setSpacing(12)
        layout.addWidget(self._text, 1)
        layout.addWidget(self._no)
        layout.addWidget(self._yes)
        self._on_yes: Callable[[], None] = lambda: None
        self._yes.clicked.connect(self._answer_yes)
        self._no.clicked.connect(self.hide)
        self.hide()

    def ask(self, text: str, yes: str, no: str, on_yes: Callable[[], None]) -> None:
        """Shows the question; the harmless answer has the keyboard."""
        self._text.setText(text)
        self._yes.setText(yes)
        self._no.setText(no)
        self._on_yes = on_yes
        self.setAccessibleName(text)
        self.show()
        self._no.setFocus()

    def _answer_yes(self) -> None:
        self.hide()
        self._on_yes()
