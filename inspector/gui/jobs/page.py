"""The jobs page: view and controller together."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.jobs.controller import JobsController
from inspector.gui.jobs.view import JobsView
from inspector.gui.pages import Page


class JobsPage(Page):
    """See `JobsView` for what it shows, `JobsController` for how it is fed."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.view = JobsView(context.theme)
        self.controller = JobsController(context, self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def on_shown(self) -> None:
        """See `Page`."""
        self.controller.on_shown()

    def on_hidden(self) -> None:
        """A picture nobody sees must not hold a camera."""
        self.controller.pictures.picture.stop()

    def close_page(self) -> None:
        """See `Page`."""
        self.controller.close()
