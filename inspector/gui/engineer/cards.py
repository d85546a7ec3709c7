"""Small building blocks of the engineer's pages."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QFormLayout,
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

FIELD_HEIGHT = 36
"""Of a line edit under the stylesheet."""


def label(text: str = "", role: str = "", *, wrap: bool = False) -> QLabel:
    """Plain text always: what stands in files must not become markup."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


def card(title: str, *content: QWidget) -> QFrame:
    """A framed group with a caption (none for an empty title)."""
    frame = QFrame()
    frame.setProperty("card", True)
    column = QVBoxLayout(frame)
    column.setContentsMargins(14, 12, 14, 14)
    column.setSpacing(8)
    if title:
        column.addWidget(label(title, "caption"))
    for widget in content:
        column.addWidget(widget)
    return frame


def scrolling(content: QWidget) -> QScrollArea:
    """Vertically, never sideways."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    return area


def column(*widgets: QWidget, spacing: int = 12, stretch: bool = True) -> QWidget:
    """Widgets below one another, the rest of the space after them."""
    holder = QWidget()
    layout = QVBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for widget in widgets:
        layout.addWidget(widget)
    if stretch:
        layout.addStretch(1)
    holder.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
    return holder


def set_role(target: QLabel, role: str) -> None:
    """Changes the role of a label that is shown already."""
    if target.property("role") != role:
        target.setProperty("role", role)
        target.style().unpolish(target)
        target.style().polish(target)


def level(form: QFormLayout) -> None:
    """Puts every label on the level of its field's text."""
    for index in range(form.rowCount()):
        item = form.itemAt(index, QFormLayout.ItemRole.LabelRole)
        widget = item.widget() if item is not None else None
        if widget is not None:
            widget.setMinimumHeight(FIELD_HEIGHT)


def sentence(text: str) -> str:
    """With a capital at its beginning: errors begin small. Addresses stay as they are."""
    first = text.partition(" ")[0]
    return text[:1].upper() + text[1:] if first.rstrip(",:").isalpha() else text


def button(text: str, on_click: object, kind: str = "") -> QPushButton:
    """A plain push button."""
    made = QPushButton(text)
    made.setProperty("kind", kind)
    made.clicked.connect(lambda checked=False: on_click())  # type: ignore[operator]
    return made


def row(*widgets: QWidget, stretch: int = -1) -> QWidget:
    """Side by side; ``stretch`` is the index of the one that takes the space."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(8)
    for index, widget in enumerate(widgets):
        layout.addWidget(widget, 1 if index == stretch else 0)
    if stretch < 0:
        layout.addStretch(1)
    return holder
