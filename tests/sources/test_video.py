"""Video files: whole, cut off, empty, changing, paced."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.core.frame import Frame
from inspector.errors import (
    SourceChangedError,
    SourceCutOffError,
    SourceInterrupted,
    SourceOpenError,
)
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.sources.pacing import Pacer
from inspector.sources.video import VideoSource
from tests.sources.test_pacing import FakeTime

SIZE = (64, 48)


def picture(value: int, size: tuple[int, int] = SIZE) -> np.ndarray:
    return np.full((size[1], size[0], 3), value, np.uint8)


def make_video(path: Path, fourcc: str, count: int = 30, fps: float = 30.0) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*fourcc), fps, SIZE)
    noise = np.random.default_rng(0)
    for number in range(count):
        writer.write(picture(number * 4) + noise.integers(0, 3, (48, 64, 3), np.uint8))
    writer.release()
    return path


def read_all(source: VideoSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


@pytest.mark.parametrize(
    ("name", "fourcc"), [("a.mp4", "mp4v"), ("a.avi", "MJPG"), ("a.mkv", "FFV1")]
)
def test_every_frame_once_with_its_time(tmp_path: Path, name: str, fourcc: str) -> None:
    source = open_source(str(make_video(tmp_path / name, fourcc)), SourceOptions())
    info = source.open()
    assert (info.width, info.height, info.fps, info.frame_count) == (64, 48, 30.0, 30)
    assert (info.is_live, info.source_id) == (False, name)
    frames = read_all(source)
    source.close()
    assert [f.index for f in frames] == list(range(30))
    times = [f.pts_ns or 0 for f in frames]
    assert np.allclose(np.diff(times), 1e9 / 30, atol=1.5e6)
    assert abs(float(frames[20].image.mean()) - 81) < 6
    assert not frames[0].image.flags.writeable


def test_red_is_red_in_bgr(tmp_path: Path) -> None:
    path = tmp_path / "red.mkv"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"FFV1"), 30, SIZE)
    red = picture(0)
    red[..., 2] = 255
    for _ in range(3):
        writer.write(red)
    writer.release()
    source = VideoSource(path, SourceOptions())
    source.open()
    assert read_all(source)[0].image[0, 0].tolist() == [0, 0, 255]
    source.close()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"hello, this is text\n" * 20, "text file"),
        (b"#EXTM3U\nhttp://127.0.0.1:9/x.ts\n", "text file"),
        (bytes(range(256)) * 8, "not a video"),
        (b"\0\0\0\x20ftypisom" + b"\0" * 600, "cut off"),
    ],
)
def test_no_video(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    with pytest.raises(SourceOpenError, match=said):
        open_source(str(path), SourceOptions()).open()


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(SourceOpenError, match="no such file"):
        open_source(str(tmp_path / "none.mp4"), SourceOptions())


def test_mp4_without_its_index(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.mp4", "mp4v")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(SourceOpenError, match="cut off"):
        open_source(str(path), SourceOptions()).open()


@pytest.mark.parametrize(("name", "fourcc"), [("a.avi", "MJPG"), ("a.mkv", "FFV1")])
def test_a_cut_payload_is_said_after_what_could_be_decoded(
    tmp_path: Path, name: str, fourcc: str
) -> None:
    path = make_video(tmp_path / name, fourcc)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    source = VideoSource(path, SourceOptions())
    source.open()
    with pytest.raises(SourceCutOffError, match=r"only \d+ of 30 frames") as raised:
        read_all(source)
    assert raised.value.exit_code == 2
    source.close()


def test_a_change_of_size_is_an_error(tmp_path: Path) -> None:
    small, large = (
        cv2.imencode(".jpg", picture(90, size))[1].tobytes() for size in (SIZE, (96, 72))
    )
    path = tmp_path / "a.mjpeg"
    path.write_bytes(small * 5 + large * 5)
    source = VideoSource(path, SourceOptions())
    source.open()
    frames = [source.read() for _ in range(5)]
    assert all(frames)
    with pytest.raises(SourceChangedError, match=r"frame 5 .* 96x72"):
        source.read()
    source.close()


def test_paced_by_its_own_rate(tmp_path: Path) -> None:
    time = FakeTime()
    pacer = Pacer(monotonic_ns=time.monotonic_ns, wait=time.wait)
    path = make_video(tmp_path / "a.avi", "MJPG", count=4)
    source = VideoSource(path, SourceOptions(realtime=True), pacer=pacer)
    source.open()
    assert len(read_all(source)) == 4
    source.close()
    assert time.waits == [round(1 / 30, 6)] * 3


def test_as_live_a_slow_reader_loses_frames_and_sees_the_gap(tmp_path: Path) -> None:
    time = FakeTime()
    pacer = Pacer(monotonic_ns=time.monotonic_ns, wait=time.wait)
    path = make_video(tmp_path / "a.avi", "MJPG", count=30)
    source = VideoSource(path, SourceOptions(as_live=True), pacer=pacer)
    assert source.open().is_live
    first = source.read()
    time.now_ns += 500_000_000
    second = source.read()
    assert first is not None
    assert second is not None
    assert first.index == 0
    assert second.index in (12, 13)
    assert second.pts_ns == pytest.approx(second.index * 1e9 / 30, abs=10)
    rest = read_all(source)
    assert rest[-1].index == 29
    source.close()


def test_interrupt_ends_reading_until_open(tmp_path: Path) -> None:
    source = VideoSource(make_video(tmp_path / "a.avi", "MJPG", count=3), SourceOptions())
    source.open()
    source.interrupt()
    with pytest.raises(SourceInterrupted):
        source.read()
    source.open()
    frame = source.read()
    assert frame is not None
    source.close()
    source.close()


def test_real_footage_repeats_exactly(data_dir: Path) -> None:
    path = data_dir / "footage" / "transistor_line.mp4"
    sums = []
    for _ in range(2):
        source = VideoSource(path, SourceOptions())
        source.open()
        sums.append([int(f.image.sum()) for f in (source.read() for _ in range(40)) if f])
        source.close()
    assert sums[0] == sums[1]
    assert len(sums[0]) == 40
