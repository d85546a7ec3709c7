"""A network that does not answer, answers always the same, and cameras that show nothing."""

from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from inspector.core.inspection import Verdict
from inspector.core.presence import PresenceRule, encode_thumbnail
from inspector.core.recipe import PartRule
from inspector.engine.echo import SAME_ANSWERS
from inspector.engine.picture_watch import PictureWatch
from inspector.engine.pipeline import Pipeline
from inspector.engine.status import Scoreboard, State, Trouble
from inspector.engine.watchdog import Patience
from inspector.errors import InferenceError
from tests.support.fakes import (
    MemorySink,
    ScriptedPredictor,
    ScriptedSource,
    frame,
    grey,
)
from tests.support.pipelines import EVERY_FRAME, setup

QUICK = Patience(declare_s=0.01, end_s=0.05)


class Run:
    """A pipeline over ``steps`` with what came of it."""

    def __init__(
        self,
        steps: list,
        predictor: ScriptedPredictor,
        *,
        sink: MemorySink | None = None,
        **changes: object,
    ) -> None:
        self.sink = sink or MemorySink()
        self.events: list[str] = []
        self.told = threading.Semaphore(0)
        self.pipeline = Pipeline(
            setup(
                ScriptedSource(steps),
                predictor=predictor,
                sinks=[self.sink],
                on_event=self._hear,
                **changes,
            )
        )
        self.pipeline.start()

    def _hear(self, kind: str, detail: str) -> None:
        self.events.append(kind)
        self.told.release()


def test_a_network_that_never_answers_ends_the_run_and_every_part_is_invalid():
    gate = threading.Semaphore(1)
    run = Run(
        [frame(i, grey(60 + i)) for i in range(4)],
        ScriptedPredictor(gate=gate),
        patience=QUICK,
    )
    try:
        status = run.pipeline.join(10)
        assert status.state is State.ERRORED
        assert isinstance(status.first_error, InferenceError)
        assert status.accounting_problem() is None
        first, *others = [part.verdict for part in run.sink.parts]
        assert first is Verdict.PASS
        assert set(others) == {Verdict.INVALID}
        assert len(run.sink.parts) == status.captured
        assert run.events == ["network_stalled"]
    finally:
        gate.release(8)


def test_a_late_answer_of_an_abandoned_network_changes_nothing():
    gate, entered = threading.Semaphore(0), threading.Semaphore(0)
    run = Run([frame(0)], ScriptedPredictor(gate=gate, entered=entered), patience=QUICK)
    before = run.pipeline.join(10)
    gate.release()
    for thread in run.pipeline._threads:
        thread.join(5)
        assert not thread.is_alive()
    assert dataclasses.replace(run.pipeline.status(), latency_ms={}) == dataclasses.replace(
        before, latency_ms={}
    )
    assert [part.verdict for part in run.sink.parts] == [Verdict.INVALID]


def test_a_network_that_answers_late_is_declared_and_forgiven():
    gate, entered = threading.Semaphore(0), threading.Semaphore(0)
    run = Run(
        [frame(0)],
        ScriptedPredictor(gate=gate, entered=entered),
        patience=Patience(declare_s=0.01, end_s=60.0),
    )
    assert run.told.acquire(timeout=5)
    assert run.pipeline.status().trouble is Trouble.NETWORK
    gate.release()
    status = run.pipeline.join(10)
    assert status.state is State.STOPPED
    assert [part.verdict for part in run.sink.parts] == [Verdict.PASS]


