"""What stands in the place of a page that the present role may not use."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from inspector.gui.engineer.cards import label
from inspector.gui.theme.theme import Theme


class LockedPage(QWidget):
    """``unlock_wanted`` when its button is pressed."""

    unlock_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("ground")
        self._theme = theme
        self._sign = QLabel()
        self.title = label("", "title")
        self.why = label("", "muted", wrap=True)
        self.button = QPushButton(self.tr("Unlock"))
        self.button.setProperty("touch", True)
        self.button.setProperty("kind", "primary")
        self.button.setIconSize(QSize(22, 22))
        self.button.clicked.connect(lambda checked=False: self.unlock_wanted.emit())
        for words in (self._sign, self.title, self.why):
            words.setAlignment(Qt.AlignmentFlag.AlignCenter)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addStretch(2)
        for widget in (self._sign, self.title, self.why):
            layout.addWidget(widget)
        layout.addSpacing(10)
        layout.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addStretch(3)
        theme.changed.connect(self._dress)
        self._dress()

    def set_words(self, page: str, why: str) -> None:
        self.title.setText(self.tr("Locked: %1").replace("%1", page))
        self.why.setText(why)

    def _dress(self) -> None:
        palette = self._theme.palette
        self._sign.setPixmap(self._theme.icon("lock", palette.muted).pixmap(QSize(64, 64)))
        self.button.setIcon(self._theme.icon("unlock", palette.on_accent))
