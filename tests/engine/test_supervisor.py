from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from inspector.engine.supervisor import FreezeWatch, RestartPolicy, SupervisedSource
from inspector.errors import SourceError, SourceInterrupted, SourceOpenError
from tests.support.fakes import ScriptedSource, frame

QUICK = RestartPolicy(first_delay_s=0.0, max_delay_s=0.0, max_restarts=3)


def supervised(source: ScriptedSource, stopping: threading.Event | None = None):
    events: list[str] = []
    return (
        SupervisedSource(
            source,
            source.info,
            stopping=stopping or threading.Event(),
            on_outage=events.append,
            on_return=lambda: events.append("back"),
            policy=QUICK,
        ),
        events,
    )


def test_a_live_source_that_breaks_is_opened_again():
    source = ScriptedSource(
        [frame(0), SourceError("unplugged"), frame(1)],
        live=True,
        open_steps=[SourceOpenError("not yet"), None],
    )
    reader, events = supervised(source)
    assert [reader.read().index, reader.read().index] == [0, 1]
    assert events == ["unplugged", "back"]
    assert source.opened == 2


def test_a_camera_that_is_away_is_tried_four_times_a_second_at_first():
    policy, delay, waited = RestartPolicy(), RestartPolicy().first_delay_s, []
    for _ in range(60):
        waited.append(delay)
        delay = policy.next_delay(delay, sum(waited))
    assert max(waited[:40]) == 0.25
    assert sum(waited[:40]) < 10.0
    assert waited[-1] == 1.0


def test_after_too_many_restarts_it_gives_up():
    source = ScriptedSource(
        [SourceError("unplugged")], live=True, open_steps=[SourceOpenError("gone")] * 9
    )
    reader, _ = supervised(source)
    with pytest.raises(SourceError, match="gave up after 3 restarts"):
        reader.read()


def test_a_file_that_breaks_is_not_opened_again():
    source = ScriptedSource([SourceError("truncated")])
    with pytest.raises(SourceError, match="truncated"):
        supervised(source)[0].read()
    assert source.opened == 0


def test_another_size_after_the_outage_is_an_error():
    source = ScriptedSource([SourceError("unplugged"), frame(0)], live=True)
    reader, _ = supervised(source)
    source.info = dataclasses.replace(source.info, width=128)
    with pytest.raises(SourceError, match="came back with 128"):
        reader.read()


def test_stopping_ends_the_wait_for_a_camera():
    stopping = threading.Event()
    source = ScriptedSource(
        [SourceError("unplugged")], live=True, open_steps=[SourceOpenError("gone")] * 99
    )
    reader, _ = supervised(source, stopping)
    stopping.set()
    assert reader.read() is None


def test_a_frozen_picture_is_a_fault_and_then_a_broken_source():
    watch = FreezeWatch(RestartPolicy(frozen_frames=3, frozen_s=1.0))
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    frames = [
        dataclasses.replace(frame(i, image.copy()), captured_ns=i * 300_000_000) for i in range(5)
    ]
    assert [watch.check(f).fault for f in frames[:4]] == [None, None, None, "frozen picture"]
    with pytest.raises(SourceError, match=r"frozen for 1\.2 s"):
        watch.check(frames[4])


def test_a_still_scene_with_noise_is_not_frozen():
    watch = FreezeWatch(RestartPolicy(frozen_frames=1, frozen_s=0.01))
    rng = np.random.default_rng(0)
    for i in range(20):
        noisy = (128 + rng.normal(0, 2, (256, 256, 3))).astype(np.uint8)
        assert watch.check(frame(i, noisy)).fault is None


def test_a_compressed_stream_may_repeat_itself():
    still = [frame(i) for i in range(200)]
    source = ScriptedSource(still, live=True, freshness="timestamps")
    reader, events = supervised(source)
    assert [reader.read().fault for _ in range(200)] == [None] * 200
    assert events == []


def test_a_clipped_picture_is_not_frozen():
    watch = FreezeWatch(RestartPolicy(frozen_frames=1, frozen_s=0.01))
    white = np.full((64, 64, 3), 255, np.uint8)
    for i in range(20):
        assert watch.check(frame(i, white.copy())).fault is None


def test_a_stop_while_the_camera_is_being_opened_is_no_failure():
    source = ScriptedSource(
        [SourceError("unplugged")], live=True, open_steps=[SourceInterrupted("stop")]
    )
    stopping = threading.Event()
    reader, _ = supervised(source, stopping)
    original = source.open

    def open_and_stop():
        stopping.set()
        return original()

    source.open = open_and_stop
    assert reader.read() is None


def test_a_camera_that_breaks_while_opening_is_tried_again():
    source = ScriptedSource(
        [SourceError("unplugged"), frame(0)], live=True, open_steps=[SourceError("half"), None]
    )
    assert supervised(source)[0].read().index == 0


def test_nothing_but_faulty_pictures_is_a_broken_source():
    steps = [
        dataclasses.replace(frame(i, fault="torn"), captured_ns=i * 300_000_000) for i in range(5)
    ]
    reader, events = supervised(ScriptedSource(steps, live=True))
    assert [reader.read().fault for _ in range(4)] == ["torn"] * 4
    assert events == ["fake: torn, for 0.9 s", "back"]
