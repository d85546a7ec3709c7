"""The live page: view and controller together."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.live.controller import LiveController
from inspector.gui.live.view import LiveView
from inspector.gui.pages import Page


class LivePage(Page):
    """See `LiveView` for what it shows, `LiveController` for how it is fed."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.view = LiveView(context.theme, context.overlay)
        self.controller = LiveController(context, self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def close_page(self) -> None:
        self.controller.close()
