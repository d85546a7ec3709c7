"""What the history page asks the record and the archive; no Qt, any thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
from sqlalchemy import Connection

from inspector.core.frame import Image
from inspector.core.label import Label
from inspector.errors import InputError
from inspector.station.audit_key import require_key
from inspector.store import history, queries
from inspector.store.history import Choices, HistoryRow, Key, Outline
from inspector.store.label_files import Written, archive_of, picture_path, write_label
from inspector.store.labels import add_label, known_types, labels_of
from inspector.store.opening import Store, open_reader, open_store
from inspector.store.part_filter import PartFilter
from inspector.vision.still import decode_still

THUMB_WIDTH = 112
"""Pixels of a thumbnail, sharp at twice the size at which it is shown."""


class PictureState(StrEnum):
    """What became of a part's picture."""

    SHOWN = "SHOWN"
    NOT_KEPT = "NOT_KEPT"
    GONE = "GONE"
    DAMAGED = "DAMAGED"


@dataclass(frozen=True, slots=True, eq=False)
class PartDetail:
    """A part with its picture, uint8 (H, W, 3) BGR or None, and all that was said of it."""

    row: HistoryRow
    labels: tuple[Label, ...]
    picture: Image | None
    state: PictureState
    path: Path | None


@dataclass(frozen=True, slots=True)
class Offered:
    """What filters and labels can choose from."""

    choices: Choices
    types: tuple[str, ...]


class HistoryReader(Protocol):
    """All calls may take a while and may raise StoreError."""

    def outline(self, wanted: PartFilter, check: Callable[[], None]) -> Outline: ...

    def rows(
        self, wanted: PartFilter, known: Outline, first: int, count: int
    ) -> list[HistoryRow]: ...

    def newer(self, wanted: PartFilter, than: Key | None) -> list[HistoryRow]: ...

    def offered(self) -> Offered: ...

    def detail(self, part_id: str) -> PartDetail | None: ...

    def thumbnails(
        self, rows: Sequence[HistoryRow], check: Callable[[], None]
    ) -> dict[str, Image | None]: ...

    def say(self, label: Label) -> Written: ...


class RecordReader:
    """On a record, which may not be there yet: then it is empty."""

    def __init__(self, db: Path | None) -> None:
        self._db = db
        self._store: Store | None = None

    def outline(self, wanted: PartFilter, check: Callable[[], None]) -> Outline:
        with self._asked() as asked:
            if asked is None:
                return Outline(0, history.STRIDE, ())
            return history.outline(asked, wanted, check=check)

    def rows(self, wanted: PartFilter, known: Outline, first: int, count: int) -> list[HistoryRow]:
        with self._asked() as asked:
            if asked is None:
                return []
            return history.page_at(asked, wanted, known, first, limit=count)

    def newer(self, wanted: PartFilter, than: Key | None) -> list[HistoryRow]:
        with self._asked() as asked:
            return [] if asked is None else history.newer_than(asked, wanted, than)

    def offered(self) -> Offered:
        with self._asked() as asked:
            if asked is None:
                return Offered(Choices((), (), (), (), ()), ())
            return Offered(history.choices(asked), tuple(known_types(asked)))

    def detail(self, part_id: str) -> PartDetail | None:
        with self._asked() as asked:
            row = None if asked is None else history.one_part(asked, part_id)
            if asked is None or row is None:
                return None
            labels = tuple(labels_of(asked, part_id))
        picture, state, path = self._picture(row)
        return PartDetail(row, labels, picture, state, path)

    def thumbnails(
        self, rows: Sequence[HistoryRow], check: Callable[[], None]
    ) -> dict[str, Image | None]:
        """By part id; None where there is no picture any more."""
        found: dict[str, Image | None] = {}
        for row in rows:
            check()
            picture, _, _ = self._picture(row)
            found[row.part_id] = None if picture is None else _small(picture)
        return found

    def say(self, label: Label) -> Written:
        """Into the record with its audit entry, then into the picture's sidecar."""
        if self._db is None:
            raise InputError("no record is kept: there is no part to label")
        with self._asked() as asked:
            row = None if asked is None else history.one_part(asked, label.part_id)
        store = open_store(self._db)
        try:
            add_label(store, require_key(store).key, label)
        finally:
            store.close()
        if row is None:
            return Written.NO_PICTURE
        return write_label(archive_of(self._db, row.archive), row.picture, label)

    @contextmanager
    def _asked(self) -> Iterator[Connection | None]:
        """None where there is no record yet."""
        if self._db is None or not self._db.is_file():
            yield None
            return
        if self._store is None:
            self._store = open_reader(self._db)
        with queries.snapshot(self._store) as asked:
            yield asked

    def _picture(self, row: HistoryRow) -> tuple[Image | None, PictureState, Path | None]:
        if row.picture is None or self._db is None:
            return None, PictureState.NOT_KEPT, None
        path = picture_path(archive_of(self._db, row.archive), row.picture)
        if path is None:
            return None, PictureState.GONE, None
        try:
            picture = decode_still(path.read_bytes())
        except FileNotFoundError:
            # the quota deleted it between the two
            return None, PictureState.GONE, None
        except OSError:
            return None, PictureState.DAMAGED, path
        if isinstance(picture, str):
            return None, PictureState.DAMAGED, path
        return picture, PictureState.SHOWN, path


def _small(picture: Image) -> Image:
    height, width = picture.shape[:2]
    size = (THUMB_WIDTH, max(1, round(height * THUMB_WIDTH / width)))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
