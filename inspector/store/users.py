"""Users as rows: each sealed, so that a row written past the program opens nothing."""

from __future__ import annotations

import datetime as dt
import hmac
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from inspector.core.roles import Role
from inspector.store import schema
from inspector.store.chain import FIRST, Sealing

_users, _facts = schema.users, schema.record_facts
_TRAIL = "user "
"""With this begins what the audit says of users."""


@dataclass(frozen=True, slots=True)
class UserRow:
    """``altered``: not written by this program; ``secret`` is a salted hash."""

    name: str
    role: Role
    secret: str = field(repr=False)
    altered: bool
    failures: int
    retry_at: dt.datetime | None


def trail_name(name: str) -> str:
    """What the audit calls a user."""
    return f"{_TRAIL}{name}"


def read_users(asked: Connection, key: bytes) -> list[UserRow]:
    """By name."""
    rows = asked.execute(select(_users).order_by(_users.c.name))
    return [_user(row, key) for row in rows]


def were_users(asked: Connection) -> bool:
    """Whether the audit trail of any station tells of users."""
    query = select(1).where(schema.audit.c.what.startswith(_TRAIL, autoescape=True)).limit(1)
    return asked.execute(query).first() is not None


def has_users(asked: Connection) -> bool:
    """Whether there is any row, sealed or not."""
    return asked.execute(select(1).select_from(_users).limit(1)).first() is not None


def insert_user(connection: Connection, key: bytes, name: str, role: Role, secret: str) -> None:
    """A new one."""
    mac = _seal(key, name, role.name, secret)
    values = {"name": name, "role": role.name, "secret": secret, "mac": mac, "failures": 0}
    connection.execute(insert(_users).values(values))


def replace_secret(connection: Connection, key: bytes, name: str, role: Role, secret: str) -> None:
    """Wrong tries are forgotten with the old one."""
    mac = _seal(key, name, role.name, secret)
    values = {"secret": secret, "mac": mac, "failures": 0, "retry_at": None}
    connection.execute(update(_users).where(_users.c.name == name).values(values))


def delete_user(connection: Connection, name: str) -> None:
    """Idempotent."""
    connection.execute(delete(_users).where(_users.c.name == name))


def note_tries(
    connection: Connection, name: str, failures: int, retry_at: dt.datetime | None
) -> None:
    """How many were wrong in a row, and when the next may come."""
    values = {"failures": failures, "retry_at": retry_at}
    connection.execute(update(_users).where(_users.c.name == name).values(values))


def read_fact(asked: Connection, name: str) -> str | None:
    """Of ``record_facts``."""
    return asked.execute(select(_facts.c.value).where(_facts.c.name == name)).scalar()


def write_fact(connection: Connection, name: str, value: str) -> None:
    """New, or in the place of the old one."""
    connection.execute(delete(_facts).where(_facts.c.name == name))
    connection.execute(insert(_facts).values(name=name, value=value))


def _user(row: Row[Any], key: bytes) -> UserRow:
    known = row.role in Role.__members__
    sealed = hmac.compare_digest(_seal(key, row.name, row.role, row.secret), row.mac)
    role = Role[row.role] if known else Role.OPERATOR
    return UserRow(row.name, role, row.secret, not (known and sealed), row.failures, row.retry_at)


def _seal(key: bytes, name: str, role: str, secret: str) -> bytes:
    return Sealing(key, "", b"user").row(FIRST, 0, [name, role, secret])
