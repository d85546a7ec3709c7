"""The users of a station: who they are, and that they are it. Every change is audited.

Users belong to a record. Without users a station is open: everybody may do everything, as
a station that nobody has set up must. All of this reads and writes the disk, and checking
a PIN takes a tenth of a second on purpose: not on the GUI thread.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection

from inspector.core.pins import MAX_DELAY_S, delay_after, name_problem, normalised, secret_problem
from inspector.core.roles import Right, Role, may, why_not
from inspector.errors import AccessError, ConfigError, TooSoonError
from inspector.station.anchoring import write_anchor
from inspector.station.audit_log import Change, sealing_key
from inspector.store import users as rows
from inspector.store.audit import append_within
from inspector.store.connection import translated
from inspector.store.opening import Store, open_store, reading
from inspector.store.users import UserRow

IDLE_MINUTES = 10
IDLE_FACT = "idle_minutes"
MOST_IDLE_MINUTES = 24 * 60
WRONG = "the name or the PIN is wrong"


def station_hasher() -> PasswordHasher:
    """Argon2id as RFC 9106 has it for 64 MiB, on one core: the line keeps the others."""
    return PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who has shown who they are (or, on an open station, said so)."""

    name: str
    role: Role


class Access(StrEnum):
    """OPEN: no users yet. BROKEN: there were users, and their rows are gone."""

    OPEN = "OPEN"
    LOCKED = "LOCKED"
    BROKEN = "BROKEN"


@dataclass(frozen=True, slots=True)
class User:
    """``altered``: the row was written past the program, and opens nothing."""

    name: str
    role: Role
    altered: bool


@dataclass(frozen=True, slots=True)
class Roster:
    """Who there is, by name, and after how many idle minutes a window locks itself."""

    access: Access = Access.OPEN
    users: tuple[User, ...] = ()
    idle_minutes: int = IDLE_MINUTES


