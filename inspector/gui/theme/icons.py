"""Icons as strokes on a 24×24 grid, drawn in the theme's colours at any size."""

from __future__ import annotations

from types import MappingProxyType

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

STROKES = MappingProxyType(
    {
        "lock": "M6 11h12v9H6z M8.5 11V8a3.5 3.5 0 0 1 7 0v3 M12 14.5v2",
        "unlock": "M6 11h12v9H6z M8.5 11V8a3.5 3.5 0 0 1 6.6-1.6 M12 14.5v2",
        "erase": "M9 6h11v12H9l-5.5-6z M12 9.5l5 5 M17 9.5l-5 5",
        "live": "M3 7h11v10H3z M14 10.5l6-3.5v10l-6-3.5",
        "replay": "M4 4v5h5 M4.6 9a8 8 0 1 1-.6 5 M10 9.5v5l4.5-2.5z",
        "statistics": "M4 20V4 M4 20h16 M8 16v-4 M12 16V8 M16 16v-6",
        "history": "M12 4a8 8 0 1 1-7.4 5 M4 4v5h5 M12 8v4.5l3 2",
        "models": "M12 3l8 4.5v9L12 21l-8-4.5v-9z M4 7.5l8 4.5 8-4.5 M12 12v9",
        "jobs": "M8 4h8v3H8z M16 5.5h3V21H5V5.5h3 M8.5 12h7 M8.5 16h5",
        "sources": "M4 8h3l1.5-2.5h7L17 8h3v11H4z "
        "M12 16.5a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4z",
        "start": "M8 5l11 7-11 7z",
        "stop": "M6.5 6.5h11v11h-11z",
        "pause": "M8.5 5.5v13 M15.5 5.5v13",
        "acknowledge": "M5 12.5l4.5 4.5L19 7.5",
        "more": "M5 12h.01 M12 12h.01 M19 12h.01",
        "menu": "M4 7h16 M4 12h16 M4 17h16",
        "close": "M6 6l12 12 M18 6L6 18",
        "details": "M12 8h.01 M12 11.5V16 M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
        "info": "M12 8h.01 M12 11.5V16 M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z",
        "warning": "M12 4l9 16H3z M12 10v4.5 M12 17.5h.01",
        "alarm": "M8.5 3h7L21 8.5v7L15.5 21h-7L3 15.5v-7z M12 8v5 M12 16.5h.01",
        "theme": "M12 3.5a8.5 8.5 0 1 0 0 17z M12 3.5a8.5 8.5 0 0 1 0 17",
        "overlay": "M12 4l8.5 4.5L12 13 3.5 8.5z M4 12.5l8 4.3 8-4.3 M4 16l8 4.3 8-4.3",
        "fullscreen": "M4 9V4h5 M20 9V4h-5 M4 15v5h5 M20 15v5h-5",
        "quit": "M13 4H5v16h8 M10 12h10 M16.5 8.5L20 12l-3.5 3.5",
        "camera": "M3 7h11v10H3z M14 10.5l6-3.5v10l-6-3.5",
        "processor": "M7 7h10v10H7z M10 3v4 M14 3v4 M10 17v4 M14 17v4 "
        "M3 10h4 M3 14h4 M17 10h4 M17 14h4",
        "disk": "M4 6.5C4 5 7.6 4 12 4s8 1 8 2.5S16.4 9 12 9 4 8 4 6.5z "
        "M4 6.5v11C4 19 7.6 20 12 20s8-1 8-2.5v-11 "
        "M4 12c0 1.5 3.6 2.5 8 2.5s8-1 8-2.5",
        "latency": "M12 6a7.5 7.5 0 1 0 0 15 7.5 7.5 0 0 0 0-15z M12 9.5v4l2.5 1.5 M10 3h4",
        "age": "M7 3h10 M7 21h10 M8 3c0 5 8 5 8 9s-8 4-8 9 M16 3c0 5-8 5-8 9s8 4 8 9",
        "drops": "M12 4c3 4 5 6.5 5 9.5a5 5 0 0 1-10 0C7 10.5 9 8 12 4z",
        "rate": "M4 17a8.5 8.5 0 1 1 16 0 M12 15l4-5",
        "left": "M14.5 6l-6 6 6 6",
        "right": "M9.5 6l6 6-6 6",
        "down": "M6 9.5l6 6 6-6",
        "up": "M6 14.5l6-6 6 6",
        "dot": "M12 11a1 1 0 1 0 0 2 1 1 0 0 0 0-2z M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
        "first": "M17 6l-6 6 6 6 M7 6v12",
        "last": "M7 6l6 6-6 6 M17 6v12",
        "search": "M10.5 4.5a6 6 0 1 0 0 12 6 6 0 0 0 0-12z M15 15l5 5",
        "open": "M3.5 6h6l2 2.5h9V19h-17z",
        "save": "M5 4h11l3 3v13H5z M8 4v5h7V4 M8 20v-6h8v6",
        "export": "M12 15V4 M8 8l4-4 4 4 M5 14v6h14v-6",
        "import": "M12 4v11 M8 11l4 4 4-4 M5 14v6h14v-6",
        "record": "M12 6.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11z",
        "add": "M12 5v14 M5 12h14",
        "delete": "M5 7h14 M9.5 7V4.5h5V7 M7 7l1 13h8l1-13",
        "edit": "M5 19l1-4L16 5l3 3L9 18z",
        "swap": "M5 8h13 M14.5 4.5L18 8l-3.5 3.5 M19 16H6 M9.5 12.5L6 16l3.5 3.5",
        "refresh": "M20 5v5h-5 M19.4 10A8 8 0 1 0 20 14",
        "filter": "M4 5h16l-6.2 7.5V19l-3.6-2v-4.5z",
        "ruler": "M4 16L16 4l4 4L8 20z M8 12l2 2 M11 9l2 2 M14 6l2 2",
        "inbox": "M4 13l3-8h10l3 8v6H4z M4 13h5l1 2.5h4l1-2.5h5",
    }
)
"""Path data of each icon; stroked, not filled, round ends."""

_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
    '<path d="{path}" fill="none" stroke="{colour}" stroke-width="{width}" '
    'stroke-linecap="round" stroke-linejoin="round"/></svg>'
)


def icon_renderer(name: str, colour: str, *, width: float = 1.7) -> QSvgRenderer:
    """Raises KeyError for an unknown name."""
    return QSvgRenderer(QByteArray(svg(name, colour, width=width).encode()))


def svg(name: str, colour: str, *, width: float = 1.7) -> str:
    """Raises KeyError for an unknown name."""
    return _SVG.format(path=STROKES[name], colour=colour, width=width)


def pixmap(name: str, colour: str, size: int, *, ratio: float = 1.0) -> QPixmap:
    """``size`` in logical pixels, sharp at the device pixel ratio."""
    edge = round(size * ratio)
    image = QPixmap(QSize(edge, edge))
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    icon_renderer(name, colour).render(painter, QRectF(0, 0, edge, edge))
    painter.end()
    image.setDevicePixelRatio(ratio)
    return image


def icon(name: str, colour: str, disabled: str, *, active: str | None = None) -> QIcon:
    """``active`` is the colour while checked, where it differs."""
    result = QIcon()
    for size in (20, 28, 40, 56):
        result.addPixmap(pixmap(name, colour, size), QIcon.Mode.Normal, QIcon.State.Off)
        result.addPixmap(pixmap(name, active or colour, size), QIcon.Mode.Normal, QIcon.State.On)
        result.addPixmap(pixmap(name, disabled, size), QIcon.Mode.Disabled)
    return result
