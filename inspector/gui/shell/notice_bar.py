"""The bar of notices above every page: never modal, cannot be overlooked."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QPushButton,
    QVBoxLayout,
)

from inspector.gui.notices import Notice, NoticeBoard, Severity
from inspector.gui.theme import icons
from inspector.gui.theme.theme import Theme

_ICONS = {Severity.INFO: "info", Severity.WARNING: "warning", Severity.ALARM: "alarm"}


class NoticeBar(QFrame):
    """Shows the gravest notice of a board, and how many more wait."""

    def __init__(self, board: NoticeBoard, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("notice")
        self._board = board
        self._theme = theme
        self._shown: Notice | None = None
        self._icon = QLabel()
        self._title, self._advice = QLabel(), QLabel()
        for label, name in ((self._title, "title"), (self._advice, "advice")):
            label.setObjectName(name)
            label.setWordWrap(True)
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._more = QLabel()
        self._details_button = self._button(self.tr("Details"), self._toggle_details)
        self._details_button.setCheckable(True)
        self._acknowledge = self._button(self.tr("Acknowledge"), self._on_acknowledge)
        self._details = QPlainTextEdit()
        self._details.setReadOnly(True)
        self._details.setAccessibleName(self.tr("Details for the engineer"))
        self._lay_out()
        board.changed.connect(self._show_gravest)
        theme.changed.connect(self._dress)
        self._show_gravest()

    def _button(self, text: str, on_click: object) -> QPushButton:
        button = QPushButton(text)
        button.setProperty("touch", True)
        button.clicked.connect(on_click)
        return button

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._title)
        words.addWidget(self._advice)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        row.addWidget(self._more)
        row.addWidget(self._details_button)
        row.addWidget(self._acknowledge)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 12, 16, 12)
        layout.setSpacing(10)
        layout.addLayout(row)
        layout.addWidget(self._details)

    def _show_gravest(self) -> None:
        notices = self._board.notices
        self.setVisible(bool(notices))
        if not notices:
            self._shown = None
            return
        notice = notices[0]
        if self._shown is None or self._shown.key != notice.key:
            self._details_button.setChecked(False)
        self._shown = notice
        self._fill(notice, len(notices) - 1)

    def _fill(self, notice: Notice, others: int) -> None:
        self._title.setText(notice.title if notice.holds else self._gone(notice.title))
        self._advice.setText(notice.advice)
        self._advice.setVisible(bool(notice.advice))
        self._more.setText(self.tr("+%n more", "", others) if others else "")
        self._more.setVisible(others > 0)
        self._details.setPlainText(notice.details)
        lines = min(8, max(1, notice.details.count("\n") + 1 + len(notice.details) // 120))
        self._details.setFixedHeight(lines * self._details.fontMetrics().lineSpacing() + 30)
        self._details_button.setVisible(bool(notice.details))
        self._acknowledge.setVisible(not notice.acknowledged)
        closes = notice.severity is Severity.INFO
        self._acknowledge.setText(self.tr("Close") if closes else self.tr("Acknowledge"))
        self.setAccessibleName(f"{notice.title}. {notice.advice}")
        self._toggle_details()
        self._dress()

    def _gone(self, title: str) -> str:
        return self.tr("%1 (over now)").replace("%1", title)

    def _dress(self) -> None:
        """A seen alarm is calm: it has no need to shout any more."""
        if self._shown is None:
            return
        severity = self._shown.severity
        level = Severity.INFO if self._shown.acknowledged else severity
        self.setProperty("severity", level.name.lower())
        p = self._theme.palette
        inks = {
            Severity.INFO: p.text,
            Severity.WARNING: p.on_warning,
            Severity.ALARM: p.on_danger,
        }
        size = QSize(44, 44)
        ratio = self.devicePixelRatioF()
        name = _ICONS[severity]
        self._icon.setPixmap(icons.pixmap(name, QColor(inks[level]).name(), 44, ratio=ratio))
        self._icon.setFixedSize(size)
        for widget in (self, self._title, self._advice, self._more):
            widget.style().unpolish(widget)
            widget.style().polish(widget)

    def _toggle_details(self) -> None:
        has = self._shown is not None and bool(self._shown.details)
        self._details.setVisible(has and self._details_button.isChecked())

    def _on_acknowledge(self) -> None:
        if self._shown is not None:
            self._board.acknowledge(self._shown.key)
