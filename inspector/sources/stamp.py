"""Gives every grab its identity: index, clocks, station and source."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable

from inspector.core.frame import Frame, Image, SourceInfo


def _utc_now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


class FrameStamper:
    """Makes frames of one source; the index counts grabs and survives a re-open."""

    def __init__(
        self,
        *,
        station_id: str,
        source_id: str,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
        utc_now: Callable[[], dt.datetime] = _utc_now,
    ) -> None:
        self._station_id = station_id
        self._source_id = source_id
        self._monotonic_ns = monotonic_ns
        self._utc_now = utc_now
        self._next_index = 0
        self._grabbed: tuple[int, dt.datetime] | None = None

    def skip(self, count: int) -> None:
        """Counts grabs that were lost before they could become frames."""
        self._next_index += count

    def mark(self) -> None:
        """Takes the time now, right after the grab, for the next ``stamp`` (decoding costs)."""
        self._grabbed = self._monotonic_ns(), self._utc_now()

    def stamp(self, image: Image, *, pts_ns: int | None, fault: str | None = None) -> Frame:
        """Takes ``image`` (uint8 (H, W, 3) BGR) over and makes it read-only."""
        image.flags.writeable = False
        captured_ns, captured_at = self._grabbed or (self._monotonic_ns(), self._utc_now())
        self._grabbed = None
        frame = Frame(
            index=self._next_index,
            image=image,
            captured_ns=captured_ns,
            captured_at=captured_at,
            pts_ns=pts_ns,
            station_id=self._station_id,
            source_id=self._source_id,
            fault=fault,
        )
        self._next_index += 1
        return frame


def looked_at(
    info: SourceInfo, index: int, image: Image, *, pts_ns: int | None, fault: str | None = None
) -> Frame:
    """A frame that is shown, not captured: its clocks say when it was read again."""
    image.flags.writeable = False
    return Frame(
        index=index,
        image=image,
        captured_ns=time.monotonic_ns(),
        captured_at=_utc_now(),
        pts_ns=pts_ns,
        station_id="",
        source_id=info.source_id,
        fault=fault,
    )
