"""A network that goes wrong in mid-run, below everything that might tidy up its answers."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import RuntimeException

from inspector.core.inspection import Verdict
from inspector.engine.status import State
from inspector.inference.network import PlainRunner
from inspector.sources.address import parse_address
from inspector.sources.camera import CameraSource
from inspector.sources.options import SourceOptions
from tests.faults.ledger import Ledger, Row
from tests.faults.line import Line, line_of
from tests.faults.rig import Rig

Answers = list[np.ndarray]
QUICK_END_S = 1.5


def _filled(value: float) -> Callable[[Answers], Answers]:
    return lambda answers: [np.full_like(a, value) for a in answers]


def _raising(error: BaseException) -> Callable[[Answers], Answers]:
    def fail(answers: Answers) -> Answers:
        raise error

    return fail


NO_MEMORY = "Failed to allocate memory for requested buffer of size 4294967296"
FAULTS: dict[str, Callable[[Answers], Answers]] = {
    "not a number": _filled(float("nan")),
    "infinity": _filled(float("inf")),
    "minus infinity": _filled(float("-inf")),
    "wrong shape": lambda answers: [a[..., :1, :1] if a.ndim > 1 else a for a in answers],
    "wrong count": lambda answers: [np.concatenate([a, a]) for a in answers],
    "raises": _raising(RuntimeException("[ONNXRuntimeError] : 6 : a node failed")),
    "out of memory": _raising(RuntimeException(NO_MEMORY)),
    "out of memory in Python": _raising(MemoryError()),
}


class BrokenRunner:
    """Stands before ``session.run`` of every network of the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.fault: Callable[[Answers], Answers] | None = None
        self.affected_at: float | None = None
        plain = PlainRunner.__call__

        def run(
            runner: PlainRunner, images: Sequence[np.ndarray], meanwhile: object = None
        ) -> Answers:
            answers = [np.array(a) for a in plain(runner, images)]
            fault = self.fault
            if fault is None:
                return answers
            self.affected_at = self.affected_at or time.monotonic()
            return fault(answers)

        monkeypatch.setattr(PlainRunner, "__call__", run)


@pytest.fixture
def runner(monkeypatch: pytest.MonkeyPatch) -> BrokenRunner:
    return BrokenRunner(monkeypatch)


def camera() -> CameraSource:
    return CameraSource(parse_address("0"), SourceOptions(), capture_factory=Rig())


def _broken_for_a_while(
    line: Line, runner: BrokenRunner, fault: Callable[[Answers], Answers]
) -> tuple[float, float, float, float]:
    """When it broke, when that was seen, when it was mended, and when a part passed again."""
    line.wait_parts(2)
    runner.fault = fault
    line.wait_parts(2, Verdict.INVALID)
    runner.fault = None
    healed = time.monotonic()
    assert runner.affected_at is not None
    detected = line.first(Verdict.INVALID, runner.affected_at)
    again = line.first(Verdict.PASS, healed)
    return runner.affected_at, detected, healed, again


@pytest.mark.parametrize("fault", FAULTS)
def test_a_network_that_fails_passes_nothing_and_is_asked_again(
    fault: str, package: Path, tmp_path: Path, ledger: Ledger, runner: BrokenRunner
) -> None:
    with line_of(camera(), package, tmp_path) as line:
        affected, detected, healed, again = _broken_for_a_while(line, runner, FAULTS[fault])
        status = line.end()
    assert status.state is State.STOPPED
    _tell(ledger, line, f"model: {fault}", affected, detected, healed, again)


def test_a_network_that_says_the_same_of_everything_is_not_believed_for_long(
    package: Path, tmp_path: Path, ledger: Ledger, runner: BrokenRunner
) -> None:
    with line_of(camera(), package, tmp_path) as line:
        affected, detected, healed, again = _broken_for_a_while(line, runner, _filled(0.25))
        line.end()
    assert line.meanwhile(detected, healed)["PASS"] == 0
    _tell(
        ledger, line, "model: a constant", affected, detected, healed, again,
        expected="INVALID from the tenth frame with one answer on", passed_before=2,
    )  # fmt: skip


def test_a_network_that_hangs_is_declared_and_then_ends_the_run_with_every_part(
    package: Path, tmp_path: Path, ledger: Ledger, runner: BrokenRunner,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("inspector.engine.pipeline.Watchdog", _impatient())
    hold = threading.Event()

    def hang(answers: Answers) -> Answers:
        hold.wait()
        return answers

    with line_of(camera(), package, tmp_path) as line:
        line.wait_parts(2)
        runner.fault = hang
        declared = line.event("network_stalled")
        assert line.station is not None
        assert line.station.pipeline.status().state is State.DEGRADED
        assert line.station.pipeline.wait(20)
        status = line.end()
    hold.set()
    assert status.state is State.ERRORED
    assert runner.affected_at is not None
    ended = time.monotonic()
    assert line.meanwhile(runner.affected_at, ended)["PASS"] == 0
    ledger.add(
        Row(
            fault="model: never answers",
            where="ONNX Runtime's answers",
            expected="declared, then ERRORED after 30 s (here 1.5 s), every part recorded",
            detected_s=declared - runner.affected_at,
            meanwhile=line.meanwhile(runner.affected_at, ended),
            lost=line.lost(),
            bounded=True,
        )
    )


def _impatient() -> Callable[..., object]:
    from inspector.engine.watchdog import Watchdog

    def made(hand: object, end_s: float, *others: object, **calls: object) -> Watchdog:
        return Watchdog(hand, QUICK_END_S, *others, **calls)  # type: ignore[arg-type]

    return made


def _tell(
    ledger: Ledger,
    line: Line,
    fault: str,
    affected: float,
    detected: float,
    healed: float,
    again: float,
    *,
    expected: str = "INVALID, and judging again as soon as it answers",
    passed_before: int = 0,
) -> None:
    meanwhile = line.meanwhile(affected, healed)
    assert meanwhile["PASS"] <= passed_before
    assert line.lost() == 0
    ledger.add(
        Row(
            fault=fault,
            where="ONNX Runtime's answers",
            expected=expected,
            detected_s=detected - affected,
            meanwhile=meanwhile,
            lost=line.lost(),
            recovered_s=again - healed,
        )
    )
