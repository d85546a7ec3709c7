"""The big word: verdict of the last finished part, by word, shape and colour."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.core.inspection import Verdict
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme

WORD_SHARE = 0.86
"""Font size of the word by the banner's height: capitals are two thirds of that."""
PAST_SHARE, PAST_LINE_SHARE = 0.42, 0.24
"""Font sizes of the two lines of what is past."""


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


@dataclass(frozen=True, slots=True)
class Past:
    """Why the verdict is not of now: ``headline`` is what holds instead, ``line`` says
    which part the verdict was of."""

    headline: str
    line: str


class VerdictBanner(QWidget):
    """A band in the verdict's colour: shape, word, and lines of facts at the right.

    A verdict that is *past* loses band, colour and size: from afar nobody may take the
    last good part for a line that inspects.
    """

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._verdict: Verdict | None = None
        self._facts: tuple[str, ...] = ()
        self._past: Past | None = None
        self._empty = ""
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def set_verdict(self, verdict: Verdict | None, facts: tuple[str, ...] = ()) -> None:
        """None: no part yet. Of ``facts`` the first is the largest. It is of now."""
        self._verdict, self._facts, self._past = verdict, facts, None
        self._tell()

    def set_past(self, past: Past | None) -> None:
        """Until the next ``set_verdict``; without a verdict there is nothing past."""
        if past != self._past:
            self._past = past
            self._tell()

    def set_empty(self, text: str) -> None:
        """What stands there before the first part."""
        self._empty = text
        self.update()

    @property
    def verdict(self) -> Verdict | None:
        return self._verdict

    @property
    def past(self) -> Past | None:
        """None: the verdict is of now."""
        return self._past if self._verdict else None

    def _tell(self) -> None:
        word = verdict_word(self._verdict) if self._verdict else self._empty
        before = (self.past.headline, self.past.line) if self.past else ()
        self.setAccessibleName(". ".join((*before, word, *self._facts)))
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(600, 160)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if self._verdict is None:
            self._paint_ground(painter, self._theme.palette.surface)
            self._paint_empty(painter)
        elif self._past is not None:
            self._paint_ground(painter, self._theme.palette.surface)
            self._paint_past(painter, self._verdict, self._past)
        else:
            colours = self._theme.verdict(self._verdict)
            self._paint_ground(painter, colours.fill)
            self._paint_verdict(painter, self._verdict, QColor(colours.ink), QColor(colours.fill))
        painter.end()

    def _paint_ground(self, painter: QPainter, colour: str) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colour))
        painter.drawRoundedRect(QRectF(self.rect()), 10, 10)

    def _paint_past(self, painter: QPainter, verdict: Verdict, past: Past) -> None:
        """What holds now in large, the verdict that was in small and in no colour."""
        p, height = self._theme.palette, self.height()
        painter.setPen(QPen(QColor(p.strong_line), 2, Qt.PenStyle.DashLine))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 9, 9)
        pad = height * 0.18
        facts_width = self._facts_width()
        room = self.width() - 3 * pad - facts_width
        headline = QRectF(pad, height * 0.10, room, height * 0.46)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.setFont(self._fitting(past.headline, room, PAST_SHARE))
        painter.setPen(QColor(p.text))
        painter.drawText(headline, align, past.headline)
        line = QRectF(pad, height * 0.58, room, height * 0.30)
        self._paint_past_line(painter, line, verdict, past.line)
        self._paint_facts(painter, QColor(p.muted), facts_width)

    def _paint_past_line(
        self, painter: QPainter, place: QRectF, verdict: Verdict, words: str
    ) -> None:
        muted = QColor(self._theme.palette.muted)
        edge = place.height() * 0.72
        shape = QRectF(place.left() + 2, 0, edge, edge)
        shape.moveCenter(QPointF(shape.center().x(), place.center().y()))
        paper = QColor(self._theme.palette.surface)
        paint_shape(painter, verdict, shape, fill=muted, ink=paper)
        text = QRectF(place)
        text.setLeft(shape.right() + edge * 0.5)
        painter.setFont(self._fitting(words, text.width(), PAST_LINE_SHARE))
        painter.setPen(muted)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(text, align, words)

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
        painter.setFont(self._fitting(word, room, WORD_SHARE))
        painter.setPen(ink)
        middle = Qt.AlignmentFlag.AlignVCenter
        painter.drawText(QRectF(left, 0, room, height), middle | Qt.AlignmentFlag.AlignLeft, word)
        self._paint_facts(painter, ink, facts_width)

    def _fitting(self, word: str, room: float, share: float) -> QFont:
        font = QFont(self.font())
        font.setWeight(QFont.Weight.Bold)
        font.setPixelSize(max(12, round(self.height() * share)))
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
