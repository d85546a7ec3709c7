"""A run's record: opened early for its refusals, begun when nothing else can refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from inspector.core.inspection import Inspection, Part
from inspector.errors import StateError
from inspector.station.anchoring import HourlyAnchor, write_anchor
from inspector.station.audit_log import sealing_key
from inspector.store.opening import open_store
from inspector.store.recorder import ArchivedImage, RunEnd, RunRecorder, RunStart, begin_run


class RunRecord:
    """A `RecordSink`: a run that was refused leaves no row that looks like a killed run.

    What it writes is sealed; the heads of the chains are anchored outside the record at
    the run's beginning and end and every hour between (an idle chain needs no anchor).
    """

    def __init__(self, path: Path) -> None:
        """Makes or upgrades the record. Raises StoreError."""
        self._store = open_store(path)
        self._recorder: RunRecorder | None = None
        self._station_id = ""
        self._anchor = HourlyAnchor(self._write_anchor)
        self._told = False

    def begin(self, start: RunStart) -> None:
        """Writes the run's row, once, before anything is written. Raises StoreError."""
        self._station_id = start.station_id
        key = sealing_key(self._store, start.station_id)
        self._recorder = begin_run(self._store, start, key)
        self._anchor.at_once()

    def write(self, inspections: Sequence[Inspection], parts: Sequence[Part]) -> None:
        self._begun.write(inspections, parts)
        self._anchor.if_due()

    def add_event(self, at: dt.datetime, kind: str, detail: str) -> None:
        self._begun.add_event(at, kind, detail)

    def note_image(self, image: ArchivedImage) -> None:
        self._begun.note_image(image)

    def finish(self, end: RunEnd) -> None:
        """Writes how the run ended, and closes. Raises StoreError."""
        try:
            self._begun.finish(end)
            write_anchor(self._store, self._station_id)
        finally:
            self.close()

    def close(self) -> None:
        """Without an end of the run; idempotent."""
        if self._recorder is not None:
            self._recorder.close()
        self._store.close()

    def _write_anchor(self) -> None:
        """A place that cannot be written is told once a run, as an event of it."""
        problems = write_anchor(self._store, self._station_id)
        if problems and not self._told:
            self._told = True
            self.add_event(dt.datetime.now(dt.UTC), "anchor", "; ".join(problems))

    @property
    def _begun(self) -> RunRecorder:
        if self._recorder is None:
            raise StateError("the run has not begun in its record")
        return self._recorder
