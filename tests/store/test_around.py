"""Clips around failed parts."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.frame import Frame
from inspector.store import around
from inspector.store.around import AroundFailKeeper
from inspector.store.avi import MjpegAvi

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
FPS = 10.0


def frame(index: int, fault: str | None = None) -> Frame:
    """Ten frames a second; the picture's grey value is its index."""
    image = np.full((48, 64, 3), index, np.uint8)
    return Frame(index, image, index * 100_000_000, NOW, None, "s", "c", fault)


def indices_of(path: Path) -> list[int]:
    capture = cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    assert capture.get(cv2.CAP_PROP_FPS) == FPS
    found = []
    while (answer := capture.read())[0]:
        found.append(round(float(answer[1].mean())))
    assert capture.get(cv2.CAP_PROP_FRAME_COUNT) == len(found)
    capture.release()
    return found


def keeper(folder: Path, keep_s: float = 1.0) -> AroundFailKeeper:
    return AroundFailKeeper(folder, fps=FPS, size=(64, 48), keep_s=keep_s, prefix="r1")


@pytest.fixture(autouse=True)
def _room_for_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(around, "_WAITING_FRAMES", 10_000)


def play(kept: AroundFailKeeper, count: int, fails: dict[int, tuple[int, int, int]]) -> None:
    """``fails``: after which frame, the part (index, first frame, last frame)."""
    for index in range(count):
        kept.add(frame(index))
        if index in fails:
            kept.part_failed(*fails[index])


def test_seconds_before_and_after(tmp_path: Path) -> None:
    kept = keeper(tmp_path / "clips")
    play(kept, 120, {35: (7, 30, 33)})
    result = kept.close()
    assert [p.name for p in result.clips] == ["r1-part-7.avi"]
    assert indices_of(result.clips[0]) == list(range(20, 44))
    assert (result.frames_lost, result.problem) == (0, None)
    assert kept.close() == result


def test_no_failure_no_folder(tmp_path: Path) -> None:
    kept = keeper(tmp_path / "clips")
    play(kept, 50, {})
    assert kept.close().clips == ()
    assert not (tmp_path / "clips").exists()


def test_overlapping_clips_are_one_even_when_the_verdict_is_late(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    # the second part's verdict comes when the first clip's end has passed
    play(kept, 200, {32: (1, 30, 31), 60: (2, 45, 47), 150: (9, 149, 150)})
    clips = kept.close().clips
    assert [p.name for p in clips] == ["r1-part-1-2.avi", "r1-part-9.avi"]
    assert indices_of(clips[0]) == list(range(20, 58))
    assert indices_of(clips[1]) == list(range(139, 161))


def test_the_end_of_a_run_closes_what_is_under_way(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    play(kept, 35, {33: (1, 30, 33)})
    assert indices_of(kept.close().clips[0]) == list(range(20, 35))


def test_a_failure_at_once_and_one_without_frames(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    kept.part_failed(0, 0, 0)
    play(kept, 30, {0: (1, 0, 0)})
    assert indices_of(kept.close().clips[0]) == list(range(11))


def test_faulted_frames_are_left_out(tmp_path: Path) -> None:
    kept = keeper(tmp_path)
    for index in range(10):
        kept.add(frame(index, "damaged" if index == 4 else None))
    kept.part_failed(1, 5, 6)
    assert indices_of(kept.close().clips[0]) == [0, 1, 2, 3, 5, 6, 7, 8, 9]


def test_memory_is_bounded_by_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(around, "_MEMORY_BYTES", 4000)
    kept = keeper(tmp_path, keep_s=60)
    play(kept, 100, {99: (1, 98, 99)})
    found = indices_of(kept.close().clips[0])
    assert 1 < len(found) < 10
    assert found[-1] == 99


def test_too_slow_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(around, "_WAITING_FRAMES", 0)
    kept = keeper(tmp_path)
    play(kept, 5, {})
    assert kept.close().frames_lost == 5


def test_an_unwritable_folder_is_said_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = keeper(tmp_path / "file")
    play(kept, 40, {20: (1, 19, 20), 30: (2, 29, 30)})
    result = kept.close()
    assert result.clips == ()
    assert "File exists" in (result.problem or "")


@given(
    fails=st.lists(st.integers(0, 240), unique=True, max_size=12),
    delay=st.integers(0, 25),
)
def test_every_failed_part_is_in_a_clip_once(
    tmp_path_factory: pytest.TempPathFactory, fails: list[int], delay: int
) -> None:
    folder = tmp_path_factory.mktemp("clips")
    kept = keeper(folder, keep_s=0.5)
    for index in range(256):
        kept.add(frame(index))
        if index - delay in fails:
            kept.part_failed(index, index - delay, index - delay)
    clips = [indices_of(path) for path in kept.close().clips]
    together = [index for clip in clips for index in clip]
    assert together == sorted(set(together))
    expected = {n for f in fails if f + delay < 256 for n in range(f - 5, f + 6)}
    assert set(together) == {n for n in expected if 0 <= n < 256}
    # gaps within a clip would mean that something was left out
    assert all(clip == list(range(clip[0], clip[-1] + 1)) for clip in clips)


def test_an_abandoned_avi_is_absent(tmp_path: Path) -> None:
    avi = MjpegAvi(tmp_path / "a.avi", fps=5, size=(64, 48))
    avi.write(b"x")
    avi.abandon()
    assert list(tmp_path.iterdir()) == []
