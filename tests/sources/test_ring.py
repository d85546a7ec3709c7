"""The shared-memory ring: order, losses, what crosses it."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.frame import Frame
from inspector.errors import SourceOpenError
from inspector.sources.ring import FrameRing, RingLayout

LAYOUT = RingLayout(slots=4, width=5, height=3)
NOW = dt.datetime(2024, 2, 29, 23, 59, 59, 999_999, dt.UTC)


def frame(index: int, *, pts_ns: int | None = 7, fault: str | None = None) -> Frame:
    image = np.full((3, 5, 3), index % 256, np.uint8)
    return Frame(index, image, 10**15 + index, NOW, pts_ns, "child", "child", fault)


@contextlib.contextmanager
def ring_ends() -> Iterator[tuple[FrameRing, FrameRing]]:
    reader = FrameRing.create(LAYOUT)
    writer = FrameRing.attach(reader.name, LAYOUT)
    try:
        yield reader, writer
    finally:
        writer.close()
        reader.close()


def read(ring: FrameRing, first_index: int = 0) -> Frame | None:
    return ring.read(first_index=first_index, station_id="s", source_id="c")


def test_empty_reads_none() -> None:
    with ring_ends() as (reader, _):
        assert read(reader) is None


def test_everything_of_a_frame_crosses() -> None:
    with ring_ends() as (reader, writer):
        writer.write(frame(5, pts_ns=None, fault="größe"))
        writer.write(frame(6))
        first, second = read(reader, 100), read(reader, 100)
        assert first is not None
        assert second is not None
        assert (first.index, first.fault, first.pts_ns) == (105, "größe", None)
        assert (first.station_id, first.source_id) == ("s", "c")
        assert (second.captured_ns, second.captured_at) == (10**15 + 6, NOW)
        assert (second.pts_ns, second.fault) == (7, None)
        assert not second.image.flags.writeable
        assert second.image[2, 4, 2] == 6
        assert read(reader) is None


def test_a_copy_is_not_touched_by_later_writes() -> None:
    with ring_ends() as (reader, writer):
        writer.write(frame(1))
        kept = read(reader)
        for index in range(2, 9):
            writer.write(frame(index))
        assert kept is not None
        assert kept.image.min() == kept.image.max() == 1


@given(st.lists(st.booleans(), max_size=60))
def test_in_order_newest_kept_losses_are_gaps(steps: list[bool]) -> None:
    """True writes, False reads; a plain list says what must come."""
    waiting: list[int] = []
    written = 0
    with ring_ends() as (reader, writer):
        for is_write in steps:
            if is_write:
                writer.write(frame(written))
                waiting = [*waiting, written][-(LAYOUT.slots - 1) :]
                written += 1
                continue
            got = read(reader)
            assert (got.index if got else None) == (waiting.pop(0) if waiting else None)
            if got:
                assert got.image.min() == got.image.max() == got.index % 256


def test_too_large_for_shared_memory_is_said() -> None:
    with pytest.raises(SourceOpenError, match="shared memory"):
        FrameRing.create(RingLayout(slots=1_000_000, width=16384, height=16384))
