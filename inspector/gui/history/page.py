"""The history page: view and controller together."""

from __future__ import annotations

from PySide6.QtWidgets import QVBoxLayout

from inspector.gui.context import AppContext
from inspector.gui.history.controller import HistoryController
from inspector.gui.history.reader import HistoryReader, RecordReader
from inspector.gui.history.view import HistoryView
from inspector.gui.pages import Page


class HistoryPage(Page):
    """See `HistoryView` for what it shows, `HistoryController` for how it is fed."""

    def __init__(self, context: AppContext, reader: HistoryReader | None = None) -> None:
        super().__init__()
        self.view = HistoryView(context.theme)
        self.controller = HistoryController(
            context, self.view, reader or RecordReader(context.paths.db)
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.view)

    def on_shown(self) -> None:
        self.controller.start()

    def on_hidden(self) -> None:
        self.controller.stop()

    def close_page(self) -> None:
        self.controller.stop()
