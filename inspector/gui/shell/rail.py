"""The navigation on the left: one big button a page, one for everything else."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QMenu, QToolButton, QVBoxLayout

from inspector.gui.pages import PageSpec
from inspector.gui.theme.theme import Theme

ROOMY, TIGHT = 75, 38
"""Height of a button with its title below the icon, and with the icon alone."""


class NavigationRail(QFrame):
    """Emits ``chosen`` with a page's id. On a low window the titles give way."""

    chosen = Signal(str)

    def __init__(self, pages: Sequence[PageSpec], theme: Theme) -> None:
        super().__init__()
        self.setObjectName("rail")
        self.setFixedWidth(92)
        self._theme = theme
        self._buttons: dict[str, QToolButton] = {}
        self._icons: dict[str, str] = {page.id: page.icon for page in pages}
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 10, 8, 10)
        layout.setSpacing(4)
        for number, page in enumerate(pages, 1):
            button = self._page_button(page, number)
            layout.addWidget(button)
        layout.addStretch(1)
        self._more = self._more_button()
        layout.addWidget(self._more)
        # how low the window may become is for the tight rail to say, not for the roomy one
        layout.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        self._tight = False
        self._dress()
        theme.changed.connect(self._dress)

    def set_menu(self, actions: Sequence[QAction]) -> None:
        menu = QMenu(self._more)
        menu.addActions(list(actions))
        self._more.setMenu(menu)

    def select(self, page_id: str) -> None:
        """Marks a page as the one in front; emits nothing."""
        self._buttons[page_id].setChecked(True)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(self.width(), self._height_of(TIGHT))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._set_tight(tight=self.height() < self._height_of(ROOMY))
        super().resizeEvent(event)

    def _height_of(self, button: int) -> int:
        return 20 + (len(self._buttons) + 1) * (button + 4)

    def _set_tight(self, *, tight: bool) -> None:
        if tight == self._tight:
            return
        self._tight = tight
        style = Qt.ToolButtonStyle
        for button in (*self._buttons.values(), self._more):
            button.setToolButtonStyle(
                style.ToolButtonIconOnly if tight else style.ToolButtonTextUnderIcon
            )
            button.setProperty("tight", tight)
            button.style().unpolish(button)
            button.style().polish(button)

    def _page_button(self, page: PageSpec, number: int) -> QToolButton:
        title = QCoreApplication.translate("Pages", page.title)
        button = self._button(title)
        button.setCheckable(True)
        button.setShortcut(f"Ctrl+{number}")
        button.setToolTip(f"{title} (Ctrl+{number})")
        button.clicked.connect(lambda checked=False: self.chosen.emit(page.id))
        self._group.addButton(button)
        self._buttons[page.id] = button
        return button

    def _more_button(self) -> QToolButton:
        button = self._button(self.tr("More"))
        button.setToolTip(self.tr("Theme, full screen and other commands"))
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        return button

    def _button(self, text: str) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setAccessibleName(text)
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIconSize(QSize(26, 26))
        return button

    def _dress(self) -> None:
        for page_id, button in self._buttons.items():
            button.setIcon(self._theme.icon(self._icons[page_id]))
        self._more.setIcon(self._theme.icon("menu"))
