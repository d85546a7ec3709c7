"""The role in force, always on the screen; pressed, it locks or unlocks."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton

from inspector.core.roles import Role
from inspector.gui.people.access import WindowAccess
from inspector.gui.theme.theme import Theme

LONGEST = 18


class RoleButton(QPushButton):
    """Operator: asks who it is. Somebody signed in: back to Operator at once."""

    def __init__(self, access: WindowAccess, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("role")
        self._access, self._theme = access, theme
        self.setIconSize(QSize(20, 20))
        self.clicked.connect(lambda checked=False: self._pressed())
        access.changed.connect(self._show)
        theme.changed.connect(self._show)
        self._show()

    def _pressed(self) -> None:
        if self._access.person is not None:
            self._access.sign_out()
        elif self._access.is_open:
            self._access.refresh()
        else:
            self._access.unlock_wanted.emit("")

    def _show(self) -> None:
        access, palette = self._access, self._theme.palette
        person = access.person
        if access.is_open:
            words, icon, colour = self.tr("No users"), "unlock", palette.warning
            tip = self.tr(
                "Everybody may change everything here. An administrator closes the station with "
                "“inspector users add”."
            )
        elif person is None:
            words, icon, colour = Role.OPERATOR.title, "lock", palette.muted
            tip = self.tr("Unlock with your PIN")
        else:
            name = person.name if len(person.name) <= LONGEST else person.name[:LONGEST] + "…"
            words, icon, colour = f"{name} · {person.role.title}", "unlock", palette.accent
            tip = self.tr(
                "Lock: back to Operator (by itself after %1 min without a touch)"
            ).replace("%1", str(access.roster.idle_minutes))
        self.setText(words)
        self.setToolTip(tip)
        self.setAccessibleName(f"{words}. {tip}")
        self.setIcon(self._theme.icon(icon, colour))
        self.setProperty("tone", "open" if access.is_open else "signed" if person else "")
        self.style().unpolish(self)
        self.style().polish(self)
