"""Files in a process of their own: the same frames, none lost, and a crash ends only there."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from inspector.core.frame import Frame
from inspector.core.protocols import FrameSource
from inspector.errors import SourceError
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions

FRAMES = 40


@pytest.fixture
def footage(tmp_path: Path) -> Path:
    path = tmp_path / "line.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 25.0, (64, 48))
    for n in range(FRAMES):
        writer.write(np.full((48, 64, 3), 5 * n, np.uint8))
    writer.release()
    return path


def opened(path: Path, *, isolate: bool) -> FrameSource:
    return open_source(str(path), SourceOptions(station_id="s", isolate=isolate))


def read_all(source: FrameSource) -> list[Frame]:
    frames = []
    while (frame := source.read()) is not None:
        frames.append(frame)
    return frames


def test_the_same_frames_as_in_this_process_and_none_lost(footage: Path) -> None:
    found = []
    for isolate in (False, True):
        source = opened(footage, isolate=isolate)
        info = source.open()
        assert (info.is_live, info.width, info.frame_count) == (False, 64, FRAMES)
        # far more than the ring holds is ready before the first is asked for
        found.append(read_all(source))
        source.close()
    here, there = found
    assert [f.index for f in there] == list(range(FRAMES)) == [f.index for f in here]
    assert [f.pts_ns for f in there] == [f.pts_ns for f in here]
    assert {(f.source_id, f.station_id) for f in there} == {("line.avi", "s")}
    assert all(np.array_equal(a.image, b.image) for a, b in zip(here, there, strict=True))


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_a_decoder_that_dies_ends_no_station(footage: Path) -> None:
    source = opened(footage, isolate=True)
    source.open()
    assert source.read() is not None
    (child,) = [p for p in psutil.Process().children() if "spawn_main" in " ".join(p.cmdline())]
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(SourceError, match="ended by itself"):
        read_all(source)
    source.close()
    source.open()
    source.close()
