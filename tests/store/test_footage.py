"""Footage: every frame, unchanged, complete or absent."""

from __future__ import annotations

import datetime as dt
import shutil
import threading
from collections import namedtuple
from pathlib import Path

import cv2
import numpy as np
import pytest

from inspector.core.frame import Frame
from inspector.errors import InputError, StoreError
from inspector.store.footage import Codec, FootageWriter, choose_codec

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def frame(index: int, size: tuple[int, int] = (64, 48)) -> Frame:
    image = np.random.default_rng(index).integers(0, 255, (size[1], size[0], 3), np.uint8)
    return Frame(index, image, index, NOW, None, "s", "c")


def frames_of(path: Path) -> list[np.ndarray]:
    capture = cv2.VideoCapture(str(path))
    images = []
    while (answer := capture.read())[0]:
        images.append(answer[1])
    capture.release()
    return images


def writer(path: Path, codec: Codec = "ffv1", **more: object) -> FootageWriter:
    arguments = {"fps": 30.0, "size": (64, 48), "codec": codec, "wait": True, **more}
    return FootageWriter(path, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("codec", ["ffv1", "huffyuv"])
@pytest.mark.parametrize("suffix", [".mkv", ".avi"])
def test_lossless_and_whole(tmp_path: Path, codec: Codec, suffix: str) -> None:
    path = tmp_path / "new" / f"a{suffix}"
    footage = writer(path, codec)
    frames = [frame(i) for i in range(40)]
    assert all(footage.write(f) for f in frames)
    assert not path.exists()
    kept = footage.close()
    assert (kept.frames, kept.dropped, kept.padded) == (40, 0, False)
    assert kept.size_bytes == path.stat().st_size
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    for written, read in zip(frames, frames_of(path), strict=True):
        assert np.array_equal(written.image, read)


@pytest.mark.parametrize(("codec", "suffix"), [("mjpeg", ".avi"), ("mpeg4", ".mp4")])
def test_lossy_ones_play_too(tmp_path: Path, codec: Codec, suffix: str) -> None:
    footage = writer(tmp_path / f"a{suffix}", codec)
    for index in range(10):
        footage.write(frame(index))
    assert footage.close().frames == len(frames_of(tmp_path / f"a{suffix}")) == 10


def test_odd_sizes_are_widened_not_cut(tmp_path: Path) -> None:
    footage = writer(tmp_path / "a.mkv", size=(63, 47))
    only = frame(0, (63, 47))
    footage.write(only)
    assert footage.close().padded
    image = frames_of(tmp_path / "a.mkv")[0]
    assert image.shape == (48, 64, 3)
    assert np.array_equal(image[:47, :63], only.image)
    assert np.array_equal(image[47, :63], only.image[46])


@pytest.mark.parametrize(
    ("name", "pixels_per_s", "codec"),
    [
        ("a.mkv", None, "ffv1"),
        ("a.MKV", 640 * 480 * 30, "ffv1"),
        ("a.avi", 1920 * 1080 * 60, "huffyuv"),
        ("a.mp4", None, "mpeg4"),
    ],
)
def test_choice_of_codec(name: str, pixels_per_s: float | None, codec: Codec) -> None:
    assert choose_codec(Path(name), pixels_per_s=pixels_per_s) == codec


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected \.mkv"):
        choose_codec(Path("a.txt"), pixels_per_s=None)
    with pytest.raises(InputError, match="cannot be kept"):
        writer(tmp_path / "a.mp4", "ffv1")
    (tmp_path / "a.mkv").write_text("mine")
    with pytest.raises(InputError, match="exists already"):
        writer(tmp_path / "a.mkv")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        writer(tmp_path / "file" / "a.mkv")


def test_force_replaces_only_when_done(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_text("old")
    footage = writer(path, force=True)
    footage.write(frame(0))
    assert path.read_text() == "old"
    footage.close()
    assert len(frames_of(path)) == 1


def test_nothing_written_leaves_nothing(tmp_path: Path) -> None:
    assert writer(tmp_path / "a.mkv").close().frames == 0
    assert list(tmp_path.iterdir()) == []


def test_a_wrong_shape_is_refused(tmp_path: Path) -> None:
    footage = writer(tmp_path / "a.mkv")
    with pytest.raises(StoreError, match="expected"):
        footage.write(frame(0, (32, 48)))
    footage.close()


def test_a_full_disk_is_said_and_what_there_is_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    free = [10**12, 10**12, 10**12, 1 << 20]
    monkeypatch.setattr(
        shutil, "disk_usage", lambda _: usage(0, 0, free.pop(0) if len(free) > 1 else free[0])
    )
    footage = writer(tmp_path / "a.mkv")
    with pytest.raises(StoreError, match=r"disk is full.*after 30 frames"):
        [footage.write(frame(index)) for index in range(1000)]
    with pytest.raises(StoreError, match="disk is full"):
        footage.close()
    assert len(frames_of(tmp_path / "a.mkv")) == 30


def test_a_disk_that_is_gone_is_said_and_nobody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    footage = writer(tmp_path / "a.mkv")

    def gone(place: Path) -> None:
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(shutil, "disk_usage", gone)
    with pytest.raises(StoreError, match="cannot be written: No such file"):
        [footage.write(frame(index)) for index in range(1000)]
    with pytest.raises(StoreError, match="cannot be written"):
        footage.close()


def test_a_file_that_cannot_take_its_place_is_said(tmp_path: Path) -> None:
    footage = writer(tmp_path / "a.mkv")
    footage.write(frame(0))
    (tmp_path / "a.mkv").mkdir()
    with pytest.raises(StoreError, match=r"cannot be kept.*a\.part\.mkv"):
        footage.close()
    assert (tmp_path / "a.part.mkv").exists()


def test_a_slow_encoder_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    footage = writer(tmp_path / "a.mkv", wait=False)
    may_go_on = threading.Event()
    encode = footage._encode

    def slowly(image: np.ndarray) -> None:
        may_go_on.wait()
        encode(image)

    monkeypatch.setattr(footage, "_encode", slowly)
    answers = [footage.write(frame(1)) for _ in range(400)]
    may_go_on.set()
    kept = footage.close()
    # the queue's room, and the one picture in the encoder's hands
    assert kept.frames in (120, 121)
    assert kept.dropped == answers.count(False) == 400 - kept.frames
    assert kept.frames == len(frames_of(tmp_path / "a.mkv"))
