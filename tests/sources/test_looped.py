from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from inspector.core.frame import Image
from inspector.errors import SourceInterrupted, SourceOpenError
from inspector.sources.factory import open_source
from inspector.sources.looped import LoopedSource, preload
from inspector.sources.options import SourceOptions

SIM = "sim:metal_nut?width=320&height=180&fps=50&parts=1"


def held(count: int = 3) -> tuple[object, list[Image]]:
    return preload(open_source(SIM, SourceOptions()), count)


def test_frames_come_round_with_rising_indices_and_shared_pixels():
    info, images = held(3)
    source = LoopedSource(info, images, SourceOptions())
    assert (source.open().width, source.open().is_live) == (320, False)
    frames = [source.read() for _ in range(7)]
    assert [f.index for f in frames] == list(range(7))
    assert [f.pts_ns for f in frames[:3]] == [0, 20_000_000, 40_000_000]
    assert frames[0].image is frames[3].image is images[0]
    assert not frames[0].image.flags.writeable


def test_a_loop_may_begin_anywhere():
    info, images = held(3)
    frames = [LoopedSource(info, images, SourceOptions(), first=first) for first in (2, 4)]
    for source in frames:
        source.open()
    shown = [[source.read() for _ in range(3)] for source in frames]
    places = {id(image): place for place, image in enumerate(images)}
    assert [[places[id(f.image)] for f in row] for row in shown] == [[2, 0, 1], [1, 2, 0]]
    assert [f.index for f in shown[0]] == [0, 1, 2]


def test_fewer_frames_than_asked_are_what_there_is():
    _, images = held(10_000)
    assert 5 < len(images) < 10_000


def test_a_late_reader_of_a_live_loop_has_lost_frames():
    info, images = held(3)
    ticks: Iterator[int] = iter([0, 0, 0, *([200_000_000] * 10)])
    source = LoopedSource(
        info, images, SourceOptions(as_live=True), monotonic_ns=lambda: next(ticks)
    )
    source.open()
    assert source.read().index == 0
    late = source.read()
    assert late.index == 10
    assert np.array_equal(late.image, images[10 % 3])


def test_an_interrupt_ends_reading_until_it_is_opened_again():
    info, images = held(2)
    source = LoopedSource(info, images, SourceOptions())
    source.open()
    source.interrupt()
    with pytest.raises(SourceInterrupted):
        source.read()
    source.open()
    assert source.read().index == 0


def test_a_source_without_frames_is_refused():
    class Empty:
        def open(self) -> object:
            return held(1)[0]

        def read(self) -> None:
            return None

        def close(self) -> None:
            """Nothing to free."""

    with pytest.raises(SourceOpenError, match="no frame"):
        preload(Empty(), 5)
