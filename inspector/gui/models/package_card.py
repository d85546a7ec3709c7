"""A package in the gallery: a card that is a button, with what people choose by."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractButton, QWidget

from inspector.gui.models.state import CardState, Check
from inspector.gui.theme import icons
from inspector.gui.theme.theme import Theme

WIDTH, HEIGHT = 236, 128
_PAD = 14


class PackageCard(QAbstractButton):
    """Painted: five lines of text and two badges, no child widgets."""

    def __init__(self, state: CardState, theme: Theme) -> None:
        super().__init__()
        self.state = state
        self._theme = theme
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMinimumSize(WIDTH, HEIGHT)
        name = f"{state.category} {state.version}"
        self.setAccessibleName(f"{name}, {self._badge()[0]}".strip(", "))
        self.setToolTip(str(state.path))
        theme.changed.connect(self.update)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(WIDTH, HEIGHT)

    def _badge(self) -> tuple[str, str, str]:
        """Word, icon and colour of what is known of it."""
        p = self._theme.palette
        return {
            Check.UNKNOWN: (self.tr("not verified here"), "details", p.muted),
            Check.CHECKING: (self.tr("verifying …"), "refresh", p.muted),
            Check.PASSED: (self.tr("verified"), "acknowledge", p.good),
            Check.BROKEN: (self.tr("broken"), "warning", p.danger),
        }[self.state.check]

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        p, s = self._theme.palette, self.state
        width = self.width() - 2 * _PAD
        self._text(painter, 12, s.category, p.text, size=17, bold=True, width=width)
        version = self.tr("version %1").replace("%1", s.version)
        self._text(painter, 36, version, p.muted, width=width)
        self._text(painter, 58, s.summary, p.text, width=width)
        self._text(painter, 78, s.method, p.muted, size=12, width=width)
        self._paint_badges(painter)
        painter.end()

    def _paint_ground(self, painter: QPainter) -> None:
        p = self._theme.palette
        line = p.accent if self.isChecked() else p.line
        if self.hasFocus():
            line = p.focus
        painter.setPen(QPen(QColor(line), 2 if self.isChecked() or self.hasFocus() else 1))
        painter.setBrush(QColor(p.raised if self.isChecked() or self.underMouse() else p.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 10, 10)

    def _text(
        self,
        painter: QPainter,
        top: int,
        text: str,
        colour: str,
        *,
        width: int,
        size: int = 13,
        bold: bool = False,
    ) -> None:
        font = self.font()
        font.setPixelSize(size)
        font.setBold(bold)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        elided = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
        painter.drawText(_PAD, top + painter.fontMetrics().ascent(), elided)

    def _paint_badges(self, painter: QPainter) -> None:
        word, icon, colour = self._badge()
        top = self.height() - 28
        icons.icon_renderer(icon, colour).render(painter, QRectF(_PAD, top, 16, 16))
        font = self.font()
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(QColor(colour))
        painter.drawText(_PAD + 22, top + 13, word)
        if self.state.on_line:
            self._paint_on_line(painter, top)

    def _paint_on_line(self, painter: QPainter, top: int) -> None:
        p = self._theme.palette
        text = self.tr("on the line")
        width = painter.fontMetrics().horizontalAdvance(text) + 18
        chip = QRectF(self.width() - _PAD - width, top - 3, width, 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(p.accent))
        painter.drawRoundedRect(chip, 11, 11)
        painter.setPen(QColor(p.on_accent))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, text)


class CardGrid(QWidget):
    """Cards in as many columns as there is room for."""

    GAP = 12

    def __init__(self) -> None:
        super().__init__()
        self._cards: list[PackageCard] = []

    @property
    def cards(self) -> tuple[PackageCard, ...]:
        return tuple(self._cards)

    def set_cards(self, cards: list[PackageCard]) -> None:
        """Takes them over; the former ones go."""
        for former in self._cards:
            former.setParent(None)
            former.deleteLater()
        self._cards = cards
        for made in cards:
            made.setParent(self)
            made.show()
        self._place()

    def resizeEvent(self, event: object) -> None:  # noqa: N802 - Qt's name
        self._place()

    def _place(self) -> None:
        columns = max(1, (self.width() + self.GAP) // (WIDTH + self.GAP))
        width = min(340, (self.width() - (columns - 1) * self.GAP) // columns)
        for index, made in enumerate(self._cards):
            row, place = divmod(index, columns)
            x, y = place * (width + self.GAP), row * (HEIGHT + self.GAP)
            made.setGeometry(x, y, max(WIDTH, width), HEIGHT)
        rows = -(-len(self._cards) // columns)
        self.setMinimumHeight(max(0, rows * (HEIGHT + self.GAP) - self.GAP))
