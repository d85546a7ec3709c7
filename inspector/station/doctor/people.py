"""Who may change what here, and with which key the record is sealed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from inspector.errors import StoreError
from inspector.station.audit_key import AuditKey, find_key
from inspector.station.doctor.findings import Finding, error, note, ok, warning
from inspector.store.opening import open_reader, record_id
from inspector.store.queries import snapshot
from inspector.store.users import has_users, were_users


def check_people(db: Path) -> Iterator[Finding]:
    """Changes nothing; a record that cannot be read is another check's to tell."""
    if not db.exists():
        yield note("people", "no record yet: everybody may change everything")
        return
    try:
        store = open_reader(db)
    except StoreError:
        return
    try:
        with snapshot(store) as asked:
            some, were, name = has_users(asked), were_users(asked), record_id(asked)
        key = find_key(name, db)
    except StoreError as problem:
        yield error("people", str(problem), "see the message")
        return
    finally:
        store.close()
    yield _users(some=some, were=were)
    yield _key(key)


def _users(*, some: bool, were: bool) -> Finding:
    if some:
        return ok("people", "users are set up: changes need a role")
    if were:
        return error(
            "people",
            "the users of this station were removed past the program",
            "inspector verify audit; inspector restore the newest backup",
        )
    return warning(
        "people",
        "no users: everybody may change everything",
        "inspector users add NAME --role administrator",
    )


def _key(key: AuditKey | None) -> Finding:
    if key is None:
        return note("audit key", "none on this machine; the first run or change makes one")
    return ok("audit key", key.place)
