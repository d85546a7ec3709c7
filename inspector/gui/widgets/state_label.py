"""A state in words with a dot before it, or the dot alone where there is no room."""

from __future__ import annotations

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QLabel, QSizePolicy

DOT = "●"


class StateLabel(QLabel):
    """``tone`` is ``good``, ``busy``, ``danger`` or empty."""

    def __init__(self) -> None:
        super().__init__()
        self._words = ""
        self.setProperty("role", "state")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def set_state(self, words: str, tone: str) -> None:
        self._words = words
        self.setProperty("tone", tone)
        self.style().unpolish(self)
        self.style().polish(self)
        self.setToolTip(words)
        self.setAccessibleName(words)
        self._fit()

    @property
    def words(self) -> str:
        return self._words

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._fit()

    def _fit(self) -> None:
        """Half a word says nothing."""
        whole = f"{DOT}  {self._words}"
        self.setText(whole if self.fontMetrics().horizontalAdvance(whole) <= self.width() else DOT)
