"""The users of a station: signing in, waiting after wrong PINs, and what is audited."""

from __future__ import annotations

import datetime as dt
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from argon2 import PasswordHasher

from inspector.core.roles import Role
from inspector.errors import AccessError, ConfigError, TooSoonError
from inspector.station.people import Access, People, Person, station_hasher
from inspector.station.verifying import verify_record
from tests.support.records import NOW

QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
ROOT = Person("root", Role.ADMINISTRATOR)
ERIKA = Person("Erika", Role.ADMINISTRATOR)
PIN, OTHER = "4711x9", "7319046258"


class Clock:
    def __init__(self) -> None:
        self.at = NOW

    def __call__(self) -> dt.datetime:
        return self.at

    def wait(self, seconds: float) -> None:
        self.at += dt.timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def db(tmp_path: Path) -> Path:
    return tmp_path / "record.db"


@pytest.fixture
def people(db: Path, clock: Clock) -> People:
    """With an Administrator and a Supervisor."""
    people = People(db, "station", hasher=QUICK, now=clock)
    people.add("Erika", Role.ADMINISTRATOR, PIN, ROOT)
    people.add("Jörg", Role.SUPERVISOR, OTHER, ERIKA)
    return people


def alter(db: Path, statement: str) -> None:
    with closing(sqlite3.connect(db, isolation_level=None)) as raw:
        raw.execute(statement)


def trail(db: Path) -> list[tuple[str, ...]]:
    with closing(sqlite3.connect(db)) as raw:
        return raw.execute("SELECT who, what, old, new, reason FROM audit ORDER BY seq").fetchall()


def test_a_station_without_users_is_open_and_makes_no_record(db: Path) -> None:
    assert People(db, "station").roster().access is Access.OPEN
    assert People(None, "station").roster().access is Access.OPEN
    assert not db.exists()


def test_the_first_user_is_an_administrator_who_adds_the_others(db: Path, people: People) -> None:
    roster = people.roster()
    assert roster.access is Access.LOCKED
    assert [(u.name, u.role) for u in roster.users] == [
        ("Erika", Role.ADMINISTRATOR),
        ("Jörg", Role.SUPERVISOR),
    ]
    fresh = People(db.with_name("other.db"), "station", hasher=QUICK)
    with pytest.raises(ConfigError, match="first user must be an Administrator"):
        fresh.add("Jörg", Role.SUPERVISOR, OTHER, ROOT)
    assert fresh.roster().access is Access.OPEN


def test_signing_in_and_out_is_audited(db: Path, people: People) -> None:
    person = people.sign_in("jörg", OTHER, "at the window")
    assert person == Person("Jörg", Role.SUPERVISOR)
    people.sign_out(person, "idle for 10 min")
    assert trail(db)[-2:] == [
        ("Jörg", "sign-in", "Operator", "Supervisor", "at the window"),
        ("Jörg", "sign-out", "Supervisor", "Operator", "idle for 10 min"),
    ]
    assert verify_record(db).is_sound


def test_wrong_pins_wait_longer_and_longer(db: Path, people: People, clock: Clock) -> None:
    for wait in (1, 2, 4, 8):
        with pytest.raises(AccessError, match=f"try again in {wait} s"):
            people.sign_in("Jörg", "0815", "at the window")
        with pytest.raises(TooSoonError) as raised:
            people.sign_in("Jörg", OTHER, "at the window")
        assert raised.value.wait_s == wait
        clock.wait(wait)
    assert people.sign_in("Jörg", OTHER, "at the window").name == "Jörg"
    with pytest.raises(AccessError, match="try again in 1 s"):
        people.sign_in("Jörg", "0815", "at the window")
    # others are not made to wait
    assert people.sign_in("Erika", PIN, "at the window").name == "Erika"
    words = "wrong PIN, 4 in a row; at the window"
    assert ("Jörg", "sign-in refused", None, None, words) in trail(db)


def test_a_clock_set_back_locks_nobody_out(people: People, clock: Clock) -> None:
    with pytest.raises(AccessError):
        people.sign_in("Jörg", "0815", "x")
    clock.wait(-86_400)
    with pytest.raises(TooSoonError) as raised:
        people.sign_in("Jörg", OTHER, "x")
    assert raised.value.wait_s == 300


def test_an_unknown_name_is_not_kept_for_it_may_be_a_pin(db: Path, people: People) -> None:
    with pytest.raises(AccessError, match="name or the PIN is wrong"):
        people.sign_in(PIN, "", "x")
    assert trail(db)[-1][:2] == ("somebody", "sign-in refused")
    assert PIN not in str(trail(db))


