"""``inspector users``: who may change what on this station."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from inspector.cli import options
from inspector.cli.signing import access_line, allowed, ask_new_secret, broken_words, sign_in
from inspector.core.roles import NEEDED, Right, Role
from inspector.errors import AccessError, ConfigError
from inspector.station.people import Access, People, Person

group = typer.Typer(no_args_is_help=True, help="Who may change what on this station.")

Db = Annotated[Path, typer.Option("--db", help="The station's record, which keeps its users.")]
Station = Annotated[str, typer.Option("--station", help="In whose audit trail it is noted.")]
By = Annotated[str | None, typer.Option("--by", help="The Administrator; default: INSPECTOR_USER.")]


class RoleName(StrEnum):
    """As it is typed."""

    OPERATOR = "operator"
    SUPERVISOR = "supervisor"
    ENGINEER = "engineer"
    ADMINISTRATOR = "administrator"

    @property
    def role(self) -> Role:
        return Role[self.name]


@group.command("list")
def list_users(db: Db = options.DEFAULT_DB) -> None:
    """Show the users, and what each role may."""
    roster = People(db, "station").roster()
    typer.echo(access_line(roster))
    console = Console()
    if roster.users:
        table = Table("name", "role", "")
        for user in roster.users:
            table.add_row(
                escape(user.name), user.role.title, "ALTERED past the program" * user.altered
            )
        console.print(table)
    rights = Table("role", "may, beside what those above it may")
    for role in Role:
        rights.add_row(
            role.title, "; ".join(r.value for r, least in NEEDED.items() if least is role)
        )
    console.print(rights)


@group.command()
def add(
    name: Annotated[str, typer.Argument(help="As it will stand in the audit trail.")],
    role: Annotated[RoleName, typer.Option(case_sensitive=False)],
    db: Db = options.DEFAULT_DB,
    by: By = None,
    station: Station = "station",
) -> None:
    """Add a user; the first one, an Administrator, closes a station that was open."""
    people = People(db, station)
    person = allowed(people, Right.MANAGE_USERS, "users add", by)
    people.add(name, role.role, ask_new_secret(name), person)
    typer.echo(f"user {name} added as {role.role.title}")


@group.command()
def passwd(
    name: Annotated[str, typer.Argument(help="Whose PIN.")],
    db: Db = options.DEFAULT_DB,
    by: By = None,
    station: Station = "station",
) -> None:
    """Change a PIN: your own with the old one, or anybody's as an Administrator."""
    people = People(db, station)
    person = _myself_or_administrator(people, name, by)
    people.change_secret(name, ask_new_secret(name), person)
    typer.echo(f"PIN of {name} changed")


@group.command()
def remove(
    name: Annotated[str, typer.Argument(help="Who is to be removed.")],
    db: Db = options.DEFAULT_DB,
    by: By = None,
    station: Station = "station",
) -> None:
    """Remove a user; what they did stays in the audit trail."""
    people = People(db, station)
    person = allowed(people, Right.MANAGE_USERS, "users remove", by)
    people.remove(name, person)
    typer.echo(f"user {name} removed")


@group.command()
def idle(
    minutes: Annotated[int, typer.Argument(help="Without a touch or a key.")],
    db: Db = options.DEFAULT_DB,
    by: By = None,
    station: Station = "station",
) -> None:
    """After how many idle minutes a window goes back to Operator."""
    people = People(db, station)
    person = allowed(people, Right.MANAGE_USERS, "users idle", by)
    people.set_idle_minutes(minutes, person)
    typer.echo(f"a window goes back to Operator after {minutes} min")


def _myself_or_administrator(people: People, name: str, by: str | None) -> Person:
    roster = people.roster()
    if roster.access is Access.BROKEN:
        raise AccessError(broken_words())
    if roster.access is Access.OPEN:
        raise ConfigError("there are no users yet: inspector users add")
    return sign_in(people, roster, "inspector users passwd", by or name)
