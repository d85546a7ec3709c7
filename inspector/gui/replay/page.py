"""The replay page: view and controller together."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QScrollArea, QVBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.pages import Page
from inspector.gui.replay.controller import ReplayController
from inspector.gui.replay.view import ReplayView


class ReplayPage(Page):
    """See `ReplayView` for what it shows, `ReplayController` for how it is fed."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.view = ReplayView(context.theme, context.overlay)
        self.controller = ReplayController(context, self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._scrolling(self.view))

    def _scrolling(self, view: ReplayView) -> QScrollArea:
        """On a screen too small for it (1280×720 at 200 %) the page can be moved about."""
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(view)
        view.setAutoFillBackground(False)
        area.viewport().setAutoFillBackground(False)
        return area

    def on_shown(self) -> None:
        self.controller.show()

    def on_hidden(self) -> None:
        self.controller.hide()

    def close_page(self) -> None:
        self.controller.close()
