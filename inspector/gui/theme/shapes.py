"""The shape of each verdict: read without colour, from five metres."""

from __future__ import annotations

import math

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen, QPolygonF

from inspector.core.inspection import Verdict


def paint_shape(
    painter: QPainter, verdict: Verdict, rect: QRectF, *, fill: QColor, ink: QColor
) -> None:
    """A filled outline with a sign in it, in the largest square of ``rect``.

    PASS disc and tick, REVIEW triangle and question mark, FAIL octagon and cross,
    INVALID square and exclamation mark, NO_PART ring.
    """
    edge = min(rect.width(), rect.height())
    box = QRectF(0, 0, edge, edge)
    box.moveCenter(rect.center())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(Qt.BrushStyle.NoBrush if verdict is Verdict.NO_PART else fill)
    if verdict is Verdict.NO_PART:
        painter.setPen(QPen(fill, edge * 0.09))
    painter.drawPath(outline(verdict, box))
    painter.setPen(_pen(ink, edge * 0.115))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPath(_sign(verdict, box))
    painter.restore()


def outline(verdict: Verdict, box: QRectF) -> QPainterPath:
    """The verdict's outline in a square."""
    path = QPainterPath()
    match verdict:
        case Verdict.PASS:
            path.addEllipse(box)
        case Verdict.NO_PART:
            path.addEllipse(box.adjusted(*_inset(box, 0.12)))
        case Verdict.FAIL:
            path.addPolygon(_octagon(box))
        case Verdict.REVIEW:
            path.addPolygon(_triangle(box))
        case Verdict.INVALID:
            path.addRoundedRect(
                box.adjusted(*_inset(box, 0.05)), box.width() * 0.1, box.width() * 0.1
            )
    path.closeSubpath()
    return path


def _inset(box: QRectF, share: float) -> tuple[float, float, float, float]:
    d = box.width() * share
    return (d, d, -d, -d)


def _octagon(box: QRectF) -> QPolygonF:
    r = box.width() / 2 / math.cos(math.pi / 8)
    c = box.center()
    angles = [math.pi / 8 + i * math.pi / 4 for i in range(8)]
    return QPolygonF([QPointF(c.x() + r * math.cos(a), c.y() + r * math.sin(a)) for a in angles])


def _triangle(box: QRectF) -> QPolygonF:
    w, x, y = box.width(), box.left(), box.top()
    points = [(0.5, 0.03), (1.0, 0.93), (0.0, 0.93)]
    return QPolygonF([QPointF(x + px * w, y + py * w) for px, py in points])


def _sign(verdict: Verdict, box: QRectF) -> QPainterPath:
    path = QPainterPath()
    match verdict:
        case Verdict.PASS:
            _lines(path, box, [[(0.27, 0.52), (0.44, 0.68), (0.74, 0.34)]])
        case Verdict.FAIL:
            _lines(path, box, [[(0.32, 0.32), (0.68, 0.68)], [(0.68, 0.32), (0.32, 0.68)]])
        case Verdict.REVIEW:
            path = _question(box)
        case Verdict.INVALID:
            _lines(path, box, [[(0.5, 0.25), (0.5, 0.56)], [(0.5, 0.745), (0.5, 0.75)]])
        case Verdict.NO_PART:
            pass
    return path


def _question(box: QRectF) -> QPainterPath:
    def at(x: float, y: float) -> QPointF:
        return QPointF(box.left() + x * box.width(), box.top() + y * box.width())

    path = QPainterPath(at(0.40, 0.45))
    path.cubicTo(at(0.40, 0.30), at(0.61, 0.30), at(0.61, 0.46))
    path.cubicTo(at(0.61, 0.56), at(0.50, 0.55), at(0.50, 0.655))
    path.moveTo(at(0.50, 0.805))
    path.lineTo(at(0.50, 0.81))
    return path


def _lines(path: QPainterPath, box: QRectF, lines: list[list[tuple[float, float]]]) -> None:
    for line in lines:
        points = [
            QPointF(box.left() + x * box.width(), box.top() + y * box.width()) for x, y in line
        ]
        path.moveTo(points[0])
        for point in points[1:]:
            path.lineTo(point)


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(
        colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin
    )
