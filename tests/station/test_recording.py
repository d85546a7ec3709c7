"""Footage kept by the push of a button, and what it does not do to the line."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inspector.core.frame import SourceInfo
from inspector.errors import InputError, SourceOpenError, StateError
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.station import recording
from inspector.station.recording import FootageTap, Limits, SourceRecording, open_footage
from inspector.store.footage import FootageWriter
from tests.support.fakes import SIDE, ScriptedSource, frame, grey

INFO = SourceInfo("fake", "fake:", True, SIDE, SIDE, 25.0, None)


def images_of(path: Path) -> list[np.ndarray]:
    source = open_source(str(path), SourceOptions())
    source.open()
    images = []
    while (one := source.read()) is not None:
        images.append(one.image)
    source.close()
    return images


def test_a_tap_keeps_what_came_between_on_and_off(tmp_path: Path):
    tap = FootageTap()
    tap.on_frame(frame(0))
    assert tap.status() is None
    assert tap.stop() is None
    tap.start(INFO, tmp_path / "a.mkv")
    with pytest.raises(StateError):
        tap.start(INFO, tmp_path / "b.mkv")
    for index in (7, 8, 11):
        tap.on_frame(frame(index, grey(index)))
    tap.on_frame(replace(frame(12), fault="torn"))
    status = tap.status()
    assert status is not None
    assert (status.frames, status.lost, status.seconds) == (3, 2, pytest.approx(0.04))
    kept = tap.stop()
    assert kept is not None
    assert kept.frames == 3
    tap.on_frame(frame(13))
    assert [int(i.min()) for i in images_of(tmp_path / "a.mkv")] == [7, 8, 11]


def test_nothing_is_recorded_once_the_line_has_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    tap = FootageTap()

    def opened_late(*args: object, **options: object) -> FootageWriter:
        writer = open_footage(*args, **options)
        tap.end()
        return writer

    # the line ends while the file is being opened: nobody would ever close it
    monkeypatch.setattr(recording, "open_footage", opened_late)
    with pytest.raises(StateError, match="has ended"):
        tap.start(INFO, tmp_path / "a.mkv")
    monkeypatch.undo()
    with pytest.raises(StateError, match="has ended"):
        tap.start(INFO, tmp_path / "b.mkv")
    assert list(tmp_path.iterdir()) == []
    assert "footage" not in [thread.name for thread in threading.enumerate()]


def test_a_second_recording_starts_afresh(tmp_path: Path):
    tap = FootageTap()
    for name, index in (("a.mkv", 0), ("b.mkv", 50)):
        tap.start(INFO, tmp_path / name)
        tap.on_frame(frame(index))
        status = tap.status()
        assert status is not None
        assert (status.frames, status.lost) == (1, 0)
        tap.stop()
    with pytest.raises(InputError, match="exists already"):
        tap.start(INFO, tmp_path / "a.mkv")
    assert tap.status() is None


def test_a_frame_that_does_not_fit_ends_the_recording_not_the_line(tmp_path: Path):
    tap = FootageTap()
    tap.start(INFO, tmp_path / "a.mkv")
    tap.on_frame(frame(0))
    tap.on_frame(frame(1, grey(9, side=32)))
    tap.on_frame(frame(2))
    status = tap.status()
    assert status is not None
    assert "shape" in str(status.error)
    kept = tap.stop()
    assert kept is not None
    assert kept.frames == 1


def test_a_source_is_recorded_in_the_background_until_stopped(tmp_path: Path):
    waiting, interrupted = threading.Event(), threading.Event()

    def wait() -> None:
        waiting.set()
        assert interrupted.wait(20)

    class Source(ScriptedSource):
        def interrupt(self) -> None:
            super().interrupt()
            interrupted.set()

    source = Source([frame(0), frame(1), wait, frame(2)], live=True)
    recording = SourceRecording(lambda: source, tmp_path / "a.mkv")
    recording.start()
    assert waiting.wait(20)
    assert recording.status().is_recording
    assert recording.status().frames == 2
    recording.stop()
    recording.stop()
    assert recording.join(20)
    status = recording.status()
    assert (status.is_recording, status.error) == (False, None)
    assert status.kept is not None
    assert status.kept.frames == 2
    assert source.closed == 1


def test_limits_and_failures_of_a_recorded_source(tmp_path: Path):
    frames = [frame(i) for i in range(9)]
    limited = SourceRecording(
        lambda: ScriptedSource(frames), tmp_path / "a.mkv", limits=Limits(frames=4)
    )
    broken = SourceRecording(
        lambda: ScriptedSource([], open_steps=[SourceOpenError("gone")]), tmp_path / "b.mkv"
    )
    for one in (limited, broken):
        one.start()
        assert one.join(20)
        assert not one.status().is_recording
    assert limited.status().kept is not None
    assert limited.status().kept.frames == 4
    assert isinstance(broken.status().error, SourceOpenError)
    assert not (tmp_path / "b.mkv").exists()
