"""Who is signed in signs the changes: nobody types another name."""

from __future__ import annotations

from PySide6.QtWidgets import QLineEdit

from inspector.gui.people.access import WindowAccess


def sign_as(access: WindowAccess, who: QLineEdit) -> None:
    """Keeps in ``who`` the name of whoever is signed in; anybody's where nobody is."""

    def show() -> None:
        if access.person is not None:
            who.setText(access.person.name)
        who.setReadOnly(access.person is not None)

    access.changed.connect(show)
    show()
