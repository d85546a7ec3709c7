"""One rejected part looked at in large, beside the line that goes on; passive."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from inspector.core.inspection import Verdict
from inspector.gui.overlay import OverlayOptions
from inspector.gui.runs.events import Shown
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.picture import PictureView

MARK = 38


class VerdictMark(QWidget):
    """A verdict's shape in its colours, beside words."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._verdict = Verdict.INVALID
        self.setFixedSize(QSize(MARK, MARK))
        theme.changed.connect(self.update)

    def set_verdict(self, verdict: Verdict) -> None:
        self._verdict = verdict
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        colours = self._theme.verdict(self._verdict)
        painter = QPainter(self)
        place = QRectF(self.rect()).adjusted(1, 1, -1, -1)
        fill, ink = QColor(colours.fill), QColor(colours.ink)
        paint_shape(painter, self._verdict, place, fill=fill, ink=ink)
        painter.end()


class PartLook(QFrame):
    """Emits ``back_wanted`` by its button and by Escape."""

    back_wanted = Signal()

    def __init__(self, theme: Theme, overlay: OverlayOptions) -> None:
        super().__init__()
        self.setObjectName("look")
        self.picture = PictureView(theme, overlay, follow_region=True)
        self.back = QPushButton(self.tr("Back to the line"))
        self.back.setProperty("touch", True)
        self.back.setProperty("kind", "primary")
        self.back.clicked.connect(lambda checked=False: self.back_wanted.emit())
        self._mark = VerdictMark(theme)
        self._title, self._facts = QLabel(), QLabel()
        self._title.setProperty("role", "title")
        self._facts.setProperty("role", "muted")
        for label in (self._title, self._facts):
            label.setTextFormat(Qt.TextFormat.PlainText)
            label.setWordWrap(True)
        self._lay_out()
        # it may never make the page larger than the line's own picture does
        self.setMinimumSize(80, 60)

    def set_part(
        self, verdict: Verdict, title: str, facts: Sequence[str], shown: Shown | None
    ) -> None:
        """``title`` in large; ``facts`` in one line that wraps."""
        self._mark.set_verdict(verdict)
        self._title.setText(title)
        self._facts.setText("   ·   ".join(facts))
        self.setAccessibleName(". ".join((title, *facts)))
        self.picture.set_empty(
            self.tr("This part's picture is no longer kept here; it is in the archive"), "details"
        )
        self.picture.set_shown(shown)

    @property
    def words(self) -> str:
        """All that it says of the part."""
        return f"{self._title.text()} {self._facts.text()}"

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() == Qt.Key.Key_Escape:
            self.back_wanted.emit()
        else:
            super().keyPressEvent(event)

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._facts)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self._mark)
        row.addLayout(words, 1)
        row.addWidget(self.back)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 10, 12, 12)
        layout.setSpacing(10)
        layout.addLayout(row)
        layout.addWidget(self.picture, 1)
