from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from inspector.engine.liveness import Liveness
from inspector.engine.status import DropCause, PipelineStatus, State

RUNNING = PipelineStatus(state=State.RUNNING)


def status(captured: int, decided: int, recorded: int, dropped: int = 0) -> PipelineStatus:
    causes = MappingProxyType({DropCause.OVERRUN: dropped})
    return replace(RUNNING, captured=captured, inspected=decided, recorded=recorded, dropped=causes)


HEALTHY = [status(n, n, n) for n in range(10)]
CAPTURE_HANGS = [status(5, 5, 5)] * 10
INSPECTION_HANGS = [status(n, 3, 3, dropped=max(0, n - 5)) for n in range(5, 15)]
RECORDER_HANGS = [status(n, n, 3) for n in range(5, 15)]
SLOW_CAMERA = [status(n // 4, n // 4, n // 4) for n in range(10)]


@pytest.mark.parametrize(
    ("course", "alive"),
    [
        (HEALTHY, True),
        (CAPTURE_HANGS, False),
        (INSPECTION_HANGS, False),
        (RECORDER_HANGS, False),
        (SLOW_CAMERA, True),
        ([replace(s, state=State.DEGRADED) for s in CAPTURE_HANGS], True),
        ([replace(s, state=State.DEGRADED) for s in RECORDER_HANGS], False),
        ([replace(s, state=State.STOPPED) for s in CAPTURE_HANGS], True),
        ([replace(s, state=State.IDLE) for s in CAPTURE_HANGS], True),
    ],
)
def test_alive_is_what_moves(course: list[PipelineStatus], alive: bool) -> None:
    liveness = Liveness(patience_s=5.0)
    told = [liveness.is_alive(s, float(second)) for second, s in enumerate(course)]
    assert told[:5] == [True] * 5
    assert told[-1] is alive


def test_a_run_that_comes_back_is_alive_again() -> None:
    liveness = Liveness(patience_s=1.0)
    told = [liveness.is_alive(s, float(n)) for n, s in enumerate([*CAPTURE_HANGS, status(6, 6, 6)])]
    assert told[-2:] == [False, True]