class People:
    """The users of one record; each call opens and closes it. Any thread."""

    def __init__(
        self,
        db: Path | None,
        station_id: str,
        *,
        hasher: PasswordHasher | None = None,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:
        self._db = db
        self._station_id = station_id
        self._hasher = hasher or station_hasher()
        self._now = now

    def roster(self) -> Roster:
        """Of a record that is not there: an open station. Raises StoreError."""
        if self._db is None or not self._db.is_file():
            return Roster()
        with self._opened() as store:
            with reading(store) as asked:
                idle = rows.read_fact(asked, IDLE_FACT)
                minutes = int(idle) if idle and idle.isdigit() else IDLE_MINUTES
                if not rows.has_users(asked):
                    access = Access.BROKEN if rows.were_users(asked) else Access.OPEN
                    return Roster(access, (), minutes)
            key = sealing_key(store, self._station_id)
            with reading(store) as asked:
                users = tuple(User(u.name, u.role, u.altered) for u in rows.read_users(asked, key))
        return Roster(Access.LOCKED, users, minutes)

    def sign_in(self, name: str, secret: str, reason: str) -> Person:
        """Raises AccessError for a wrong name, TooSoonError for a wrong PIN and until one may
        try again.
        """
        with self._sealed() as (store, key):
            user = self._begin_try(store, key, name)
            if not self._is_right(key, user, secret):
                wait = self._refused(store, key, user, reason)
                raise TooSoonError(f"{WRONG}: try again in {wait:.0f} s", wait)
            self._admitted(store, key, user, secret, reason)
        return Person(user.name, user.role)

    def sign_out(self, person: Person, reason: str) -> None:
        """Into the trail."""
        with self._sealed() as (store, key):
            change = Change(person.name, "sign-out", person.role.title, Role.OPERATOR.title, reason)
            self._note(store, key, change)

    def add(self, name: str, role: Role, secret: str, by: Person) -> None:
        """The first one must be an Administrator. Raises ConfigError, AccessError."""
        _check_name(name)
        _check_secret(secret, role)
        with self._changing() as (connection, key):
            known = rows.read_users(connection, key)
            self._check_may(connection, known, by)
            if any(u.name.casefold() == name.casefold() for u in known):
                raise ConfigError(f"user {name!r} exists already: choose another name")
            if not known and role is not Role.ADMINISTRATOR:
                raise ConfigError("the first user must be an Administrator, who adds the others")
            rows.insert_user(connection, key, name, role, self._hash(key, secret))
            change = Change(by.name, rows.trail_name(name), None, role.title, "user added")
            append_within(connection, key, self._station_id, change.entry())

    def change_secret(self, name: str, secret: str, by: Person) -> None:
        """By an Administrator, or by the user. Raises ConfigError, AccessError."""
        with self._changing() as (connection, key):
            known = rows.read_users(connection, key)
            user = _of(known, name)
            if by.name != user.name:
                self._check_may(connection, known, by)
            _check_secret(secret, user.role)
            hashed = self._hash(key, secret)
            rows.replace_secret(connection, key, user.name, user.role, hashed)
            title = user.role.title
            change = Change(by.name, rows.trail_name(user.name), title, title, "new PIN")
            append_within(connection, key, self._station_id, change.entry())

    def remove(self, name: str, by: Person) -> None:
        """Never the last Administrator. Raises ConfigError, AccessError."""
        with self._changing() as (connection, key):
            known = rows.read_users(connection, key)
            self._check_may(connection, known, by)
            user = _of(known, name)
            others = [u for u in known if u.name != user.name and not u.altered]
            if not any(u.role is Role.ADMINISTRATOR for u in others):
                raise ConfigError(
                    f"user {name!r} is the last Administrator: nobody could add users any more"
                )
            rows.delete_user(connection, user.name)
            what = rows.trail_name(user.name)
            change = Change(by.name, what, user.role.title, None, "user removed")
            append_within(connection, key, self._station_id, change.entry())

    def set_idle_minutes(self, minutes: int, by: Person) -> None:
        """When a window locks itself. Raises ConfigError, AccessError."""
        if not 1 <= minutes <= MOST_IDLE_MINUTES:
            raise ConfigError(f"idle minutes {minutes}: expected 1 to {MOST_IDLE_MINUTES}")
        with self._changing() as (connection, key):
            self._check_may(connection, rows.read_users(connection, key), by)
            before = rows.read_fact(connection, IDLE_FACT) or str(IDLE_MINUTES)
            rows.write_fact(connection, IDLE_FACT, str(minutes))
            change = Change(by.name, "idle minutes", before, str(minutes), "set by hand")
            append_within(connection, key, self._station_id, change.entry())

    # signing in

    def _begin_try(self, store: Store, key: bytes, name: str) -> UserRow:
        """Counts the try before the PIN is looked at: many at once win nothing."""
        with _transaction(store) as connection:
            known = rows.read_users(connection, key)
            user = next((u for u in known if u.name.casefold() == name.casefold()), None)
            if user is not None:
                _check_wait(user, self._now())
                failures = user.failures + 1
                retry_at = self._now() + dt.timedelta(seconds=delay_after(failures))
                rows.note_tries(connection, user.name, failures, retry_at)
        if user is None:
            # whatever was typed may be a PIN in the wrong field: the trail does not keep it
            self._note(
                store, key, Change("somebody", "sign-in refused", None, None, "no such user")
            )
            raise AccessError(WRONG)
        if user.altered:
            change = Change(user.name, "sign-in refused", None, None, "altered row")
            self._note(store, key, change)
            raise AccessError(
                f"user {user.name!r} was altered past this program: an Administrator has to "
                "remove the name and add it again"
            )
        return user

    def _is_right(self, key: bytes, user: UserRow, secret: str) -> bool:
        try:
            return self._hasher.verify(user.secret, _peppered(key, secret))
        except (VerificationError, InvalidHashError):
            return False

    def _refused(self, store: Store, key: bytes, user: UserRow, reason: str) -> float:
        failures = user.failures + 1
        words = f"wrong PIN, {failures} in a row; {reason}"
        self._note(store, key, Change(user.name, "sign-in refused", None, None, words))
        return delay_after(failures)

    def _admitted(self, store: Store, key: bytes, user: UserRow, secret: str, reason: str) -> None:
        before = Role.OPERATOR.title
        change = Change(user.name, "sign-in", before, user.role.title, reason)
        with _transaction(store) as connection:
            if self._hasher.check_needs_rehash(user.secret):
                hashed = self._hash(key, secret)
                rows.replace_secret(connection, key, user.name, user.role, hashed)
            rows.note_tries(connection, user.name, 0, None)
            append_within(connection, key, self._station_id, change.entry())
        write_anchor(store, self._station_id)

    # helpers

    def _hash(self, key: bytes, secret: str) -> str:
        return self._hasher.hash(_peppered(key, secret))

    def _check_may(self, connection: Connection, known: list[UserRow], by: Person) -> None:
        """Whether that person manages users here and now; on an open station anybody."""
        if not known and not rows.were_users(connection):
            return
        user = next((u for u in known if u.name == by.name and not u.altered), None)
        role = user.role if user else Role.OPERATOR
        if not may(role, Right.MANAGE_USERS):
            raise AccessError(f"{by.name}: {why_not(role, Right.MANAGE_USERS)}")

    def _note(self, store: Store, key: bytes, change: Change) -> None:
        with _transaction(store) as connection:
            append_within(connection, key, self._station_id, change.entry())
        write_anchor(store, self._station_id)

    @contextmanager
    def _changing(self) -> Iterator[tuple[Connection, bytes]]:
        """A transaction with the record's key; once it is committed the heads are anchored."""
        with self._sealed() as (store, key):
            with _transaction(store) as connection:
                yield connection, key
            write_anchor(store, self._station_id)

    @contextmanager
    def _opened(self) -> Iterator[Store]:
        if self._db is None:
            raise ConfigError("no record is kept: users need one, name it with --db")
        store = open_store(self._db)
        try:
            yield store
        finally:
            store.close()

    @contextmanager
    def _sealed(self) -> Iterator[tuple[Store, bytes]]:
        with self._opened() as store:
            yield store, sealing_key(store, self._station_id)


@contextmanager
def _transaction(store: Store) -> Iterator[Connection]:
    with translated(store.path), store.engine.begin() as connection:
        yield connection


def _peppered(key: bytes, secret: str) -> str:
    """With the record's key, which a copied record lacks: four digits alone are no secret."""
    return hmac.digest(key, b"pin" + normalised(secret).encode(), hashlib.sha256).hex()


def _check_wait(user: UserRow, now: dt.datetime) -> None:
    if user.retry_at is None:
        return
    # a clock that was set back must lock nobody out for longer
    wait = min((user.retry_at - now).total_seconds(), MAX_DELAY_S)
    if wait > 0:
        raise TooSoonError(f"too many wrong PINs: try again in {wait:.0f} s", wait)


def _check_name(name: str) -> None:
    problem = name_problem(name)
    if problem is not None:
        raise ConfigError(f"user {name[:60]!r}: {problem}")


def _check_secret(secret: str, role: Role) -> None:
    problem = secret_problem(normalised(secret), role)
    if problem is not None:
        raise ConfigError(f"the PIN cannot be used: {problem}")


def _of(known: list[UserRow], name: str) -> UserRow:
    user = next((u for u in known if u.name.casefold() == name.casefold()), None)
    if user is None:
        raise ConfigError(f"there is no user {name!r}: inspector users list shows who there is")
    return user
