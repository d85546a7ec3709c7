"""Who is signed in signs the changes: nobody types another name."""

from __future__ import annotations

from collections.abc import Callable

from inspector.gui.people.access import WindowAccess


def sign_as(access: WindowAccess, set_person: Callable[[str | None], None]) -> None:
    """Tells ``set_person`` who is signed in, now and from now on."""

    def show() -> None:
        set_person(access.person.name if access.person else None)

    access.changed.connect(show)
    show()
