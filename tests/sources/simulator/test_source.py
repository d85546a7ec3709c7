"""SimulatorSource: determinism, pacing, losses, interruption."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from inspector.errors import SourceInterrupted, SourceOpenError, StateError
from inspector.sources.options import SourceOptions
from inspector.sources.simulator import SimulatorSource, open_simulator
from inspector.sources.simulator.source import FrameMaker
from inspector.sources.simulator.spec import parse_spec

SMALL = "sim:metal_nut?seed=4&defect_rate=0.5&width=240&height=180&fps=10"


class Clock:
    """Time that passes only by waiting, or by hand."""

    def __init__(self):
        self.now = 100.0
        self.waits = []

    def __call__(self):
        return self.now

    def wait(self, event, seconds):
        self.waits.append(seconds)
        self.now += seconds
        return event.is_set()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(clock):
    """Opens sources on the scripted clock, and closes them."""
    sources = []

    def make(text=SMALL, **options):
        source = SimulatorSource(
            parse_spec(text), SourceOptions(**options), uri=text, clock=clock, wait=clock.wait
        )
        sources.append(source)
        source.open()
        return source

    yield make
    for source in sources:
        source.close()


def read_all(source):
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def test_two_sources_give_the_same_bits_whatever_the_order(opened):
    text = f"{SMALL}&parts=2"
    first, second = (read_all(opened(text)) for _ in range(2))
    assert len(first) == 60
    assert all(np.array_equal(a.image, b.image) for a, b in zip(first, second, strict=True))
    with FrameMaker(parse_spec(text)) as maker:
        for k in (59, 3, 40, 12):
            assert np.array_equal(maker.image(k), first[k].image)


def test_another_seed_gives_other_parts_and_another_belt(opened):
    a, b = (opened(SMALL.replace("seed=4", f"seed={seed}")) for seed in (4, 5))
    assert not np.array_equal(a.read().image, b.read().image)


def test_frames_are_stamped_and_read_only(opened, clock):
    frames = read_all(opened(f"{SMALL}&frames=3", station_id="cell-1"))
    assert [f.index for f in frames] == [0, 1, 2]
    assert [f.pts_ns for f in frames] == [0, 100_000_000, 200_000_000]
    assert {(f.station_id, f.source_id) for f in frames} == {("cell-1", "sim-metal_nut")}
    assert not frames[0].image.flags.writeable
    assert frames[0].image.shape == (180, 240, 3)
    assert clock.waits == []


def test_info_says_what_it_is():
    source = open_simulator(f"{SMALL}&parts=2", SourceOptions(as_live=True))
    info = source.open()
    source.close()
    assert (info.width, info.height, info.fps, info.frame_count) == (240, 180, 10.0, 60)
    assert (info.is_live, info.freshness) == (True, "pixels")
    assert info.uri == f"{SMALL}&parts=2"


def test_realtime_paces_by_absolute_deadlines_and_loses_nothing(opened, clock):
    source = opened(f"{SMALL}&frames=30", realtime=True)
    start = clock.now
    assert source.read().index == 0
    clock.now += 0.07
    source.read()
    assert clock.now == pytest.approx(start + 0.1)
    clock.now += 2.0
    assert [f.index for f in read_all(source)] == list(range(2, 30))
    assert clock.now == pytest.approx(start + 2.9)


def test_late_live_reader_loses_what_passed_and_sees_the_gap(opened, clock):
    source = opened(as_live=True)
    source.read()
    clock.now += 0.45
    assert source.read().index == 1  # 3.5 periods late: still buffered
    clock.now += 1.0
    frame = source.read()
    assert frame.index == 14  # due at 1.4 s; 1.45 s have passed
    assert frame.pts_ns == 1_400_000_000
    with FrameMaker(source.spec) as maker:
        assert np.array_equal(frame.image, maker.image(14))
    assert source.read().index == 15


def test_live_stream_that_ended_meanwhile_ends(opened, clock):
    source = opened(f"{SMALL}&frames=20", as_live=True)
    source.read()
    clock.now += 60.0
    assert source.read() is None


@pytest.mark.parametrize(("live", "pts"), [(False, 0), (True, 200_000_000)])
def test_index_goes_on_over_a_reopen(opened, live, pts):
    source = opened(as_live=live)
    source.read()
    source.read()
    source.close()
    source.open()
    frame = source.read()
    assert (frame.index, frame.pts_ns) == (2, pts)


def test_interrupt_wakes_a_pacing_read_and_open_clears_it():
    waiting = threading.Event()

    def wait(event, seconds):
        waiting.set()
        return event.wait(seconds)

    text = SMALL.replace("fps=10", "fps=0.1")
    source = SimulatorSource(parse_spec(text), SourceOptions(realtime=True), uri=text, wait=wait)
    source.open()
    source.read()
    ended = []

    def read():
        with pytest.raises(SourceInterrupted):
            source.read()
        ended.append(True)

    reader = threading.Thread(target=read)
    reader.start()
    assert waiting.wait(5.0)
    source.interrupt()
    reader.join(5.0)
    assert ended == [True]
    with pytest.raises(SourceInterrupted):
        source.read()
    source.open()
    assert source.read() is not None
    source.close()


def test_reading_a_closed_source_is_an_error_and_closing_twice_is_not(opened):
    source = opened()
    source.close()
    source.close()
    with pytest.raises(StateError):
        source.read()


def test_bad_address_is_refused_before_anything_is_rendered():
    with pytest.raises(SourceOpenError, match="teapot"):
        open_simulator("sim:teapot", SourceOptions())


def test_truth_names_the_part_that_the_frames_show(opened):
    source = opened()
    labels = [source.truth(k).label for k in range(20)]
    assert {"good", "defective"} == set(labels)
    assert source.truth(2).first_frame == 64
