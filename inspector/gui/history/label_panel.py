"""What people say of the chosen part: kept beside the verdict, never over it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QComboBox, QFrame, QHBoxLayout, QLineEdit, QPushButton, QVBoxLayout

from inspector.core.label import Judgement, Label
from inspector.gui.engineer.cards import label, set_role
from inspector.gui.history import words
from inspector.gui.theme.theme import Theme

_SHOWN = 3


class LabelPanel(QFrame):
    """``said(judgement, type or None, who, why)`` and ``undone(who, why)``."""

    said = Signal(object, object, str, str)
    undone = Signal(str, str)

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._theme = theme
        self._labels: tuple[Label, ...] = ()
        self._ready = False
        self._refusal: str | None = None
        self.locked = label("", "muted", wrap=True)
        self.unlock = QPushButton(self.tr("Unlock"))
        self.now = label("", "heading")
        self.past = label("", "muted", wrap=True)
        self.message = label("", "muted", wrap=True)
        self.who = self._field(self.tr("Your name"))
        self.why = self._field(self.tr("Why? (may stay empty)"))
        self.good = self._button(self.tr("Really good"), self._say_good)
        self.bad = self._button(self.tr("Really bad:"), self._say_bad)
        self.undo = self._button(self.tr("Undo"), self._undo)
        self.good.setToolTip(self.tr("This part is good, whatever the verdict (Ctrl+G)"))
        self.bad.setToolTip(self.tr("This part is defective, whatever the verdict (Ctrl+B)"))
        self.undo.setToolTip(self.tr("Back to what was said before (Ctrl+Z)"))
        self.kind = QComboBox()
        self.kind.setAccessibleName(self.tr("Type of defect"))
        typed = QLineEdit()
        typed.setPlaceholderText(self.tr("type, if known"))
        typed.setFrame(False)
        self.kind.setLineEdit(typed)
        self._lay_out()
        for keys, button in (("Ctrl+G", self.good), ("Ctrl+B", self.bad), ("Ctrl+Z", self.undo)):
            shortcut = QShortcut(QKeySequence(keys), self)
            shortcut.setContext(Qt.ShortcutContext.WindowShortcut)
            shortcut.activated.connect(button.click)
        self.who.textChanged.connect(self._show)
        theme.changed.connect(self._dress)
        self._dress()
        self.set_labels(None)

    def set_refusal(self, why: str | None) -> None:
        """Why nobody may say anything now; None where they may."""
        self._refusal = why
        self.locked.setText(why or "")
        for widget in (self.locked, self.unlock):
            widget.setVisible(why is not None)
        for field in (self.who, self.why, self.kind):
            field.setVisible(why is None)
        for button in (self.good, self.bad):
            button.setVisible(why is None)
        self._show()

    def set_labels(self, labels: Sequence[Label] | None) -> None:
        """Of the chosen part, the newest last; None where no part is chosen."""
        self._ready = labels is not None
        self._labels = tuple(labels or ())
        newest = self._labels[-1] if self._labels else None
        current = words.judgement_word(newest.judgement, newest.defect_type) if newest else ""
        self.now.setText(current or self.tr("Nobody has said anything yet"))
        set_role(self.now, "heading" if current else "muted")
        shown = [words.label_line(one) for one in reversed(self._labels[-_SHOWN:])]
        more = len(self._labels) - _SHOWN
        if more > 0:
            shown.append(self.tr("and %1 before").replace("%1", str(more)))
        self.past.setText("\n".join(shown))
        self.past.setVisible(bool(shown))
        self._show()

    def set_types(self, types: Sequence[str]) -> None:
        typed = self.kind.currentText()
        self.kind.clear()
        self.kind.addItems(list(types))
        self.kind.setCurrentText(typed)

    def set_message(self, text: str, role: str = "muted") -> None:
        """What became of the last label."""
        self.message.setText(text)
        set_role(self.message, role)
        self.message.setVisible(bool(text))

    def set_busy(self) -> None:
        """Until the labels come anew."""
        self._ready = False
        self._show()

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 12)
        layout.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("People say"), "caption"))
        head.addSpacing(8)
        head.addWidget(self.now, 1)
        head.addWidget(self.undo)
        layout.addLayout(head)
        signed = QHBoxLayout()
        signed.setSpacing(8)
        signed.addWidget(self.who, 2)
        signed.addWidget(self.why, 3)
        lock = QHBoxLayout()
        lock.addWidget(self.locked, 1)
        lock.addWidget(self.unlock)
        layout.addLayout(lock)
        self.locked.hide()
        self.unlock.hide()
        layout.addLayout(signed)
        choices = QHBoxLayout()
        choices.setSpacing(8)
        choices.addWidget(self.good)
        choices.addWidget(self.bad)
        choices.addWidget(self.kind, 1)
        layout.addLayout(choices)
        layout.addWidget(self.message)
        layout.addWidget(self.past)
        self.message.hide()

    def _field(self, text: str) -> QLineEdit:
        field = QLineEdit()
        field.setPlaceholderText(text)
        field.setAccessibleName(text)
        field.setMaxLength(200)
        return field

    def _button(self, text: str, on_click: object) -> QPushButton:
        button = QPushButton(text)
        button.setIconSize(QSize(18, 18))
        button.clicked.connect(lambda checked=False: on_click())  # type: ignore[operator]
        return button

    def _show(self) -> None:
        signed = self._ready and self._refusal is None and bool(self.who.text().strip())
        for button in (self.good, self.bad):
            button.setEnabled(signed)
        self.undo.setEnabled(signed)
        self.undo.setVisible(bool(self._labels))

    def _say_good(self) -> None:
        self._say(Judgement.GOOD, None)

    def _say_bad(self) -> None:
        self._say(Judgement.BAD, self.kind.currentText().strip() or None)

    def _say(self, judgement: Judgement, kind: str | None) -> None:
        why = self.why.text().strip() or self.tr("looked at in the history")
        self.said.emit(judgement, kind, self.who.text().strip(), why)

    def _undo(self) -> None:
        self.undone.emit(self.who.text().strip(), self.tr("undone"))

    def _dress(self) -> None:
        p = self._theme.palette
        self.good.setIcon(self._theme.icon("acknowledge", p.good))
        self.bad.setIcon(self._theme.icon("close", p.danger))
        self.undo.setIcon(self._theme.icon("left"))
