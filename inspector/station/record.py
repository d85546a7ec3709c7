"""A run's record: opened early for its refusals, begun when nothing else can refuse."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from inspector.core.inspection import Inspection, Part
from inspector.errors import StateError
from inspector.store.opening import open_store
from inspector.store.recorder import ArchivedImage, RunEnd, RunRecorder, RunStart, begin_run


class RunRecord:
    """A `RecordSink`: a run that was refused leaves no row that looks like a killed run."""

    def __init__(self, path: Path) -> None:
        """Makes or upgrades the record. Raises StoreError."""
        self._store = open_store(path)
        self._recorder: RunRecorder | None = None

    def begin(self, start: RunStart) -> None:
        """Writes the run's row, once, before anything is written. Raises StoreError."""
        self._recorder = begin_run(self._store, start)

    def write(self, inspections: Sequence[Inspection], parts: Sequence[Part]) -> None:
        self._begun.write(inspections, parts)

    def add_event(self, at: dt.datetime, kind: str, detail: str) -> None:
        self._begun.add_event(at, kind, detail)

    def note_image(self, image: ArchivedImage) -> None:
        self._begun.note_image(image)

    def finish(self, end: RunEnd) -> None:
        """Writes how the run ended, and closes. Raises StoreError."""
        try:
            self._begun.finish(end)
        finally:
            self.close()

    def close(self) -> None:
        """Without an end of the run; idempotent."""
        if self._recorder is not None:
            self._recorder.close()
        self._store.close()

    @property
    def _begun(self) -> RunRecorder:
        if self._recorder is None:
            raise StateError("the run has not begun in its record")
        return self._recorder
