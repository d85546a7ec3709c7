"""One figure of the status strip: icon, name, value, and how well it is."""

from __future__ import annotations

from enum import IntEnum

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QWidget

from inspector.gui.theme import icons
from inspector.gui.theme.theme import Theme


class Health(IntEnum):
    """UNKNOWN: nothing to say (no run)."""

    UNKNOWN = 0
    GOOD = 1
    WARNING = 2
    BAD = 3


_ROLES = {
    Health.UNKNOWN: "muted",
    Health.GOOD: "",
    Health.WARNING: "warning",
    Health.BAD: "danger",
}


class HealthBadge(QWidget):
    """``set_value("CPU int8", Health.GOOD)``; the word changes with the colour."""

    def __init__(self, icon: str, name: str, theme: Theme) -> None:
        super().__init__()
        self._icon_name, self._name, self._theme = icon, name, theme
        self._health = Health.UNKNOWN
        self._icon = QLabel()
        self._caption = QLabel(name)
        self._caption.setProperty("role", "caption")
        self._value = QLabel("–")
        self._value.setTextFormat(Qt.TextFormat.PlainText)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(7)
        layout.addWidget(self._icon)
        layout.addWidget(self._caption)
        layout.addWidget(self._value)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self._dress()
        theme.changed.connect(self._dress)

    def set_value(self, text: str, health: Health, tip: str = "") -> None:
        changed = health is not self._health
        if text != self._value.text():
            self._value.setText(text)
        self.setToolTip(tip)
        self.setAccessibleName(f"{self._name}: {text}")
        self._health = health
        if changed:
            self._dress()

    @property
    def text(self) -> str:
        return self._value.text()

    @property
    def health(self) -> Health:
        return self._health

    def _dress(self) -> None:
        p = self._theme.palette
        colours = {
            Health.UNKNOWN: p.muted,
            Health.GOOD: p.good,
            Health.WARNING: p.warning,
            Health.BAD: p.danger,
        }
        colour = colours[self._health]
        ratio = self.devicePixelRatioF()
        self._icon.setPixmap(icons.pixmap(self._icon_name, colour, 18, ratio=ratio))
        self._value.setProperty("role", _ROLES[self._health])
        self._value.style().unpolish(self._value)
        self._value.style().polish(self._value)
