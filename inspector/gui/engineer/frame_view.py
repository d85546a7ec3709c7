"""A frame at display size, nothing over it; or words where there is none."""

from __future__ import annotations

import cv2
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.core.frame import Image
from inspector.gui.theme import icons
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.fit import device_size, fitted, paint_ground
from inspector.gui.widgets.picture import to_qimage


class FrameView(QWidget):
    """Drawn when the window system asks for it: only the newest frame costs anything."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._image: Image | None = None
        self._text, self._icon, self._danger = "", "camera", False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Preview"))
        theme.changed.connect(self.update)

    def set_image(self, image: Image | None) -> None:
        """uint8 (H, W, 3) BGR; None: the words stand there."""
        self._image = image
        self.update()

    def set_words(self, text: str, icon: str = "camera", *, danger: bool = False) -> None:
        """What is said where there is no picture."""
        self._text, self._icon, self._danger = text, icon, danger
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(640, 400)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        paint_ground(painter, self, self._theme.palette.sunken)
        if self._image is None:
            self._paint_words(painter)
        else:
            self._paint_image(painter, self._image)
        painter.end()

    def _paint_image(self, painter: QPainter, image: Image) -> None:
        height, width = image.shape[:2]
        target = fitted(self, width, height)
        size = device_size(self, target)
        if size[0] < width:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(target, to_qimage(image))

    def _paint_words(self, painter: QPainter) -> None:
        p = self._theme.palette
        edge = max(24.0, min(64.0, self.height() / 5))
        middle = QRectF(self.rect()).center()
        box = QRectF(middle.x() - edge / 2, middle.y() - edge, edge, edge)
        colour = p.danger if self._danger else p.disabled
        icons.icon_renderer(self._icon, colour, width=1.3).render(painter, box)
        font = QFont(self.font())
        font.setPixelSize(15)
        painter.setFont(font)
        painter.setPen(QColor(p.text if self._danger else p.muted))
        words = QRectF(24, box.bottom() + 12, self.width() - 48, self.height() - box.bottom() - 16)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(words, flags | Qt.TextFlag.TextWordWrap, self._text)
