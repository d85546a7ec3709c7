"""Writing a run into the record: what ``write`` has returned from is on the disk."""

from __future__ import annotations

import datetime as dt
import sqlite3
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import OperationalError

from inspector.core.inspection import Inspection, Part
from inspector.errors import StateError
from inspector.store import schema
from inspector.store.connection import primary_code, translated
from inspector.store.opening import Store
from inspector.store.part_seals import PartSealer, SealedPart
from inspector.store.rows import frame_row, part_row

_WORTH_A_RETRY = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR)
_T = TypeVar("_T")
SetupKey = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStart:
    """What is known of a run before its first frame.

    Attributes:
        source_uri: without credentials (``SourceInfo.uri``).
        recipe: the whole recipe as a JSON-ready mapping: the record must be readable
            when the file is long gone.
        started_at: UTC.
        job: name of the product, None for a run without a job.
        archive: folder of the pictures, absolute; None where none are kept.
        image_width, image_height: of every frame, pixels.
    """

    run_id: str
    station_id: str
    source_id: str
    source_uri: str
    model_id: str
    recipe_id: str
    recipe: Mapping[str, Any]
    provider: str
    variant: str
    program_version: str
    started_at: dt.datetime
    job: str | None = None
    archive: str | None = None
    image_width: int | None = None
    image_height: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended; a run without it is going on, or was killed."""

    finished_at: dt.datetime
    state: str
    stop_reason: str
    error: str | None = None
    counters: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """A file of the image archive: ``path`` relative to the archive's folder, POSIX."""

    part_id: str
    path: str
    bytes: int
    kind: str = "raw"


def begin_run(store: Store, run: RunStart, key: bytes | None = None) -> RunRecorder:
    """Writes the run's row (durable at return). Raises StoreError.

    ``key`` seals what the run records (see `store.part_seals`); None seals nothing.
    """
    with translated(store.path):
        connection = store.engine.connect()
    sealer = None if key is None else PartSealer(key, run.station_id)
    recorder = RunRecorder(store, connection, sealer)
    try:
        recorder.begin(run)
    except BaseException:
        recorder.close()
        raise
    return recorder


