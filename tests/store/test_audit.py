"""The audit chain: whatever is done to it afterwards shows."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.store import audit
from inspector.store.audit import AuditEntry, append_audit
from inspector.store.chain import ChainCheck, ChainHead, Sealing
from inspector.store.opening import Store, open_store
from tests.support.records import NOW

KEY = b"k" * 32


def entry(number: int) -> AuditEntry:
    return AuditEntry(
        at=NOW + dt.timedelta(minutes=number),
        who="anna",
        what="recipe.t1",
        old=None if number == 1 else f"0.{number - 1}",
        new=f"0.{number}",
        reason="too many rejects",
    )


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Five rows of station A; two of station B between them."""
    store = open_store(tmp_path / "record.db")
    for number in range(1, 6):
        append_audit(store, KEY, "A", entry(number))
        if number < 3:
            append_audit(store, KEY, "B", entry(number))
    return store


def verify_audit(store: Store, key: bytes, station: str, expected=()) -> ChainCheck:
    with store.engine.connect() as asked:
        return audit.verify_audit(asked, key, station, expected=expected)


def execute(store: Store, *statements: str) -> None:
    with store.engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def test_a_sound_chain(store: Store) -> None:
    assert verify_audit(store, KEY, "A").rows == 5
    assert verify_audit(store, KEY, "A").is_sound
    assert verify_audit(store, KEY, "B").is_sound
    assert verify_audit(store, KEY, "nobody").rows == 0
    assert verify_audit(store, KEY, "nobody").is_sound


def test_another_key_does_not_verify(store: Store) -> None:
    assert verify_audit(store, b"other", "A").at_seq == 1


_SWAP = (
    "UPDATE audit SET seq = 99 WHERE station_id = 'A' AND seq = 2",
    "UPDATE audit SET seq = 2 WHERE station_id = 'A' AND seq = 3",
    "UPDATE audit SET seq = 3 WHERE station_id = 'A' AND seq = 99",
)


@pytest.mark.parametrize(
    ("tampering", "at"),
    [
        (("UPDATE audit SET who = 'bob' WHERE station_id = 'A' AND seq = 3",), 3),
        (("UPDATE audit SET at = at + 1 WHERE station_id = 'A' AND seq = 1",), 1),
        (("UPDATE audit SET old = '' WHERE station_id = 'A' AND seq = 1",), 1),
        (("UPDATE audit SET new = '0.9' WHERE station_id = 'A' AND seq = 5",), 5),
        (("UPDATE audit SET reason = '' WHERE station_id = 'A' AND seq = 2",), 2),
        (("UPDATE audit SET mac = zeroblob(32) WHERE station_id = 'A' AND seq = 4",), 4),
        (("DELETE FROM audit WHERE station_id = 'A' AND seq = 1",), 1),
        (("DELETE FROM audit WHERE station_id = 'A' AND seq = 3",), 3),
        (("DELETE FROM audit WHERE station_id = 'A' AND seq = 5",), 5),
        (("DELETE FROM audit WHERE station_id = 'A'",), 1),
        (("DELETE FROM audit_heads WHERE station_id = 'A'",), 6),
        (_SWAP, 2),
        (
            (
                "DELETE FROM audit WHERE station_id = 'A' AND seq = 3",
                "UPDATE audit SET seq = seq - 1 WHERE station_id = 'A' AND seq > 3",
                "UPDATE audit_heads SET seq = 4 WHERE station_id = 'A'",
            ),
            3,
        ),
        (
            (
                "DELETE FROM audit WHERE station_id = 'A' AND seq = 5",
                "UPDATE audit_heads SET seq = 4 WHERE station_id = 'A'",
            ),
            5,
        ),
        (
            (
                "DELETE FROM audit WHERE station_id = 'A'",
                "UPDATE audit SET station_id = 'A' WHERE station_id = 'B'",
            ),
            1,
        ),
    ],
)
def test_any_change_afterwards_shows(store: Store, tampering: tuple[str, ...], at: int) -> None:
    execute(store, *tampering)
    check = verify_audit(store, KEY, "A")
    assert not check.is_sound
    assert check.at_seq == at


def test_a_removed_row_is_said_to_be_missing(store: Store) -> None:
    execute(store, "DELETE FROM audit WHERE station_id = 'A' AND seq = 3")
    assert verify_audit(store, KEY, "A").problem == "row 3 is missing"


def test_a_row_from_another_history_of_the_same_station_shows(tmp_path: Path, store: Store) -> None:
    # a copy of the record that went on otherwise: its third row is sealed by the same key
    other = open_store(tmp_path / "other.db")
    for number in (1, 2, 9):
        append_audit(other, KEY, "A", entry(number))
    with store.engine.connect() as connection:
        raw = connection.connection.driver_connection
        raw.execute("ATTACH ? AS other", (str(other.path),))
        raw.execute("DELETE FROM audit WHERE station_id = 'A' AND seq = 3")
        raw.execute("INSERT INTO audit SELECT * FROM other.audit WHERE seq = 3")
    assert verify_audit(store, KEY, "A").at_seq == 4


def test_a_row_added_without_the_key_shows(store: Store) -> None:
    execute(
        store,
        "INSERT INTO audit SELECT station_id, 6, at, who, what, old, new, reason, mac "
        "FROM audit WHERE station_id = 'A' AND seq = 5",
    )
    assert verify_audit(store, KEY, "A").at_seq == 6


def test_an_older_copy_shows_against_a_head_kept_elsewhere(tmp_path: Path, store: Store) -> None:
    head = append_audit(store, KEY, "A", entry(6))
    append_audit(store, KEY, "A", entry(7))
    assert verify_audit(store, KEY, "A", expected=[head]).is_sound

    older = open_store(tmp_path / "older.db")
    for number in range(1, 6):
        append_audit(older, KEY, "A", entry(number))
    assert verify_audit(older, KEY, "A").is_sound
    assert not verify_audit(older, KEY, "A", expected=[head]).is_sound
    assert not verify_audit(store, KEY, "A", expected=[ChainHead(6, b"x" * 32)]).is_sound


FIELDS = st.tuples(st.text(), st.text(), st.none() | st.text(), st.none() | st.text(), st.text())


@given(FIELDS, FIELDS)
def test_different_rows_have_different_seals(one, other) -> None:
    def seal(fields) -> bytes:
        who, what, old, new, reason = fields
        made = AuditEntry(at=NOW, who=who, what=what, old=old, new=new, reason=reason)
        return Sealing(KEY, "A").row(b"", 1, audit._content(made))

    assert (seal(one) == seal(other)) == (one == other)
