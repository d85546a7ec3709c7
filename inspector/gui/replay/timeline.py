"""The footage from its first to its last frame: scores, parts by verdict, where one is."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QHelpEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPixmap,
    QPolygonF,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from inspector.core.inspection import SEVERITY, Verdict
from inspector.core.timeline import NOT_YET, Mark, Timeline
from inspector.gui.theme.shapes import paint_shape
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.verdict import verdict_word

PAD = 12
LANE = 26
FOOT = 12
"""Height of a lane of parts, and of the row of truth markers beneath, pixels."""
CROWDED = 4
"""Pixels a part on average below which parts are no longer drawn one by one."""
SHAPE_FROM = 15.0
"""Width of a part on screen from which on it carries its shape."""


class TimelineView(QWidget):
    """Emits ``seek_wanted`` with a frame. A second timeline gets a lane of its own."""

    seek_wanted = Signal(int)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._timeline: Timeline | None = None
        self._other: Timeline | None = None
        self._frames = 0
        self._position = 0
        self._ground: QPixmap | None = None
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Timeline"))
        self.setMouseTracking(True)
        theme.changed.connect(self._renew)

    def set_timeline(
        self, timeline: Timeline | None, other: Timeline | None = None, frames: int | None = None
    ) -> None:
        """``other`` is drawn above, as the run before; ``frames`` where no run counts them yet."""
        if (timeline, other, frames or 0) == (self._timeline, self._other, self._frames):
            return
        tall = (other is None) != (self._other is None)
        self._timeline, self._other, self._frames = timeline, other, frames or 0
        if tall:
            self.updateGeometry()
        self.setAccessibleDescription(self._spoken())
        self._renew()

    def set_position(self, frame: int) -> None:
        if frame != self._position:
            self._position = frame
            self.update()

    @property
    def frame_count(self) -> int:
        known = self._timeline.frame_count if self._timeline else 0
        return max(known, self._frames)

    def frame_at(self, x: float) -> int:
        """Of a place in this widget; within the footage."""
        width = max(1, self.width() - 2 * PAD)
        share = min(max((x - PAD) / width, 0.0), 1.0)
        return min(int(share * self.frame_count), max(0, self.frame_count - 1))

    def x_of(self, frame: float) -> float:
        return PAD + frame / max(1, self.frame_count) * (self.width() - 2 * PAD)

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(600, 64 + LANE * self._lanes + FOOT)

    def minimumSizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(200, self.sizeHint().height())

    @property
    def _lanes(self) -> int:
        return 1 if self._other is None else 2

    def _renew(self) -> None:
        self._ground = None
        self.update()

    def _spoken(self) -> str:
        if self._timeline is None:
            return self.tr("No run yet")
        counts = Counter(m.verdict for m in self._timeline.marks)
        spoken = (Verdict.PASS, Verdict.FAIL, Verdict.REVIEW, Verdict.INVALID)
        return ", ".join(f"{verdict_word(v)} {counts[v]}" for v in spoken)

    # what a mouse does

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.button() is Qt.MouseButton.LeftButton and self.frame_count:
            self.setFocus(Qt.FocusReason.MouseFocusReason)
            self.seek_wanted.emit(self.frame_at(event.position().x()))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: N802 - Qt's name
        if event.buttons() & Qt.MouseButton.LeftButton and self.frame_count:
            self.seek_wanted.emit(self.frame_at(event.position().x()))

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and self.frame_count:
            text = self._tip(self.frame_at(event.pos().x()))
            QToolTip.showText(event.globalPos(), text, self)
            return True
        return super().event(event)

    def _tip(self, frame: int) -> str:
        mark = self._timeline.mark_at(frame) if self._timeline else None
        words = self.tr("Frame %1").replace("%1", f"{frame:,}")
        return f"{words}\n{mark_words(mark)}" if mark else words

    # how it is painted

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._ground = None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        if self._ground is None:
            self._ground = self._painted_ground()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.drawPixmap(0, 0, self._ground)
        if self.frame_count:
            self._paint_playhead(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(QColor(self._theme.palette.focus), 2))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(1, 1, -1, -1), 8, 8)
        painter.end()

    def _painted_ground(self) -> QPixmap:
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(round(self.width() * ratio), round(self.height() * ratio))
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        p = self._theme.palette
        painter.setPen(QPen(QColor(p.line), 1))
        painter.setBrush(QColor(p.surface))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
        if self._timeline is not None and self.frame_count:
            self._paint_scores(painter, self._timeline)
            lanes = [t for t in (self._other, self._timeline) if t is not None]
            for number, timeline in enumerate(lanes):
                self._paint_lane(painter, timeline, self._lane_top(number))
            self._paint_truth(painter, self._timeline)
        painter.end()
        return pixmap

    @property
    def _chart(self) -> QRectF:
        height = self.height() - LANE * self._lanes - FOOT - 12
        return QRectF(PAD, 8, self.width() - 2 * PAD, max(10.0, height))

    def _lane_top(self, number: int) -> float:
        return self._chart.bottom() + 4 + LANE * number

    def _paint_scores(self, painter: QPainter, timeline: Timeline) -> None:
        """The highest score of each column of pixels, T1 and T2 as lines."""
        p, chart = self._theme.palette, self._chart
        count = max(1, min(int(chart.width()), self.frame_count))
        columns = column_peaks(timeline.scores, self.frame_count, count)
        wide = chart.width() / count
        finite = columns[np.isfinite(columns)]
        if not len(finite) or not math.isfinite(timeline.t2):
            return
        top = max(float(finite.max()), timeline.t2) * 1.08
        low = min(0.0, float(finite.min()))
        scale = chart.height() / max(top - low, 1e-9)
        for column in np.flatnonzero(np.isfinite(columns)):
            tall = (float(columns[column]) - low) * scale
            left = chart.left() + float(column) * wide
            bar = QRectF(left, chart.bottom() - tall, wide + 0.5, tall)
            painter.fillRect(bar, QColor(p.accent))
        for threshold, verdict in ((timeline.t1, Verdict.REVIEW), (timeline.t2, Verdict.FAIL)):
            y = chart.bottom() - (threshold - low) * scale
            painter.setPen(QPen(QColor(self._theme.verdict(verdict).tint), 1, Qt.PenStyle.DashLine))
            painter.drawLine(QPointF(chart.left(), y), QPointF(chart.right(), y))

    def _paint_lane(self, painter: QPainter, timeline: Timeline, top: float) -> None:
        self._paint_unseen(painter, timeline, top)
        parts = [m for m in timeline.marks if m.verdict is not None]
        if len(parts) > (self.width() - 2 * PAD) / CROWDED:
            self._paint_crowd(painter, parts, top)
            return
        # the most severe last: where parts are narrower than a pixel it is what shows
        for mark in sorted(parts, key=_severity):
            verdict = mark.verdict
            if verdict is not None:
                self._paint_part(painter, mark, verdict, top)

    def _paint_unseen(self, painter: QPainter, timeline: Timeline, top: float) -> None:
        left = self.x_of(int(np.count_nonzero(timeline.codes != NOT_YET)))
        right = self.x_of(self.frame_count)
        painter.fillRect(
            QRectF(PAD, top, self.width() - 2 * PAD, LANE - 4),
            QColor(self._theme.palette.sunken),
        )
        if right - left > 1:
            brush = QColor(self._theme.palette.line)
            painter.fillRect(QRectF(left, top, right - left, LANE - 4), brush)

    def _paint_crowd(self, painter: QPainter, parts: list[Mark], top: float) -> None:
        """More parts than can be told apart: the worst of each column of pixels."""
        columns = max(1, self.width() - 2 * PAD)
        for column, verdict in enumerate(column_verdicts(parts, self.frame_count, columns)):
            if verdict is not None:
                self._paint_bar(painter, verdict, QRectF(PAD + column, top, 1, LANE - 4))

    def _paint_part(self, painter: QPainter, mark: Mark, verdict: Verdict, top: float) -> None:
        colours = self._theme.verdict(verdict)
        left = self.x_of(mark.first_frame)
        width = max(1.5, self.x_of(mark.last_frame + 1) - left - 1)
        box = QRectF(left, top, width, LANE - 4)
        if width >= SHAPE_FROM:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.fill))
            painter.drawRoundedRect(box, 4, 4)
            edge = min(16.0, width - 4, box.height() - 4)
            place = QRectF(0, 0, edge, edge)
            place.moveCenter(box.center())
            paint_shape(painter, verdict, place, fill=QColor(colours.ink), ink=QColor(colours.fill))
        else:
            self._paint_bar(painter, verdict, box)

    def _paint_bar(self, painter: QPainter, verdict: Verdict, box: QRectF) -> None:
        """Too narrow for a shape: the worse, the taller."""
        share = {Verdict.PASS: 0.35, Verdict.REVIEW: 0.7, Verdict.INVALID: 0.85}
        tall = box.height() * share.get(verdict, 1.0)
        place = QRectF(box.left(), box.bottom() - tall, box.width(), tall)
        painter.fillRect(place, QColor(self._theme.verdict(verdict).tint))

    def _paint_truth(self, painter: QPainter, timeline: Timeline) -> None:
        """A diamond under each part that the truth says otherwise of."""
        p = self._theme.palette
        y = self._lane_top(self._lanes - 1) + LANE + 2
        for mark in timeline.marks:
            if mark.disagrees:
                x = self.x_of((mark.first_frame + mark.last_frame + 1) / 2)
                points = [(0, -5), (5, 0), (0, 5), (-5, 0)]
                painter.setPen(QPen(QColor(p.surface), 1))
                painter.setBrush(QColor(p.warning))
                painter.drawPolygon(QPolygonF([QPointF(x + dx, y + dy) for dx, dy in points]))

    def _paint_playhead(self, painter: QPainter) -> None:
        p = self._theme.palette
        x = self.x_of(self._position + 0.5)
        painter.setPen(QPen(QColor(p.surface), 4))
        painter.drawLine(QPointF(x, 4), QPointF(x, self.height() - 4))
        painter.setPen(QPen(QColor(p.text), 2))
        painter.drawLine(QPointF(x, 4), QPointF(x, self.height() - 4))
        painter.setPen(QPen(QColor(p.surface), 1))
        painter.setBrush(QColor(p.text))
        painter.drawPolygon(QPolygonF([QPointF(x - 6, 3), QPointF(x + 6, 3), QPointF(x, 11)]))


def mark_words(mark: Mark) -> str:
    """A part in a line: number, verdict, score."""
    part = mark.part
    if part is None:
        return "–"
    score = f", {part.score:.3f}" if math.isfinite(part.score) else ""
    return f"{part.part_index + 1:,}: {verdict_word(part.verdict)}{score}"


def column_peaks(scores: np.ndarray, frames: int, columns: int) -> np.ndarray:
    """float (columns,): the highest finite score of each, NaN for none.

    ``frames`` is how many the whole width stands for (at least those of ``scores``).
    """
    peaks = np.full(columns, -np.inf)
    finite = np.flatnonzero(np.isfinite(scores))
    if len(finite):
        first = finite * columns // max(1, frames)
        np.maximum.at(peaks, np.minimum(first, columns - 1), scores[finite])
    peaks[np.isneginf(peaks)] = np.nan
    return peaks


def column_verdicts(marks: Sequence[Mark], frames: int, columns: int) -> list[Verdict | None]:
    """The most severe verdict of the parts that reach into each column; None for none."""
    worst = np.full(columns, -1)
    spans = np.array([(m.first_frame, m.last_frame, _severity(m)) for m in marks], np.int64)
    if not len(spans):
        return [None] * columns
    left, right = (np.minimum(spans[:, i] * columns // max(1, frames), columns - 1) for i in (0, 1))
    for offset in range(int((right - left).max()) + 1):
        reached = left + offset <= right
        np.maximum.at(worst, left[reached] + offset, spans[reached, 2])
    by_severity = {severity: verdict for verdict, severity in SEVERITY.items()}
    return [by_severity.get(int(severity)) for severity in worst]


def _severity(mark: Mark) -> int:
    return SEVERITY[mark.verdict] if mark.verdict is not None else 0
