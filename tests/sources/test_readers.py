"""Frames by number: the very ones that a run sees, whatever the file is like."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.core.frame import Frame
from inspector.core.protocols import FrameReader, FrameSource
from inspector.errors import SourceOpenError, StateError
from inspector.sources.capture import opencv_capture
from inspector.sources.factory import open_source
from inspector.sources.frame_table import read_table
from inspector.sources.options import SourceOptions
from inspector.sources.readers import open_reader
from inspector.sources.video_reader import VideoReader

SIZE = (64, 48)
COUNT = 150
JUMPS = [*(random.Random(1).randrange(COUNT) for _ in range(25)), *range(COUNT - 1, 90, -1), 0, 149]


def make_video(path: Path, fourcc: str, count: int = COUNT) -> Path:
    """Every frame differs from every other, and moves, so that references matter."""
    texture = np.random.default_rng(0).integers(0, 255, (48, 64 + count, 3), np.uint8)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    code = cv2.VideoWriter.fourcc(*fourcc)
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, code, 25, SIZE)
    for number in range(count):
        writer.write(np.ascontiguousarray(texture[:, number : number + 64]))
    writer.release()
    return path


def sums_of(source: FrameSource) -> list[tuple[int, int | None]]:
    source.open()
    sums = []
    while (frame := source.read()) is not None:
        sums.append((checksum(frame), frame.pts_ns))
    source.close()
    return sums


def checksum(frame: Frame) -> int:
    return zlib.crc32(frame.image.tobytes())


@pytest.fixture
def opened() -> Iterator[list[FrameReader]]:
    readers: list[FrameReader] = []
    yield readers
    for reader in readers:
        reader.close()


# mpg2 is written with B-frames: packets come in another order than pictures
@pytest.mark.parametrize(
    ("name", "fourcc"),
    [("a.mp4", "mp4v"), ("b.mkv", "mpg2"), ("c.mkv", "FFV1"), ("d.avi", "MJPG"), ("e.mpg", "mpg1")],
)
def test_every_seek_lands_on_the_very_frame(tmp_path: Path, name: str, fourcc: str, opened) -> None:
    path = make_video(tmp_path / name, fourcc)
    expected = sums_of(open_source(str(path), SourceOptions()))
    assert len({s for s, _ in expected}) == COUNT
    reader = open_reader(str(path), known_pts=lambda index: expected[index][1])
    opened.append(reader)
    reader.open()
    for index in JUMPS:
        frame = reader.read_at(index)
        assert frame is not None
        assert (frame.index, checksum(frame)) == (index, expected[index][0])
    assert reader.read_at(COUNT) is None
    assert reader.read_at(-1) is None


def test_packets_of_b_frames_come_out_of_order(tmp_path: Path) -> None:
    path = make_video(tmp_path / "b.mkv", "mpg2")
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
    times = []
    while capture.grab():
        times.append(capture.get(cv2.CAP_PROP_PTS))
    capture.release()
    assert times != sorted(times)
    table = read_table(str(path), opencv_capture)
    assert table is not None
    assert len(table) == COUNT
    assert table.index_of(float(table.pts[7])) == 7
    assert table.index_of(float(table.pts[7]) + 0.5) is None


def test_a_file_whose_times_are_not_the_runs_is_counted_from_the_first(
    tmp_path: Path, opened
) -> None:
    path = make_video(tmp_path / "a.mp4", "mp4v")
    expected = sums_of(open_source(str(path), SourceOptions()))
    # as if the run had seen frame 101 where the packets say frame 100
    reader = VideoReader(path, known_pts=lambda index: (expected[index][1] or 0) + 40_000_000)
    opened.append(reader)
    reader.open()
    frame = reader.read_at(100)
    assert frame is not None
    assert checksum(frame) == expected[100][0]
    assert reader.counted == 1


class SkippingDecoder:
    """A decoder that gives no picture for one of the packets, as for a damaged one."""

    def __init__(self, target, backend, params) -> None:
        self._real = opencv_capture(target, backend, params)
        self._raw = cv2.CAP_PROP_FORMAT in params

    def grab(self) -> bool:
        done = self._real.grab()
        if done and not self._raw and self._real.get(cv2.CAP_PROP_PTS) == 30:
            return self._real.grab()
        return done

    def __getattr__(self, name):
        return getattr(self._real, name)


def test_a_packet_without_a_picture_shifts_no_frame(tmp_path: Path, opened) -> None:
    path = make_video(tmp_path / "a.avi", "MJPG")
    whole = sums_of(open_source(str(path), SourceOptions()))
    seen = [*whole[:30], *whole[31:]]
    reader = VideoReader(
        path, known_pts=lambda index: seen[index][1], capture_factory=SkippingDecoder
    )
    opened.append(reader)
    reader.open()
    for index in (120, 10, 40, 29, 30, 31, 148):
        frame = reader.read_at(index)
        assert frame is not None
        assert checksum(frame) == seen[index][0], index
    assert reader.read_at(149) is None


def test_a_packet_without_a_picture_is_noticed_before_there_was_a_run(
    tmp_path: Path, opened
) -> None:
    path = make_video(tmp_path / "a.avi", "MJPG")
    whole = sums_of(open_source(str(path), SourceOptions()))
    seen = [*whole[:30], *whole[31:]]
    reader = VideoReader(path, capture_factory=SkippingDecoder)
    opened.append(reader)
    reader.open()
    for index in (60, 20, 40, 120):
        frame = reader.read_at(index)
        assert frame is not None
    # decoding through the damage has shown that the table does not hold
    assert checksum(frame) == seen[120][0]
    assert reader.counted == 1


def test_a_decoder_that_seeks_too_far_is_asked_again(tmp_path: Path, opened) -> None:
    path = make_video(tmp_path / "a.mp4", "mp4v")
    expected = sums_of(open_source(str(path), SourceOptions()))

    class Overshooting(SkippingDecoder):
        def grab(self) -> bool:
            return self._real.grab()

        def set(self, prop: int, value: float) -> bool:
            return self._real.set(prop, value + 30)

    reader = VideoReader(path, capture_factory=Overshooting)
    opened.append(reader)
    reader.open()
    for index in (100, 140, 20):
        frame = reader.read_at(index)
        assert frame is not None
        assert checksum(frame) == expected[index][0]
    assert reader.counted == 0


def test_stepping_back_decodes_a_group_once(tmp_path: Path, opened) -> None:
    decoded = []

    class Counting(SkippingDecoder):
        def grab(self) -> bool:
            decoded.append(not self._raw)
            return self._real.grab()

    reader = VideoReader(make_video(tmp_path / "a.mp4", "mp4v"), capture_factory=Counting)
    opened.append(reader)
    reader.open()
    reader.read_at(140)
    reader.read_at(139)
    decoded.clear()
    for index in range(138, 124, -1):
        assert reader.read_at(index)
    assert decoded == []


def test_a_folder_in_its_natural_order(tmp_path: Path, opened) -> None:
    for number in (10, 2, 1):
        cv2.imwrite(str(tmp_path / f"{number}.png"), np.full((48, 64, 3), number, np.uint8))
    (tmp_path / "3.png").write_bytes(b"\x89PNG\r\n\x1a\nnot really")
    reader = open_reader(str(tmp_path))
    opened.append(reader)
    with pytest.raises(StateError):
        reader.read_at(0)
    assert reader.open().frame_count == 4
    frames = [reader.read_at(i) for i in (3, 0, 1)]
    assert [int(f.image[0, 0, 0]) for f in frames if f] == [10, 1, 2]
    damaged = reader.read_at(2)
    assert damaged is not None
    assert "3.png" in (damaged.fault or "")
    assert reader.read_at(4) is None


@pytest.mark.parametrize(
    ("address", "said"),
    [("sim:metal_nut", "record it first"), ("0", "record it first"), ("gone.mp4", "no such file")],
)
def test_what_cannot_be_looked_through(address: str, said: str) -> None:
    with pytest.raises(SourceOpenError, match=said):
        open_reader(address)


def test_real_h264_with_b_frames_and_few_key_frames(data_dir: Path, opened) -> None:
    path = data_dir / "footage" / "bottle-detection.mp4"
    expected = sums_of(open_source(str(path), SourceOptions()))
    reader = open_reader(str(path))
    opened.append(reader)
    reader.open()
    for index in (700, 3, 1188, 512, 511, 510, 513, 0):
        frame = reader.read_at(index)
        assert frame is not None
        assert checksum(frame) == expected[index][0]
