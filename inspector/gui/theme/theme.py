"""The theme in force: hands out colours, icons and the stylesheet, tells when it changes."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QColor, QIcon, QPalette
from PySide6.QtWidgets import QApplication

from inspector.core.inspection import Verdict
from inspector.gui.theme import icons
from inspector.gui.theme.stylesheet import stylesheet
from inspector.gui.theme.tokens import DARK, PALETTES, Palette, VerdictColours


class Theme(QObject):
    """One for a window; painted widgets ask it in ``paintEvent``."""

    changed = Signal()

    def __init__(self, application: QApplication, name: str = DARK.name) -> None:
        super().__init__()
        self._application = application
        self._palette = PALETTES.get(name, DARK)
        self._apply()

    @property
    def palette(self) -> Palette:
        return self._palette

    def verdict(self, verdict: Verdict) -> VerdictColours:
        return self._palette.verdicts[verdict]

    def use(self, name: str) -> None:
        """Raises KeyError for an unknown theme."""
        if PALETTES[name] is not self._palette:
            self._palette = PALETTES[name]
            self._apply()
            self.changed.emit()

    def toggle(self) -> None:
        names = list(PALETTES)
        self.use(names[(names.index(self._palette.name) + 1) % len(names)])

    def icon(self, name: str, colour: str | None = None) -> QIcon:
        """In the text's colour unless told; raises KeyError for an unknown name."""
        p = self._palette
        return icons.icon(name, colour or p.text, p.disabled)

    def _apply(self) -> None:
        p = self._palette
        colours = QPalette()
        for role, colour in (
            (QPalette.ColorRole.Window, p.ground),
            (QPalette.ColorRole.Base, p.surface),
            (QPalette.ColorRole.AlternateBase, p.ground),
            (QPalette.ColorRole.Button, p.raised),
            (QPalette.ColorRole.Text, p.text),
            (QPalette.ColorRole.WindowText, p.text),
            (QPalette.ColorRole.ButtonText, p.text),
            (QPalette.ColorRole.PlaceholderText, p.muted),
            (QPalette.ColorRole.Highlight, p.accent),
            (QPalette.ColorRole.HighlightedText, p.on_accent),
            (QPalette.ColorRole.Link, p.focus),
        ):
            colours.setColor(role, QColor(colour))
        self._application.setPalette(colours)
        self._application.setStyleSheet(stylesheet(p))
