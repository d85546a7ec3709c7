"""Folders of images."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.core.frame import Frame
from inspector.errors import SourceInterrupted, SourceOpenError
from inspector.sources.factory import open_source
from inspector.sources.folder import list_images, natural_key
from inspector.sources.options import SourceOptions


def write(path: Path, value: int = 0, size: tuple[int, int] = (8, 6)) -> None:
    cv2.imwrite(str(path), np.full((size[1], size[0], 3), value, np.uint8))


def read_all(path: Path, options: SourceOptions | None = None) -> list[Frame]:
    source = open_source(str(path), options or SourceOptions())
    source.open()
    frames = list(iter(source.read, None))
    source.close()
    return [f for f in frames if f is not None]


def test_natural_order() -> None:
    names = ["b.png", "10.png", "2.png", "A1.png", "a10.png", "a9.png"]
    assert sorted(names, key=natural_key) == [
        "2.png", "10.png", "A1.png", "a9.png", "a10.png", "b.png",
    ]  # fmt: skip


def test_frames_in_order_read_only_and_indexed(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        write(tmp_path / f"{number}.png", number)
    (tmp_path / "notes.txt").write_text("no image")
    frames = read_all(tmp_path)
    assert [int(f.image[0, 0, 0]) for f in frames] == [1, 9, 10]
    assert [f.index for f in frames] == [0, 1, 2]
    assert not any(f.image.flags.writeable for f in frames)


def test_red_is_red_in_bgr(tmp_path: Path) -> None:
    red = np.zeros((6, 8, 3), np.uint8)
    red[..., 2] = 255
    cv2.imwrite(str(tmp_path / "r.png"), red)
    assert read_all(tmp_path)[0].image[0, 0].tolist() == [0, 0, 255]


def test_one_corrupt_and_one_odd_image_are_faults_not_the_end(tmp_path: Path) -> None:
    write(tmp_path / "1.png", 7)
    (tmp_path / "2.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"junk" * 20)
    write(tmp_path / "3.png", 9, size=(16, 6))
    whole = (tmp_path / "1.png").read_bytes()
    (tmp_path / "4.png").write_bytes(whole[:-20])
    (tmp_path / "5.png").write_bytes(b"")
    write(tmp_path / "6.png", 8)
    frames = read_all(tmp_path)
    assert [f.fault is None for f in frames] == [True, False, False, False, False, True]
    assert "16x6, expected 8x6" in (frames[2].fault or "")
    assert "empty" in (frames[4].fault or "")
    assert all(f.image.shape == (6, 8, 3) for f in frames)
    assert not frames[1].image.any()


def test_a_cut_jpeg_is_a_fault_though_decoders_fill_it_with_grey(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), np.uint8)
    cv2.imwrite(str(tmp_path / "1.jpg"), noise)
    whole = (tmp_path / "1.jpg").read_bytes()
    (tmp_path / "2.jpg").write_bytes(whole[: len(whole) // 2])
    assert [f.fault for f in read_all(tmp_path)] == [None, "2.jpg: the file is cut off"]


def test_first_image_corrupt_takes_the_size_of_the_next(tmp_path: Path) -> None:
    (tmp_path / "0.jpg").write_bytes(b"\xff\xd8junk")
    write(tmp_path / "1.png")
    frames = read_all(tmp_path)
    assert frames[0].fault
    assert frames[1].fault is None


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.full((4, 4), 200, np.uint8), [200, 200, 200]),
        (np.full((4, 4), 65535, np.uint16), [255, 255, 255]),
        (np.full((4, 4, 3), 257 * 10, np.uint16), [10, 10, 10]),
        (np.dstack([np.full((4, 4, 3), 9, np.uint8), np.zeros((4, 4), np.uint8)]), [9, 9, 9]),
    ],
)
def test_depths_and_channels(tmp_path: Path, stored: np.ndarray, expected: list[int]) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), stored)
    assert read_all(tmp_path)[0].image[0, 0].tolist() == expected


def test_a_huge_header_is_not_decoded(tmp_path: Path) -> None:
    write(tmp_path / "1.png")
    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + header
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk
    bomb += struct.pack(">I", zlib.crc32(chunk)) + b"\0\0\0\0IEND"
    (tmp_path / "2.png").write_bytes(bomb)
    assert "at most" in (read_all(tmp_path)[1].fault or "")


def test_nothing_usable(tmp_path: Path) -> None:
    with pytest.raises(SourceOpenError, match="no images"):
        open_source(str(tmp_path), SourceOptions()).open()
    (tmp_path / "good").mkdir()
    with pytest.raises(SourceOpenError, match=r"e\.g\. good"):
        open_source(str(tmp_path), SourceOptions()).open()
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(SourceOpenError, match="none of its images"):
        open_source(str(tmp_path), SourceOptions()).open()


def test_one_image_is_a_source_too(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    assert list_images(tmp_path / "a.png") == [tmp_path / "a.png"]
    assert len(read_all(tmp_path / "a.png")) == 1


def test_interrupt_and_reopen_keep_counting(tmp_path: Path) -> None:
    write(tmp_path / "a.png")
    source = open_source(str(tmp_path), SourceOptions(realtime=True))
    assert source.open().fps == 10.0
    assert source.read()
    source.interrupt()
    with pytest.raises(SourceInterrupted):
        source.read()
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.index == 1
    source.close()
