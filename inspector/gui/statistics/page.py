"""The statistics page: view and controller together."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.pages import Page
from inspector.gui.statistics.controller import StatisticsController
from inspector.gui.statistics.view import StatisticsView


class StatisticsPage(Page):
    """See `StatisticsView` for what it shows, `StatisticsController` for how it is fed."""

    def __init__(self, context: AppContext) -> None:
        super().__init__()
        self.view = StatisticsView(context.theme)
        self.controller = StatisticsController(context, self.view)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def on_shown(self) -> None:
        self.controller.show()

    def on_hidden(self) -> None:
        self.controller.hide()

    def close_page(self) -> None:
        self.controller.hide()
        self.controller.exporting.close()
