"""Who are you: names to touch, a PIN pad. Floats over the page; the line goes on."""

from __future__ import annotations

import math

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from inspector.errors import InspectorError, TooSoonError
from inspector.gui.engineer.cards import label, set_role
from inspector.gui.people.access import WindowAccess
from inspector.gui.people.pin_pad import PinPad
from inspector.gui.theme.theme import Theme
from inspector.station.people import Access

SIZE = QSize(640, 500)
SECOND_MS = 1000


class UnlockPanel(QFrame):
    """Child of the window's ground; hidden until ``ask``."""

    def __init__(self, access: WindowAccess, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("unlock")
        self._access, self._theme = access, theme
        self._ground = parent
        self._wait_s = 0
        self.title = label(self.tr("Who are you?"), "title")
        self.why = label("", "muted", wrap=True)
        self.message = label("", "muted", wrap=True)
        self.message.setMinimumHeight(44)
        self.pad = PinPad(theme)
        self.pad.entered.connect(self._try)
        self.cancel = QPushButton(self.tr("Cancel"))
        self.cancel.setProperty("touch", True)
        self.cancel.clicked.connect(self.close_panel)
        self.names: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._group.buttonClicked.connect(lambda button: self._choose())
        self._tick = QTimer(self)
        self._tick.setInterval(SECOND_MS)
        self._tick.timeout.connect(self._count_down)
        self._lay_out()
        access.changed.connect(self._on_changed)
        parent.installEventFilter(self)
        self.hide()

    def ask(self, why: str) -> None:
        """Shows it. ``why`` says what is locked, in a sentence."""
        self.why.setText(why)
        self.why.setVisible(bool(why))
        self.pad.clear()
        self._say("")
        self._list_names()
        self.pad.set_waiting(waiting=self._wait_s > 0 or not self.names)
        if self._access.roster.access is Access.BROKEN:
            self._say(self._broken(), "danger")
        self._access.refresh()
        self._place()
        self.show()
        self.raise_()
        self.pad.field.setFocus()

    def close_panel(self) -> None:
        """Without signing in."""
        self.pad.clear()
        self._tick.stop()
        self._wait_s = 0
        self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: N802 - Qt's name
        if event.key() == Qt.Key.Key_Escape:
            self.close_panel()
        else:
            super().keyPressEvent(event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802 - Qt's name
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def chosen(self) -> str:
        """The name that is marked; empty for none."""
        return next((n for n, button in self.names.items() if button.isChecked()), "")

    def _try(self, secret: str) -> None:
        name = self.chosen()
        self.pad.clear()
        if not name:
            self._say(self.tr("Touch your name first."), "warning")
            return
        self.pad.set_waiting(waiting=True)
        self._say(self.tr("Checking …"))
        self._access.sign_in(name, secret, self._refused)

    def _refused(self, error: InspectorError) -> None:
        if isinstance(error, TooSoonError):
            self._wait_s = max(1, math.ceil(error.wait_s))
            self._tick.start()
            self._show_wait()
            return
        self.pad.set_waiting(waiting=False)
        self._say(str(error)[:1].upper() + str(error)[1:] + ".", "danger")

    def _count_down(self) -> None:
        self._wait_s -= 1
        if self._wait_s > 0:
            self._show_wait()
            return
        self._tick.stop()
        self.pad.set_waiting(waiting=False)
        self._say(self.tr("Try again."))

    def _show_wait(self) -> None:
        self.pad.set_waiting(waiting=True)
        text = self.tr("That PIN is wrong. Next try in %1 s.")
        self._say(text.replace("%1", str(self._wait_s)), "danger")

    def _on_changed(self) -> None:
        if self._access.person is not None or self._access.is_open:
            self.close_panel()
        elif self.isVisible():
            self._list_names()

    def _choose(self) -> None:
        self.pad.clear()
        if not self._wait_s:
            self._say("")
        self.pad.field.setFocus()

    def _say(self, text: str, role: str = "muted") -> None:
        self.message.setText(text)
        set_role(self.message, role)

    def _broken(self) -> str:
        return self.tr(
            "The users of this station cannot be read or were removed past the program. "
            "Ask whoever looks after it to bring the record back from a backup."
        )

    def _list_names(self) -> None:
        before = self.chosen()
        for button in self.names.values():
            self._group.removeButton(button)
            self._column.removeWidget(button)
            button.deleteLater()
        users = [u for u in self._access.roster.users if not u.altered]
        self.names = {u.name: self._name(u.name, u.role.title) for u in users}
        for number, button in enumerate(self.names.values()):
            self._column.insertWidget(number, button)
        one = before or (users[0].name if len(users) == 1 else "")
        if one in self.names:
            self.names[one].setChecked(True)

    def _name(self, name: str, role: str) -> QPushButton:
        button = QPushButton(f"{name}\n{role}")
        button.setCheckable(True)
        button.setProperty("person", True)
        button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._group.addButton(button)
        return button

    def _lay_out(self) -> None:
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        people = QScrollArea()
        people.setWidgetResizable(True)
        people.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        people.setWidget(inside)
        inside.setAutoFillBackground(False)
        left = QVBoxLayout()
        left.setSpacing(10)
        for widget, stretch in (
            (self.title, 0),
            (self.why, 0),
            (people, 1),
            (self.message, 0),
            (self.cancel, 0),
        ):
            left.addWidget(widget, stretch)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(24)
        layout.addLayout(left, 1)
        layout.addWidget(self.pad, 0, Qt.AlignmentFlag.AlignVCenter)

    def _place(self) -> None:
        ground = self._ground
        size = SIZE.boundedTo(ground.size())
        self.setGeometry(
            (ground.width() - size.width()) // 2,
            (ground.height() - size.height()) // 2,
            size.width(),
            size.height(),
        )
