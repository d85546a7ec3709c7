"""The station's own chain of changes: who, what, from what to what, and why."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass
from pathlib import Path

from inspector.errors import ConfigError
from inspector.station.anchoring import write_anchor
from inspector.station.audit_key import key_path, read_key, require_key
from inspector.store.audit import AuditEntry, append_audit, check_key, verify_audit
from inspector.store.chain import ChainCheck, ChainHead
from inspector.store.opening import Store, open_store, reading


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

    def entry(self) -> AuditEntry:
        """Made now."""
        return AuditEntry(
            at=dt.datetime.now(dt.UTC),
            who=self.who.strip(),
            what=self.what,
            old=self.old,
            new=self.new,
            reason=self.reason.strip(),
        )


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
            read_key(path)

    def append(self, change: Change) -> ChainHead:
        """Durable at return, and anchored outside the record. Raises StoreError."""
        with self._lock:
            store, key = self._open()
            head = append_audit(store, key, self._station_id, change.entry())
            write_anchor(store, self._station_id)
            return head

    def verify(self) -> ChainCheck:
        """Whether the chain is what was written. Raises StoreError."""
        with self._lock:
            store, key = self._open()
            with reading(store) as asked:
                return verify_audit(asked, key, self._station_id)

    def _open(self) -> tuple[Store, bytes]:
        if self._opened is None:
            store = open_store(self._db)
            try:
                self._opened = (store, sealing_key(store, self._station_id))
            except BaseException:
                store.close()
                raise
        return self._opened

    def close(self) -> None:
        """Idempotent."""
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened[0].close()


def sealing_key(store: Store, station_id: str) -> bytes:
    """The record's key, once it is known to be the one that the station's chain bears.

    Raises StoreUnavailableError.
    """
    key = require_key(store).key
    with reading(store) as asked:
        check_key(asked, key, station_id)
    return key