class RunRecorder:
    """The RecordSink of one run; its methods may be called from any thread.

    One connection, one transaction a call. On a full disk the write-ahead log is
    truncated and the transaction tried once more before StoreFullError is raised.
    """

    def __init__(self, store: Store, connection: Connection, sealer: PartSealer | None) -> None:
        """Use ``begin_run``."""
        self._store = store
        self._connection = connection
        self._sealer = sealer
        self._lock = threading.Lock()
        self._images: list[ArchivedImage] = []
        self._images_lock = threading.Lock()
        self._setups: dict[SetupKey, int] = {}
        self._run: int | None = None
        self._run_id = ""

    def begin(self, run: RunStart) -> None:
        """Called by ``begin_run``, once."""
        row = {name: getattr(run, name) for name in RunStart.__slots__} | {
            "recipe": dict(run.recipe)
        }
        self._run = self._durably(lambda: self._insert_run(row))
        self._run_id = run.run_id

    def write(self, inspections: Sequence[Inspection], parts: Sequence[Part]) -> None:
        """All of it in one transaction, durable at return. Raises StoreError."""
        self._durably(lambda: self._insert_facts(inspections, parts))

    def add_event(self, at: dt.datetime, kind: str, detail: str) -> None:
        """Something that happened to the run (an outage has no frames). Raises StoreError."""
        row = {"run": self._key, "at": at, "kind": kind, "detail": detail}
        self._durably(lambda: self._connection.execute(insert(schema.events), [row]))

    def note_image(self, image: ArchivedImage) -> None:
        """Remembered, and written with the next transaction: never waits for the disk."""
        with self._images_lock:
            self._images.append(image)

    def finish(self, end: RunEnd) -> None:
        """Writes how the run ended and closes the connection. Raises StoreError."""
        values = {
            "finished_at": end.finished_at,
            "state": end.state,
            "stop_reason": end.stop_reason,
            "error": end.error,
            "counters": dict(end.counters),
        }
        try:
            self._durably(lambda: self._update_run(values))
        finally:
            self.close()

    def close(self) -> None:
        """Without an end of the run; idempotent."""
        with self._lock:
            self._connection.close()

    @property
    def _key(self) -> int:
        if self._run is None:
            raise StateError("the run has not begun: use begin_run()")
        return self._run

    def _durably(self, work: Callable[[], _T]) -> _T:
        with self._lock, translated(self._store.path):
            if self._connection.closed:
                raise StateError("the record of this run is closed")
            try:
                return self._transaction(work)
            except (OperationalError, sqlite3.OperationalError) as error:
                if primary_code(getattr(error, "orig", error)) not in _WORTH_A_RETRY:
                    raise
                self._truncate_log()
                return self._transaction(work)

    def _transaction(self, work: Callable[[], _T]) -> _T:
        images = self._waiting_images()
        known = dict(self._setups)
        try:
            with self._connection.begin():
                result = work()
                self._insert_images(images)
        except BaseException:
            # what was rolled back must not be remembered as written
            self._setups = known
            raise
        with self._images_lock:
            del self._images[: len(images)]
        return result

    def _truncate_log(self) -> None:
        """Folds the log into the database and frees its blocks, where that is possible."""
        raw = self._connection.connection.driver_connection
        if raw is None:
            raise StateError("the record of this run is closed")
        # where even this fails, the second try fails too and says why
        with suppress(sqlite3.OperationalError):
            raw.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def _insert_run(self, row: dict[str, Any]) -> int:
        statement = insert(schema.runs).values(row).returning(schema.runs.c.id)
        run = int(self._connection.execute(statement).scalar_one())
        if self._sealer is not None:
            self._sealer.seal_begin(self._connection, run, row)
        return run

    def _update_run(self, values: dict[str, Any]) -> None:
        statement = update(schema.runs).where(schema.runs.c.id == self._key).values(values)
        self._connection.execute(statement)
        if self._sealer is not None:
            row = {"run_id": self._run_id, **values}
            self._sealer.seal_end(self._connection, self._key, row)

    def _insert_facts(self, inspections: Sequence[Inspection], parts: Sequence[Part]) -> None:
        run = self._key
        if inspections:
            rows = [frame_row(i, run, self._setup(i.model_id, i.recipe_id)) for i in inspections]
            self._connection.execute(insert(schema.frames), rows)
        if parts:
            rows = [part_row(p, run, self._setup(p.model_id, p.recipe_id)) for p in parts]
            seal = self._seal_parts(run, parts, rows)
            self._connection.execute(insert(schema.parts), [{**row, "seal": seal} for row in rows])

    def _seal_parts(
        self, run: int, parts: Sequence[Part], rows: Sequence[dict[str, Any]]
    ) -> int | None:
        """Number of the seal that the parts are to name."""
        if self._sealer is None:
            return None
        pairs = zip(rows, parts, strict=True)
        sealed = [SealedPart(row, part.model_id, part.recipe_id) for row, part in pairs]
        return self._sealer.seal_parts(self._connection, run, self._run_id, sealed)

    def _setup(self, model_id: str, recipe_id: str) -> int:
        key = (model_id, recipe_id)
        if key not in self._setups:
            self._setups[key] = self._find_setup(*key) or self._add_setup(*key)
        return self._setups[key]

    def _find_setup(self, model_id: str, recipe_id: str) -> int | None:
        table = schema.setups.c
        found = select(table.id).where(table.model_id == model_id, table.recipe_id == recipe_id)
        return self._connection.execute(found).scalar()

    def _add_setup(self, model_id: str, recipe_id: str) -> int:
        row = {"model_id": model_id, "recipe_id": recipe_id}
        statement = insert(schema.setups).values(row).returning(schema.setups.c.id)
        return int(self._connection.execute(statement).scalar_one())

    def _waiting_images(self) -> list[ArchivedImage]:
        with self._images_lock:
            return list(self._images)

    def _insert_images(self, images: Sequence[ArchivedImage]) -> None:
        if images:
            rows = [
                {"part_id": i.part_id, "path": i.path, "bytes": i.bytes, "kind": i.kind}
                for i in images
            ]
            self._connection.execute(insert(schema.images), rows)
