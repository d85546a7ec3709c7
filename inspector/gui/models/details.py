"""All about the chosen package: facts, what verification found, its card."""

from __future__ import annotations

import math

from PySide6.QtCore import QSize, QSizeF, Qt, QUrl, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QPushButton, QTextBrowser, QWidget

from inspector.gui.engineer.cards import card, column, label, scrolling, set_role
from inspector.gui.models.state import Check, DetailState
from inspector.gui.theme.theme import Theme

_ROLES = {Check.PASSED: "good", Check.BROKEN: "danger"}


class CardBrowser(QTextBrowser):
    """Markdown of unknown origin: no link is followed, nothing is loaded."""

    def __init__(self) -> None:
        super().__init__()
        self.setOpenLinks(False)
        self.setOpenExternalLinks(False)
        self.setAccessibleName(self.tr("Card of the model"))
        self.setFrameShape(QTextBrowser.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().documentLayout().documentSizeChanged.connect(self._grow)

    def _grow(self, size: QSizeF) -> None:
        """As long as its text: the panel around it scrolls."""
        self.setFixedHeight(math.ceil(size.height()) + 8)

    def loadResource(self, kind: int, name: QUrl | str) -> object:  # noqa: N802 - Qt's name
        """Pictures and styles named in a card stay where they are."""
        return None


class DetailPanel(QWidget):
    """Passive; ``verify_wanted`` asks for a full check of the package shown."""

    verify_wanted = Signal()

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self.title = label("", "heading")
        self.verify = QPushButton(self.tr("Verify"))
        self.verify.setIconSize(QSize(18, 18))
        self.verify.clicked.connect(self.verify_wanted)
        self.verify.setToolTip(self.tr("Checksums, safety and golden outputs on this machine"))
        self.check = label("", "muted", wrap=True)
        self._facts = QWidget()
        self._grid = QGridLayout(self._facts)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setColumnStretch(1, 1)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(4)
        self.browser = CardBrowser()
        self._lay_out()
        theme.changed.connect(self._dress)
        self._dress()
        self.set_detail(None)

    def set_detail(self, detail: DetailState | None) -> None:
        """None: nothing is chosen."""
        self._content.setVisible(detail is not None)
        self.verify.setEnabled(detail is not None and detail.check is not Check.CHECKING)
        if detail is None:
            self.title.setText(self.tr("Choose a model"))
            return
        self.title.setText(detail.title)
        self.check.setText(detail.check_text)
        self.check.setVisible(bool(detail.check_text))
        set_role(self.check, _ROLES.get(detail.check, "muted"))
        self._set_facts(detail.facts)
        self.browser.setMarkdown(detail.card or self.tr("This package has no card."))

    def _lay_out(self) -> None:
        head = QWidget()
        row = QHBoxLayout(head)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.title, 1)
        row.addWidget(self.verify)
        self._content = column(
            self.check,
            card(self.tr("Facts"), self._facts),
            card(self.tr("Card"), self.browser),
            stretch=False,
        )
        area = scrolling(self._content)
        outer = column(head, area, stretch=False)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(outer)

    def _set_facts(self, facts: tuple[tuple[str, str], ...]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                # deleted later, but gone from the screen at once
                widget.setParent(None)
                widget.deleteLater()
        for row, (what, value) in enumerate(facts):
            self._grid.addWidget(label(what, "muted"), row, 0)
            shown = label(value, wrap=True)
            shown.setToolTip(value)
            self._grid.addWidget(shown, row, 1)

    def _dress(self) -> None:
        self.verify.setIcon(self._theme.icon("acknowledge"))
        p = self._theme.palette
        self.browser.setStyleSheet(f"background: {p.surface}; border: none;")
