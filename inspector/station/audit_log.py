"""The station's own chain of changes: who, what, from what to what, and why."""

from __future__ import annotations

import datetime as dt
import os
import secrets
import threading
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import ConfigError, StoreUnavailableError
from inspector.store.audit import AuditCheck, AuditEntry, AuditHead, append_audit, verify_audit
from inspector.store.opening import Store, open_store

KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Change:
    """One change, as a person made it. ``old`` and ``new`` as text; None where there is none."""

    who: str
    what: str
    old: str | None
    new: str | None
    reason: str

    def __post_init__(self) -> None:
        if not self.who.strip():
            raise ConfigError(f"{self.what}: nobody is named: say who makes the change")
        if not self.reason.strip():
            raise ConfigError(f"{self.what}: no reason is given: say why, in a few words")


class AuditLog:
    """Appends to the chain of one station; from any thread. Opened at the first change."""

    def __init__(self, db: Path, station_id: str) -> None:
        self._db = db
        self._station_id = station_id
        self._lock = threading.Lock()
        self._opened: tuple[Store, bytes] | None = None

    def check(self) -> None:
        """Whether a change could be noted: asked before a run, not in its middle.

        Makes nothing. Raises StoreUnavailableError for a key that is damaged.
        """
        path = key_path(self._db)
        if path.exists():
            _read_key(path)

    def append(self, change: Change) -> AuditHead:
        """Durable at return. Raises StoreError."""
        entry = AuditEntry(
            at=dt.datetime.now(dt.UTC),
            who=change.who.strip(),
            what=change.what,
            old=change.old,
            new=change.new,
            reason=change.reason.strip(),
        )
        with self._lock:
            store, key = self._open()
            return append_audit(store, key, self._station_id, entry)

    def verify(self) -> AuditCheck:
        """Whether the chain is what was written. Raises StoreError."""
        with self._lock:
            store, key = self._open()
            return verify_audit(store, key, self._station_id)

    def _open(self) -> tuple[Store, bytes]:
        if self._opened is None:
            store = open_store(self._db)
            try:
                key = audit_key(key_path(self._db))
            except BaseException:
                store.close()
                raise
            self._opened = (store, key)
        return self._opened

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()


def key_path(db: Path) -> Path:
    """Beside the record, in a file of its own: whoever copies the record has no key."""
    return db.with_name(db.name + ".audit-key")


def audit_key(path: Path) -> bytes:
    """The station's key, made at the first call, readable by its owner only.

    Raises StoreUnavailableError where it cannot be read or made, or is damaged.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_key(path)
    except OSError as error:
        raise StoreUnavailableError(f"audit key {path}: {error.strerror}") from None
    key = secrets.token_bytes(KEY_BYTES)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    return key


def _read_key(path: Path) -> bytes:
    try:
        key = path.read_bytes()
    except OSError as error:
        raise StoreUnavailableError(f"audit key {path}: {error.strerror}") from None
    if len(key) != KEY_BYTES:
        raise StoreUnavailableError(
            f"audit key {path}: {len(key)} bytes where {KEY_BYTES} are expected: restore it "
            "from a backup, or move it away to begin a new chain"
        )
    return key