def test_no_pin_is_on_the_disk(db: Path, people: People) -> None:
    with pytest.raises(AccessError):
        people.sign_in("Jörg", "wröng pin@1", "x")
    for path in db.parent.iterdir():
        content = path.read_bytes()
        for secret in (PIN, OTHER, "wröng pin@1"):
            assert secret.encode() not in content, path


@pytest.mark.parametrize("by", [Person("Jörg", Role.ADMINISTRATOR), ROOT])
def test_only_an_administrator_of_the_record_manages_users(people: People, by: Person) -> None:
    for work in (
        lambda: people.add("Intern", Role.ADMINISTRATOR, "986421", by),
        lambda: people.remove("Erika", by),
        lambda: people.change_secret("Erika", "986421", by),
        lambda: people.set_idle_minutes(600, by),
    ):
        with pytest.raises(AccessError, match="an Administrator may add"):
            work()


def test_pins_are_changed_by_their_owner_or_an_administrator(people: People, clock: Clock) -> None:
    people.change_secret("Jörg", "1793", Person("Jörg", Role.SUPERVISOR))
    people.sign_in("Jörg", "1793", "x")
    people.change_secret("Jörg", "6428", ERIKA)
    with pytest.raises(AccessError):
        people.sign_in("Jörg", "1793", "x")
    clock.wait(1)
    people.sign_in("Jörg", "6428", "x")


def test_the_last_administrator_stays(people: People) -> None:
    with pytest.raises(ConfigError, match="last Administrator"):
        people.remove("Erika", ERIKA)
    people.remove("Jörg", ERIKA)
    with pytest.raises(ConfigError, match="no user 'Jörg'"):
        people.remove("Jörg", ERIKA)


@pytest.mark.parametrize(
    ("name", "pin", "words"),
    [("jÖRG", "1793", "exists already"), ("", "1793", "name"), ("Ida", "1", "too short")],
)
def test_what_cannot_be_added(people: People, name: str, pin: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        people.add(name, Role.SUPERVISOR, pin, ERIKA)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users SET role = 'ADMINISTRATOR' WHERE name = 'Jörg'",
        "UPDATE users SET role = 'KING' WHERE name = 'Jörg'",
        "UPDATE users SET secret = (SELECT max(secret) FROM users) || 'x' WHERE name = 'Jörg'",
    ],
)
def test_a_row_written_past_the_program_opens_nothing(
    db: Path, people: People, statement: str
) -> None:
    alter(db, statement)
    assert [u.name for u in people.roster().users if u.altered] == ["Jörg"]
    with pytest.raises(AccessError, match="altered past this program"):
        people.sign_in("Jörg", PIN, "x")
    with pytest.raises(AccessError):
        people.add("Ida", Role.ENGINEER, "986421", Person("Jörg", Role.ADMINISTRATOR))


def test_taking_all_users_away_does_not_open_the_station(db: Path, people: People) -> None:
    alter(db, "DELETE FROM users")
    assert people.roster().access is Access.BROKEN
    with pytest.raises(AccessError):
        people.add("Intern", Role.ADMINISTRATOR, "986421", ROOT)


def test_the_idle_time_is_the_administrators_to_set(db: Path, people: People) -> None:
    people.set_idle_minutes(3, ERIKA)
    assert people.roster().idle_minutes == 3
    assert trail(db)[-1] == ("Erika", "idle minutes", "10", "3", "set by hand")
    with pytest.raises(ConfigError, match="1 to 1440"):
        people.set_idle_minutes(0, ERIKA)


def test_a_weaker_hash_is_made_anew_at_the_next_sign_in(db: Path, people: People) -> None:
    stronger = PasswordHasher(time_cost=2, memory_cost=8, parallelism=1)
    People(db, "station", hasher=stronger).sign_in("Jörg", OTHER, "x")
    with closing(sqlite3.connect(db)) as raw:
        (held,) = raw.execute("SELECT secret FROM users WHERE name = 'Jörg'").fetchone()
    assert "t=2" in held
    people.sign_in("Jörg", OTHER, "x")


def test_the_stations_own_hash_is_what_rfc_9106_asks_for() -> None:
    hasher = station_hasher()
    assert (hasher.time_cost, hasher.memory_cost, hasher.type.name) == (3, 65_536, "ID")