def test_a_record_that_stalls_is_declared_forgiven_and_loses_nothing():
    gate, plain = threading.Semaphore(0), MemorySink.write
    run_sink = MemorySink()

    def write(*facts: object) -> None:
        gate.acquire()
        plain(run_sink, *facts)

    run_sink.write = write
    more = threading.Event()
    run = Run(
        [frame(0), more.wait, frame(1)], ScriptedPredictor(), sink=run_sink,
        patience=Patience(record_s=0.01),
    )  # fmt: skip
    assert run.told.acquire(timeout=5)
    assert run.pipeline.status().trouble is Trouble.RECORD
    assert run.pipeline.status().recorded == 0
    gate.release(99)
    assert run.told.acquire(timeout=5)
    assert run.pipeline.status().state is State.RUNNING
    more.set()
    status = run.pipeline.join(10)
    assert run.events == ["record_stalled", "record_back"]
    assert (status.recorded, len(run_sink.parts)) == (2, 2)


def _constant(image: np.ndarray) -> float:
    return 0.25


def test_the_same_answer_for_different_pictures_is_invalid_after_a_few():
    run = Run([frame(i, grey(60 + i)) for i in range(14)], ScriptedPredictor(_constant))
    run.pipeline.join(10)
    verdicts = [part.verdict for part in run.sink.parts]
    assert verdicts == [Verdict.PASS] * (SAME_ANSWERS - 1) + [Verdict.INVALID] * 5
    assert "same answer for 10 different pictures" in (run.sink.parts[9].reason or "")


def test_the_same_answer_for_the_same_picture_is_no_fault():
    run = Run([frame(i, grey(60)) for i in range(14)], ScriptedPredictor())
    run.pipeline.join(10)
    assert {part.verdict for part in run.sink.parts} == {Verdict.PASS}


def seen(watch: PictureWatch, levels: list[int]) -> list[str | None]:
    """The faults of frames 0.3 s apart that are all of one level."""
    frames = [
        dataclasses.replace(
            frame(i, np.full((64, 64, 3), level, np.uint8)), captured_ns=1 + i * 300_000_000
        )
        for i, level in enumerate(levels)
    ]
    return [watch.check(f).fault for f in frames]


def watched(level: int | None, events: list[str]) -> PictureWatch:
    recipe = EVERY_FRAME
    if level is not None:
        taught = encode_thumbnail(np.full((64, 64), level, np.uint8))
        rule = PartRule(mode="presence", presence=PresenceRule(reference=taught))
        recipe = recipe.model_copy(update={"parts": rule})
    return PictureWatch(recipe, events.append, lambda: events.append("back"))


@pytest.mark.parametrize(("level", "fault"), [(0, "black"), (255, "overexposed")])
def test_a_picture_that_shows_nothing_is_a_fault_and_then_declared(level: int, fault: str):
    events: list[str] = []
    faults = seen(watched(120, events), [100, level, level, level, 100])
    assert [f is None for f in faults] == [True, False, False, False, True]
    assert fault in (faults[1] or "")
    assert len(events) == 2
    assert events[1] == "back"


def test_a_small_bright_part_on_black_is_a_picture():
    image = np.zeros((64, 64, 3), np.uint8)
    image[30:34, 30:34] = 200
    assert watched(None, []).check(frame(0, image)).fault is None


@pytest.mark.parametrize("level", [0, 255])
def test_a_belt_that_was_taught_black_or_white_is_no_fault(level: int):
    assert seen(watched(level, []), [level] * 4) == [None] * 4


def test_where_triggers_light_the_part_darkness_between_is_no_fault():
    rule = PartRule(mode="trigger")
    recipe = EVERY_FRAME.model_copy(update={"parts": rule})
    watch = PictureWatch(recipe, lambda what: None, lambda: None)
    assert seen(watch, [0, 0]) == [None, None]


def test_a_run_is_degraded_until_every_trouble_is_over():
    board = Scoreboard()
    board.start()
    board.degrade(Trouble.NETWORK)
    board.degrade(Trouble.SOURCE)
    assert board.snapshot().trouble is Trouble.SOURCE
    board.recover(Trouble.SOURCE)
    assert board.snapshot().state is State.DEGRADED
    board.recover(Trouble.NETWORK)
    assert (board.snapshot().state, board.snapshot().trouble) == (State.RUNNING, None)
