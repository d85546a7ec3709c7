"""The models page: view and controller together."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.models.controller import ModelsController
from inspector.gui.models.view import ModelsView
from inspector.gui.pages import Page


class ModelsPage(Page):
    """See `ModelsView` for what it shows, `ModelsController` for how it is fed."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.view = ModelsView(context.theme)
        self.controller = ModelsController(context, self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def on_shown(self) -> None:
        """Packages may have come meanwhile."""
        self.controller.refresh()
