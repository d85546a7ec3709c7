"""Who gives a command that changes something: checked against the station's users.

Names come from ``--who``, else from INSPECTOR_USER; PINs from INSPECTOR_PIN or from the
keyboard, unseen. Never from an argument: those stand in everybody's list of processes.
"""

from __future__ import annotations

import getpass
import os
from pathlib import Path

import typer

from inspector.core.roles import Right, Role, may, why_not
from inspector.errors import AccessError
from inspector.station.people import Access, People, Person, Roster

NAME_VARIABLE, PIN_VARIABLE = "INSPECTOR_USER", "INSPECTOR_PIN"


def allowed(people: People, right: Right, command: str, who: str | None = None) -> Person:
    """The person who gives this command. Raises AccessError where they may not."""
    roster = people.roster()
    if roster.access is Access.OPEN:
        return Person(who or os.environ.get(NAME_VARIABLE) or getpass.getuser(), Role.ADMINISTRATOR)
    if roster.access is Access.BROKEN:
        raise AccessError(broken_words())
    if may(Role.OPERATOR, right):
        return Person(who or getpass.getuser(), Role.OPERATOR)
    person = sign_in(people, roster, f"inspector {command}", who)
    refusal = why_not(person.role, right)
    if refusal is not None:
        raise AccessError(f"{person.name}: {refusal}")
    return person


def sign_in(people: People, roster: Roster, reason: str, who: str | None = None) -> Person:
    """Raises AccessError."""
    name = who or os.environ.get(NAME_VARIABLE) or _ask_name(roster)
    secret = os.environ.get(PIN_VARIABLE)
    if secret is None:
        secret = str(typer.prompt(f"PIN of {name}", hide_input=True, err=True))
    return people.sign_in(name, secret, reason)


def ask_new_secret(name: str) -> str:
    """Typed twice, unseen; or INSPECTOR_NEW_PIN, for a script."""
    given = os.environ.get("INSPECTOR_NEW_PIN")
    if given is not None:
        return given
    return str(
        typer.prompt(f"New PIN of {name}", hide_input=True, confirmation_prompt=True, err=True)
    )


def guard(db: Path, right: Right, command: str, who: str | None = None) -> Person:
    """``allowed`` by the users of that record."""
    return allowed(People(db, "station"), right, command, who)


def _ask_name(roster: Roster) -> str:
    known = ", ".join(user.name for user in roster.users)
    return str(typer.prompt(f"Your name ({known})", err=True))


def broken_words() -> str:
    """What to do where the users of a station are gone."""
    return (
        "the users of this station were removed past the program: bring the record back from a "
        "backup (inspector verify audit tells what else is missing)"
    )


def access_line(roster: Roster) -> str:
    """One line on who may do what here."""
    if roster.access is Access.OPEN:
        return (
            "users     none: everybody may change everything; inspector users add NAME --role "
            "administrator closes the station"
        )
    if roster.access is Access.BROKEN:
        return f"users     gone: {broken_words()}"
    return f"users     {len(roster.users)}; a window locks itself after {roster.idle_minutes} min"
