"""Frame rows are kept for days; parts, events and the audit trail for good."""

from __future__ import annotations

import datetime as dt

from sqlalchemy import delete, select, tuple_

from inspector.store import schema
from inspector.store.connection import translated
from inspector.store.opening import Store

BATCH = 2_000
"""Rows a transaction: the recorder waits no longer than one of these for its turn."""


def prune_frames(store: Store, older_than: dt.datetime, *, batch: int = BATCH) -> int:
    """Deletes the rows of frames captured before that time; returns how many.

    Their space is used again by later rows; the file does not shrink. Raises StoreError.
    """
    frames = schema.frames.c
    key = (frames.run, frames.frame_index, frames.region)
    oldest = (
        select(*key)
        .where(frames.captured_at < older_than)
        .order_by(frames.captured_at)
        .limit(batch)
    )
    statement = delete(schema.frames).where(tuple_(*key).in_(oldest))
    total = 0
    while True:
        with translated(store.path), store.engine.begin() as connection:
            deleted = connection.execute(statement).rowcount
        total += deleted
        if deleted < batch:
            return total
