"""Who is at the window, for `screenshots.py`: a station with users, in every state of it."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from argon2 import PasswordHasher
from replay_states import until

from inspector.core.roles import Role
from inspector.gui.main_window import MainWindow
from inspector.station.people import People, Person

GONE = "people-users-gone"
PINS = {"Erika": "4711x9", "Anna": "258046", "Jörg": "2580", "Mehmet": "1793"}
ROLES = {
    "Erika": Role.ADMINISTRATOR,
    "Anna": Role.ENGINEER,
    "Jörg": Role.SUPERVISOR,
    "Mehmet": Role.SUPERVISOR,
}


def people_of(db: Path, state: str) -> People | None:
    """The users of a state of `STATES`, made anew; None for another one: an open station.

    Their key leaves the machine's keyring alone.
    """
    if state not in STATES:
        return None
    os.environ.setdefault("INSPECTOR_AUDIT_KEY", "5e" * 32)
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    people = People(db, "station", hasher=hasher)
    by = Person("root", Role.ADMINISTRATOR)
    for name, role in ROLES.items():
        people.add(name, role, PINS[name], by)
        by = Person("Erika", Role.ADMINISTRATOR)
    if state == GONE:
        delete_users(db)
    return people


def operator(window: MainWindow) -> None:
    window.open_page("live")


def locked(window: MainWindow) -> None:
    window.open_page("jobs")


def pad(window: MainWindow) -> None:
    locked(window)
    window.locked.button.click()
    window.unlock.names["Anna"].click()
    for digit in PINS["Anna"][:4]:
        window.unlock.pad.keys[digit].click()


def wrong(window: MainWindow) -> None:
    pad(window)
    window.unlock.pad.enter.click()
    until(lambda: "wrong" in window.unlock.message.text())


def not_enough(window: MainWindow) -> None:
    sign_in(window, "Jörg")
    locked(window)


def engineer(window: MainWindow) -> None:
    sign_in(window, "Anna")
    locked(window)


def unlocking(window: MainWindow) -> None:
    locked(window)
    window.locked.button.click()


def light_pad(window: MainWindow) -> None:
    window.context.theme.use("light")
    pad(window)


def sign_in(window: MainWindow, name: str) -> None:
    access = window.context.access
    access.sign_in(name, PINS[name], lambda error: None)
    until(lambda: access.person is not None)


def delete_users(db: Path) -> None:
    """Past the program."""
    with closing(sqlite3.connect(db)) as connection, connection:
        connection.execute("DELETE FROM users")


STATES: dict[str, Callable[[MainWindow], object]] = {
    "people-operator": operator,
    "people-locked": locked,
    "people-pin-pad": pad,
    "people-wrong-pin": wrong,
    "people-not-enough": not_enough,
    "people-engineer": engineer,
    GONE: unlocking,
    "people-light-pin-pad": light_pad,
}
