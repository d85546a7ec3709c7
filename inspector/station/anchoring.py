"""Writing the heads of the chains outside the record: at once, and then every hour."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path

from inspector.store.anchors import Anchor, anchor_of, anchor_path, append_anchor
from inspector.store.opening import Store, reading

VARIABLE = "INSPECTOR_ANCHORS"
EVERY_S = 3600.0

_log = logging.getLogger(__name__)


def anchor_places(db: Path) -> tuple[Path, ...]:
    """The file beside the record, and the one that INSPECTOR_ANCHORS names, if it does."""
    other = os.environ.get(VARIABLE)
    return (anchor_path(db), Path(other)) if other else (anchor_path(db),)


def read_heads(store: Store, station_id: str) -> Anchor:
    """The heads as the record has them now. Raises StoreError."""
    with reading(store) as asked:
        return anchor_of(asked, station_id)


def write_anchor(store: Store, station_id: str) -> tuple[str, ...]:
    """Into every place, and the log. Returns what went wrong, a line each: an anchor that
    cannot be written stops no line. Raises StoreError where the record cannot be read.
    """
    anchor = read_heads(store, station_id)
    _log.info("anchor %s", anchor.line())
    problems = []
    for path in anchor_places(store.path):
        try:
            append_anchor(path, anchor)
        except OSError as error:
            problem = f"anchor {path}: cannot be written: {error.strerror}"
            _log.warning("%s", problem)
            problems.append(problem)
    return tuple(problems)


class HourlyAnchor:
    """Remembers when it is time again; for one thread."""

    def __init__(
        self, write: Callable[[], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        self._write = write
        self._now = now
        self._due = now() + EVERY_S

    def at_once(self) -> None:
        self._due = self._now() + EVERY_S
        self._write()

    def if_due(self) -> None:
        if self._now() >= self._due:
            self.at_once()
