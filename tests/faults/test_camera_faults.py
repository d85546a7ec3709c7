"""Cameras that break, as OpenCV shows it, and a whole station behind them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from inspector.core.frame import Image
from inspector.core.inspection import Verdict
from inspector.engine.focus_memory import FocusMemories
from inspector.engine.status import State
from inspector.sources.address import Address, parse_address
from inspector.sources.camera import CameraSource
from inspector.sources.isolated import IsolatedSource
from inspector.sources.options import SourceOptions
from tests.faults.ledger import Ledger, Row
from tests.faults.line import Line, line_of, row_of, wait_for_spare
from tests.faults.rig import FAULTS, DetailedRig, Rig, marked_belt, plain_belt

NO_PASS = "INVALID or nothing, told at once"


def camera(rig: Rig) -> CameraSource:
    return CameraSource(parse_address("0"), SourceOptions(), capture_factory=rig)


def unseen(line: Line, rig: Rig) -> list[object]:
    """Parts that were before a sound camera and that no recorded part stands for."""
    spans = [said.span for said in line.parts]
    return [
        shown
        for shown in rig.shown
        if not any(first < shown.ended and last > shown.began for first, last in spans)
    ]


@pytest.mark.parametrize(
    ("fault", "told", "back"),
    [
        ("unplugged", "source_lost", "source_back"),
        ("undecodable", "source_lost", "source_back"),
        ("frozen", "source_lost", "source_back"),
        ("black", "picture_lost", "picture_back"),
        ("overexposed", "picture_lost", "picture_back"),
        ("resized", "source_lost", "source_back"),
    ],
)
def test_a_camera_that_breaks_is_declared_passes_nothing_and_comes_back(
    fault: str, told: str, back: str, package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    rig = Rig()
    with line_of(camera(rig), package, tmp_path) as line:
        line.wait_parts(2)
        rig.inject(fault)
        declared = line.event(told)
        rig.heal()
        assert rig.healed_at is not None
        assert rig.affected_at is not None
        line.event(back, declared)
        again = line.first(Verdict.PASS, rig.healed_at)
        line.wait_parts(1)
        line.end()
    row = row_of(
        line,
        rig,
        fault=f"camera: {fault}",
        where="OpenCV's capture object",
        expected=NO_PASS,
        declared=declared,
        again=again,
    )
    assert row.meanwhile["PASS"] == 0
    assert line.lost() == 0
    assert unseen(line, rig) == []
    ledger.add(row)


@pytest.mark.parametrize(
    ("fault", "told", "back", "belt"),
    [
        ("defocused", "focus_lost", "focus_back", plain_belt()),
        ("knocked", "view_lost", "view_back", marked_belt()),
    ],
)
def test_a_camera_that_sees_something_else_is_declared_passes_nothing_and_comes_back(
    fault: str, told: str, back: str, belt: Image, package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    rig = DetailedRig(belt)
    with line_of(camera(rig), package, tmp_path, empty=belt) as line:
        # it learns from some parts what is usual
        line.wait_parts(15)
        assert line.events == []
        rig.inject(fault)
        declared = line.event(told)
        assert line.station is not None
        assert line.station.pipeline.status().state is State.DEGRADED
        rig.heal()
        assert rig.healed_at is not None
        assert rig.affected_at is not None
        line.event(back, declared)
        again = line.first(Verdict.PASS, rig.healed_at)
        line.end()
    row = row_of(
        line,
        rig,
        fault=f"camera: {fault}",
        where="OpenCV's capture object",
        expected="INVALID, told with its reason",
        declared=declared,
        again=again,
    )
    assert row.meanwhile["PASS"] == 0
    assert unseen(line, rig) == []
    ledger.add(row)


def test_a_blurred_camera_that_is_stopped_and_started_again_is_no_sharp_one(
    package: Path, tmp_path: Path
) -> None:
    """Who sees an alarm presses Stop and Start."""
    belt, focus = plain_belt(), FocusMemories()
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    with line_of(camera(DetailedRig(belt)), package, before, empty=belt, focus=focus) as line:
        line.wait_parts(15)
        line.end()
    assert {said.part.verdict for said in line.parts} == {Verdict.PASS}
    rig = DetailedRig(belt)
    rig.inject("defocused")
    with line_of(camera(rig), package, after, empty=belt, focus=focus) as line:
        declared = line.event("focus_lost")
        line.wait_parts(5, Verdict.INVALID)
        rig.heal()
        assert rig.healed_at is not None
        line.event("focus_back", declared)
        line.first(Verdict.PASS, rig.healed_at)
        line.end()
    blurred = [said.part for said in line.parts if said.span[1] < rig.healed_at]
    assert len(blurred) >= 5
    assert {part.verdict for part in blurred} == {Verdict.INVALID}


def command(file: Path, fault: str) -> float:
    with file.open("r+b") as opened:
        opened.write(bytes([FAULTS.index(fault)]))
    return time.monotonic()


@pytest.mark.parametrize("fault", ["hang", "killed"])
def test_a_driver_that_hangs_or_dies_takes_only_its_own_process_along(
    fault: str, package: Path, tmp_path: Path, ledger: Ledger
) -> None:
    file = tmp_path / "command"
    file.write_bytes(b"\0")
    device = Address("camera", str(file), "camera 0")
    source = IsolatedSource(
        device, SourceOptions(spare=True), opener="tests.faults.rig:open_commanded"
    )
    with line_of(source, package, tmp_path) as line:
        line.wait_parts(2)
        wait_for_spare(source)
        began = _break(source, file, fault)
        declared = line.event("source_lost")
        healed = command(file, "sound")
        line.event("source_back", declared)
        again = line.first(Verdict.PASS, healed)
        line.end()
    # what the child had grabbed before may still be judged: it was fresh then
    meanwhile = line.meanwhile(began + 0.02, healed)
    assert meanwhile["PASS"] == 0
    assert line.lost() == 0
    ledger.add(
        Row(
            fault="camera: " + ("a read that never returns" if fault == "hang" else "driver dies"),
            where="the capture process",
            expected=NO_PASS,
            detected_s=declared - began,
            meanwhile=meanwhile,
            lost=line.lost(),
            recovered_s=again - healed,
            bounded=True,
        )
    )


def _break(source: IsolatedSource, file: Path, fault: str) -> float:
    if fault == "hang":
        return command(file, "hang")
    assert source._child is not None
    source._child._process.kill()
    return time.monotonic()
