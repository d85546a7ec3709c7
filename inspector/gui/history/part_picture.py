"""The archived picture of a part with the places that were found in it."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from inspector.core.frame import Image
from inspector.core.geometry import Affine, Box
from inspector.core.inspection import Defect
from inspector.gui.theme import icons
from inspector.gui.theme.theme import Theme
from inspector.gui.widgets.fit import device_size, fitted, paint_ground
from inspector.gui.widgets.picture import to_qimage
from inspector.vision.overlay import Marks, OverlayStyle, render

_STYLE = OverlayStyle(heat=False, contours=False, boxes=True)


class PartPicture(QWidget):
    """Keeps its aspect; words where there is no picture."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self._theme = theme
        self._picture: Image | None = None
        self._defects: tuple[Defect, ...] = ()
        self._marked = True
        self._drawn: QImage | None = None
        self._text, self._icon = "", "inbox"
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(160, 120)
        self.setAccessibleName(self.tr("Picture of the part"))
        theme.changed.connect(self.update)

    def set_picture(self, picture: Image, defects: tuple[Defect, ...]) -> None:
        """uint8 (H, W, 3) BGR; boxes in its pixels."""
        self._picture, self._defects, self._drawn = picture, defects, None
        self.setAccessibleDescription("")
        self.update()

    def set_words(self, text: str, icon: str = "inbox") -> None:
        """In place of a picture."""
        self._picture, self._drawn = None, None
        self._text, self._icon = text, icon
        self.setAccessibleDescription(text)
        self.update()

    def mark(self, marked: bool) -> None:  # noqa: FBT001 - a slot
        """Whether the places are drawn over the picture."""
        self._marked, self._drawn = marked, None
        self.update()

    @property
    def picture(self) -> Image | None:
        return self._picture

    @property
    def text(self) -> str:
        """What is said in place of a picture; empty where there is one."""
        return "" if self._picture is not None else self._text

    def sizeHint(self) -> QSize:  # noqa: N802 - Qt's name
        return QSize(480, 270)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802 - Qt's name
        self._drawn = None

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802 - Qt's name
        painter = QPainter(self)
        paint_ground(painter, self, self._theme.palette.sunken)
        if self._picture is None:
            self._paint_words(painter)
        else:
            self._paint_picture(painter, self._picture)
        painter.end()

    def _paint_picture(self, painter: QPainter, picture: Image) -> None:
        height, width = picture.shape[:2]
        target = fitted(self, width, height)
        if self._drawn is None:
            size = device_size(self, target)
            marks = [Marks(None, Affine.identity(), 0.0, self._defects)]
            style = _STYLE if self._marked else None
            self._drawn = to_qimage(render(picture, Box(0, 0, width, height), size, marks, style))
        painter.drawImage(target, self._drawn)

    def _paint_words(self, painter: QPainter) -> None:
        p = self._theme.palette
        box = QRectF(0, 0, 44, 44)
        box.moveCenter(QRectF(self.rect()).center())
        box.moveTop(box.top() - 44)
        icons.icon_renderer(self._icon, p.disabled, width=1.3).render(painter, box)
        painter.setPen(QColor(p.muted))
        words = QRectF(24, box.bottom() + 10, self.width() - 48, self.height() - box.bottom() - 12)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
        painter.drawText(words, flags | Qt.TextFlag.TextWordWrap, self._text)
