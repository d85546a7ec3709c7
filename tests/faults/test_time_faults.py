"""Time stamps that repeat or go back, clocks that jump, sources that are too fast or too slow."""

from __future__ import annotations

import datetime as dt
import threading
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest

from inspector.core.inspection import Verdict
from inspector.engine.status import DropCause
from inspector.sources.address import parse_address
from inspector.sources.camera import CameraSource
from inspector.sources.network import NetworkSource
from inspector.sources.options import SourceOptions
from tests.faults.ledger import Ledger, Row
from tests.faults.line import line_of, recorded_parts, row_of
from tests.faults.rig import Rig

STREAM = parse_address("rtsp://camera/line")


def test_a_stream_whose_time_stands_still_passes_nothing(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    rig = Rig()
    source = NetworkSource(STREAM, SourceOptions(), capture_factory=rig)
    with line_of(source, package, tmp_path) as line:
        line.wait_parts(2)
        rig.inject("still time")
        detected = line.event("source_lost")
        rig.heal()
        assert rig.affected_at is not None
        assert rig.healed_at is not None
        again = line.first(Verdict.PASS, rig.healed_at)
        line.end()
    row = row_of(
        line,
        rig,
        fault="stream: repeated and earlier time stamps",
        where="the decoder's clock",
        expected="INVALID; other pictures or not",
        declared=detected,
        again=again,
    )
    assert row.meanwhile["PASS"] == 0
    ledger.add(row)


def test_a_compressed_stream_of_a_still_belt_is_not_taken_for_frozen(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    rig = Rig(noise=False)
    source = NetworkSource(STREAM, SourceOptions(), capture_factory=rig)
    with line_of(source, package, tmp_path) as line:
        line.wait_parts(4)
        status = line.end()
    assert line.events == []
    assert Counter(said.part.verdict for said in line.parts[:4]) == {Verdict.PASS: 4}
    assert status.restarts == 0
    ledger.add(
        Row(
            fault="none: H.264 repeats a still belt exactly",
            where="the decoder's pictures",
            expected="no alarm, PASS",
            meanwhile=Counter(PASS=4),
            lost=line.lost(),
        )
    )


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_is_set_changes_no_verdict_and_no_order(
    hours: int, package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    rig = Rig()
    source = CameraSource(parse_address("0"), SourceOptions(), capture_factory=rig)
    with line_of(source, package, tmp_path) as line:
        line.wait_parts(2)
        shift = dt.timedelta(hours=hours)
        source._stamper._utc_now = lambda: dt.datetime.now(dt.UTC) + shift
        line.wait_parts(3)
        status = line.end()
    assert set(status.parts) == {Verdict.PASS} or status.parts[Verdict.INVALID] <= 1
    assert line.events == []
    times = [said.part.finished_at for said in line.parts]
    jump = [b - a for a, b in pairwise(times)]
    assert max(map(abs, jump)) > dt.timedelta(minutes=59)
    ledger.add(
        Row(
            fault=f"clock: set {'back' if hours < 0 else 'forward'} by an hour",
            where="the wall clock of captures",
            expected="nothing: time is only written down",
            meanwhile=Counter(said.part.verdict.value for said in line.parts[:5]),
            lost=line.lost(),
        )
    )


def test_a_camera_faster_than_the_network_loses_frames_counted_but_no_part(
    package: Path, tmp_path: Path, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    from inspector.inference.network import PlainRunner

    plain, never = PlainRunner.__call__, threading.Event()
    rig = Rig(fps=400.0, nominal=400.0)
    source = CameraSource(parse_address("0"), SourceOptions(), capture_factory=rig)
    with line_of(source, package, tmp_path) as line:

        def slow(self: PlainRunner, images: object, meanwhile: object = None) -> object:
            never.wait(0.01)  # as a network does it: without the interpreter's lock
            return plain(self, images)  # type: ignore[arg-type]

        monkeypatch.setattr(PlainRunner, "__call__", slow)
        line.wait(lambda: len(line.parts) >= 8, "parts")
        status = line.end()
    assert status.dropped[DropCause.OVERRUN] > 0
    spans = [said.span for said in line.parts]
    missed = [s for s in rig.shown if not any(a < s.ended and b > s.began for a, b in spans)]
    assert missed == []
    assert len(recorded_parts(line.db)) == len(line.parts)
    ledger.add(
        Row(
            fault="camera: four times faster than the network",
            where="the camera's rate",
            expected="frames lost and counted, every part judged or INVALID",
            meanwhile=Counter(said.part.verdict.value for said in line.parts),
            lost=line.lost(),
            note=f"{status.dropped[DropCause.OVERRUN]} of {status.captured} frames dropped",
        )
    )


def test_a_camera_far_slower_than_it_says_may_have_missed_parts(
    package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    rig = Rig(fps=3.0, nominal=30.0)
    source = CameraSource(parse_address("0"), SourceOptions(), capture_factory=rig)
    with line_of(source, package, tmp_path) as line:
        line.wait_parts(1, Verdict.INVALID)
        line.end()
    assert {said.part.verdict for said in line.parts} == {Verdict.INVALID}
    ledger.add(
        Row(
            fault="camera: a tenth of its nominal rate",
            where="the camera's rate",
            expected="INVALID: parts may have passed between two frames",
            meanwhile=Counter(said.part.verdict.value for said in line.parts),
            lost=line.lost(),
        )
    )
