"""The big word: verdict of the last finished part, by word, shape and colour."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.core.inspection import Verdict
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme

WORD_SHARE = 0.86
"""Font size of the word by the banner's height: capitals are two thirds of that."""


def verdict_word(verdict: Verdict) -> str:
    """As it is shown; upper case."""
    words = {
        Verdict.PASS: QCoreApplication.translate("Verdict", "PASS"),
        Verdict.REVIEW: QCoreApplication.translate("Verdict", "REVIEW"),
        Verdict.FAIL: QCoreApplication.translate("Verdict", "FAIL"),
        Verdict.INVALID: QCoreApplication.translate("Verdict", "INVALID"),
        Verdict.NO_PART: QCoreApplication.translate("Verdict", "NO PART"),
    }
    return words[verdict]


class VerdictBanner(QWidget):
    """A band in the verdict's colour: shape, word, and lines of facts at the right."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._verdict: Verdict | None = None
        self._facts: tuple[str, ...] = ()
        self._empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_verdict(self, verdict: Verdict | None, facts: tuple[str, ...] = ()) -> None:
        """None: no part yet. Of ``facts`` the first is the largest."""
        self._verdict, self._facts = verdict, facts
        word = verdict_word(verdict) if verdict else self._empty
        self.setAccessibleName(". ".join((word, *facts)))
        self.update()

    def set_empty(self, text: str) -> None:
        """What stands there before the first part."""
        self._empty = text
        self.update()

    @property
    def verdict(self) -> Verdict | None:
        return self._verdict

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(600, 160)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        p = self._theme.palette
        colours = self._theme.verdict(self._verdict) if self._verdict else None
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.fill if colours else p.surface))
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)
        if self._verdict is None or colours is None:
            self._paint_empty(painter)
        else:
            self._paint_verdict(painter, self._verdict, QColor(colours.ink), QColor(colours.fill))
        painter.end()

    def _paint_verdict(
        self, painter: QPainter, verdict: Verdict, ink: QColor, fill: QColor
    ) -> None:
        height = self.height()
        pad = height * 0.18
        shape = QRectF(pad, pad, height - 2 * pad, height - 2 * pad)
        paint_shape(painter, verdict, shape, fill=ink, ink=fill)
        left = shape.right() + pad
        facts_width = self._facts_width()
        room = self.width() - left - facts_width - pad
        word = verdict_word(verdict)
        painter.setFont(self._fitting(word, room))
        painter.setPen(ink)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, 0, room, height), middle | Qt.AlignmentFlag.AlignLeft, word)
        self._paint_facts(painter, ink, facts_width)

    def _fitting(self, word: str, room: float) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.Bold)
        font.setPixelSize(max(12, round(self.height() * WORD_SHARE)))
        wide = QFontMetricsF(font).horizontalAdvance(word)
        if wide > room > 0:
            font.setPixelSize(max(12, int(font.pixelSize() * room / wide)))
        return font

    def _facts_width(self) -> float:
        return min(self.width() * 0.34, 420.0) if self._facts else 0.0

    def _paint_facts(self, painter: QPainter, ink: QColor, width: float) -> None:
        painter.setPen(ink)
        sizes = [0.21, *[0.14] * len(self._facts)][: len(self._facts)]
        heights = [self.height() * size * 1.32 for size in sizes]
        top = (self.height() - sum(heights)) / 2
        right = self.width() - self.height() * 0.18
        align = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for i, (text, size, tall) in enumerate(zip(self._facts, sizes, heights, strict=True)):
            font = QFont(self.font())
            font.setPixelSize(max(12, round(self.height() * size)))
            font.setWeight(QFont.Weight.DemiBold if i == 0 else QFont.Weight.Normal)
            painter.setFont(font)
            elided = QFontMetricsF(font).elidedText(text, Qt.TextElideMode.ElideRight, width)
            painter.drawText(QRectF(right - width, top, width, tall), align, elided)
            top += tall

    def _paint_empty(self, painter: QPainter) -> None:
        font = QFont(self.font())
        font.setPixelSize(max(14, round(self.height() * 0.2)))
        painter.setFont(font)
        painter.setPen(QColor(self._theme.palette.muted))
        painter.drawText(QRectF(self.rect()), Qt.AlignmentFlag.AlignCenter, self._empty)
