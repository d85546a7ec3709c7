"""The key that seals a record: one a record, where nobody who copies the record finds it.

Looked for in this order: the environment variable INSPECTOR_AUDIT_KEY (64 hexadecimal
digits), a file beside the record (readable by its owner only), the system's keyring. Where
there is none yet it is made in the keyring, or in the file where this system has no
keyring that is safe (a headless Linux has none). A record that was begun with a key is
never gone on with by another one.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, select

from inspector.errors import StoreUnavailableError
from inspector.platforms import fsync_folder
from inspector.sources.credentials import LEAST_PRIORITY, KeyringBackend, system_keyring
from inspector.store import schema
from inspector.store.connection import translated
from inspector.store.opening import Store, reading, record_id

KEY_BYTES = 32
VARIABLE = "INSPECTOR_AUDIT_KEY"
SERVICE = "inspector-audit"
FindKeyring = Callable[[], KeyringBackend]


@dataclass(frozen=True, slots=True)
class AuditKey:
    """``key`` is never printed; ``place`` says in words where it is kept."""

    key: bytes = field(repr=False)
    place: str


def find_key(name: str, db: Path, keyring: FindKeyring = system_keyring) -> AuditKey | None:
    """The key of the record with that id; None where this machine has none. Makes nothing.

    Raises StoreUnavailableError for one that is damaged or cannot be read.
    """
    text = os.environ.get(VARIABLE)
    if text is not None:
        return AuditKey(_parsed(text, f"environment variable {VARIABLE}"), f"variable {VARIABLE}")
    path = key_path(db)
    if path.exists():
        return AuditKey(read_key(path), f"file {path}")
    backend = keyring()
    return _kept(backend, name) if backend.priority >= LEAST_PRIORITY else None


def require_key(store: Store, keyring: FindKeyring = system_keyring) -> AuditKey:
    """The record's key, made where nothing was ever sealed. Raises StoreUnavailableError."""
    with reading(store) as asked:
        name = record_id(asked)
    # without the write lock: a keyring may ask a person to unlock it
    found = find_key(name, store.path, keyring)
    if found is not None:
        return found
    with translated(store.path), store.engine.begin() as connection:
        if _is_sealed(connection):
            raise StoreUnavailableError(
                f"record {store.path} is sealed with a key that this user of this machine does "
                f"not have: run as the user who began it, or set {VARIABLE} to that key"
            )
        # under the write lock, so that two programs that begin a record agree
        return find_key(name, store.path, keyring) or _make_key(name, store.path, keyring())


def key_path(db: Path) -> Path:
    """Beside the record, in a file of its own: whoever copies the record has no key."""
    return db.with_name(db.name + ".audit-key")


def create_key_file(path: Path) -> bytes:
    """A new key, readable by its owner only; whole or not at all.

    Raises StoreUnavailableError, also where there is a file already.
    """
    key = secrets.token_bytes(KEY_BYTES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        fsync_folder(path.absolute().parent)
    except OSError as error:
        raise StoreUnavailableError(f"audit key {path}: {error.strerror}") from None
    return key


def read_key(path: Path) -> bytes:
    """Raises StoreUnavailableError."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise StoreUnavailableError(f"audit key {path}: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise StoreUnavailableError(
            f"audit key {path}: {len(key)} bytes where {KEY_BYTES} are expected: restore it "
            "from a backup, or move record and key away to begin anew"
        )
    return key


def open_to_others(path: Path) -> bool:
    """Whether more than its owner may read the key file (POSIX)."""
    return os.name == "posix" and path.exists() and bool(path.stat().st_mode & 0o077)


def _make_key(name: str, db: Path, backend: KeyringBackend) -> AuditKey:
    if backend.priority < LEAST_PRIORITY:
        path = key_path(db)
        return AuditKey(create_key_file(path), f"file {path}")
    key = secrets.token_bytes(KEY_BYTES)
    with _said():
        backend.set_password(SERVICE, name, key.hex())
    return AuditKey(key, _keyring_place(name))


def _kept(backend: KeyringBackend, name: str) -> AuditKey | None:
    with _said():
        text = backend.get_password(SERVICE, name)
    if text is None:
        return None
    return AuditKey(_parsed(text, "the keyring's entry"), _keyring_place(name))


def _keyring_place(name: str) -> str:
    return f"the system's keyring ({SERVICE}, {name})"


def _parsed(text: str, where: str) -> bytes:
    """Never says what it read."""
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise StoreUnavailableError(
            f"audit key: {where} does not hold {2 * KEY_BYTES} hexadecimal digits"
        ) from None
    return key


def _is_sealed(asked: Connection) -> bool:
    tables = (schema.audit_heads, schema.part_seals, schema.users)
    return any(asked.execute(select(1).select_from(t).limit(1)).first() for t in tables)


@contextmanager
def _said() -> Iterator[None]:
    """Keyring's errors in one line."""
    from keyring.errors import KeyringError

    try:
        yield
    except KeyringError as error:
        raise StoreUnavailableError(
            f"audit key: the system's keyring refused ({type(error).__name__}): unlock it, or "
            f"set {VARIABLE} to the key"
        ) from None
