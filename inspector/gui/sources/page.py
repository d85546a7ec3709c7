"""The sources page: view and controller together."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.pages import Page
from inspector.gui.sources.controller import SourcesController
from inspector.gui.sources.view import SourcesView


class SourcesPage(Page):
    """See `SourcesView` for what it shows, `SourcesController` for how it is fed."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.view = SourcesView(context.theme)
        self.controller = SourcesController(context, self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def on_shown(self) -> None:
        """See `Page`."""
        self.controller.on_shown()

    def on_hidden(self) -> None:
        """A preview nobody sees must not hold a camera."""
        self.controller.stop()

    def close_page(self) -> None:
        """See `Page`."""
        self.controller.close()
