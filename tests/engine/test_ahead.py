"""Frames looked at before their turn: the same records and accounts, whatever goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from inspector.core.digest import RecordDigest
from inspector.core.inspection import Verdict
from inspector.core.presence import Presence
from inspector.core.recipe import Recipe
from inspector.engine.ahead import Ahead
from inspector.engine.judging import Look
from inspector.engine.pipeline import Pipeline
from inspector.engine.status import PipelineStatus, State
from inspector.engine.ticket import Ticket
from inspector.engine.watchdog import Hand, Patience
from tests.engine.test_changeover import OtherPredictor, Run, for_other, request
from tests.support.fakes import MemorySink, ScriptedPredictor, ScriptedSource, frame, grey
from tests.support.pipelines import EVERY_FRAME, WATCHED, belt, setup


def score_of(image: np.ndarray) -> float:
    return float(image.mean()) / 255


class Crossed:
    """Holds every other answer back until the look at the next picture has begun."""

    def __init__(self) -> None:
        self._seen = threading.Event()
        self._lock = threading.Lock()
        self._count = 0

    def __call__(self, image: np.ndarray) -> float:
        with self._lock:
            self._count += 1
            first = self._count % 2 == 1
            if first:
                self._seen.clear()
            else:
                self._seen.set()
        if first:
            # where nothing is looked at side by side, nobody comes
            self._seen.wait(0.02)
        return score_of(image)


def played(
    frames: list, width: int, score: Callable[[np.ndarray], float] = score_of, **changes: object
) -> tuple[PipelineStatus, str]:
    digest = RecordDigest()
    base = {"predictor": ScriptedPredictor(score), "sinks": [digest], "ahead": width}
    pipeline = Pipeline(setup(ScriptedSource(frames), **{**base, **changes}))
    pipeline.start()
    status = pipeline.join(20)
    assert status.accounting_problem() is None
    assert not [t.name for t in pipeline._threads if t.is_alive()]
    return status, digest.hexdigest()


@pytest.mark.parametrize("recipe", [EVERY_FRAME, WATCHED])
@pytest.mark.parametrize("width", [2, 3])
def test_the_records_are_those_of_one_look_at_a_time(recipe: Recipe, width: int):
    frames = belt("..ggg..bb.gg..x.bbb...ggxgg..")
    alone = played(frames, 1, recipe=recipe)[1]
    assert played(frames, width, Crossed(), recipe=recipe)[1] == alone


def test_two_frames_are_really_looked_at_side_by_side():
    waiting, both = threading.Event(), threading.Barrier(2, timeout=10)

    def score(image: np.ndarray) -> float:
        number = int(image[1, 0, 0]) - 60
        assert waiting.wait(10)
        if number in (1, 2):
            both.wait()
        return 0.1 + number / 1000

    frames: list = [frame(i, grey(60 + i)) for i in range(6)]
    frames.insert(4, waiting.set)
    assert played(frames, 2, score)[0].inspected == 6


def test_the_thread_that_judges_looks_itself_and_is_one_of_them():
    waiting, both = threading.Event(), threading.Barrier(3, timeout=10)
    names: list[str] = []

    def score(image: np.ndarray) -> float:
        number = int(image[1, 0, 0]) - 60
        assert waiting.wait(10)
        names.append(threading.current_thread().name)
        if number < 3:
            both.wait()
        return 0.1 + number / 1000

    frames: list = [frame(i, grey(60 + i)) for i in range(6)]
    frames.insert(4, waiting.set)
    assert played(frames, 3, score)[0].inspected == 6
    assert set(names) == {"inspect", "look-0", "look-1"}


def test_whoever_looked_at_another_frame_meanwhile_has_not_waited_for_a_network_that_hangs():
    """The other thread looks at the first; this one at the second, and says so."""
    order: list[str] = []
    began, done = threading.Event(), threading.Event()

    def look_at(ticket: Ticket) -> Look:
        if ticket is first:
            began.set()
            assert done.wait(10)
        order.append(f"looked at {ticket.frame.index}")
        return Look(ticket, (), (), 0, 0)

    def got_on() -> None:
        order.append("got on")
        done.set()

    first, second = (Ticket(frame(i), Presence.SETTLED, i, True, 0.0, 0.0, 0) for i in range(2))
    ahead = Ahead(2)
    thread = threading.Thread(target=ahead.work, daemon=True)
    thread.start()
    ahead._begin(first, look_at)
    assert began.wait(10)
    seen = ahead.look(first, lambda: [second], look_at, got_on=got_on)
    ahead.close()
    thread.join(10)
    assert seen.ticket is first
    assert order == ["looked at 1", "got on", "looked at 0"]


def test_it_is_the_watchdog_who_is_told_so(monkeypatch: pytest.MonkeyPatch):
    told: list[object] = []
    look = Ahead.look

    def notes(ahead: Ahead, *given: object, got_on: Callable[[], None]) -> Look:
        told.append(got_on)
        return look(ahead, *given, got_on=got_on)  # type: ignore[arg-type]

    monkeypatch.setattr(Ahead, "look", notes)
    assert played([frame(0)], 2)[0].inspected == 1
    assert [getattr(each, "__func__", None) for each in told] == [Hand.go_on]


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_changeover_is_judged_by_its_own_model_from_its_first_frame_on(at: int):
    asked = request(for_other(EVERY_FRAME, name="other"), OtherPredictor(lambda image: 0.9))
    run = Run(EVERY_FRAME, ahead=2)
    run.play(belt("gggggg"), at, lambda: run.pipeline.change_over(asked))
    models = [i.model_id for i in run.sink.inspections]
    assert asked.outcome.result(0).first_frame == at
    verdicts = [p.verdict for p in run.sink.parts]
    assert verdicts == [Verdict.PASS] * at + [Verdict.FAIL] * (6 - at)
    assert [m == asked.predictor.model_id for m in models] == [i >= at for i in range(6)]


def test_an_error_ends_the_run_when_its_frame_has_its_turn():
    def score(image: np.ndarray) -> float:
        if int(image[1, 0, 0]) - 60 >= 4:
            raise KeyError("a bug")
        return 0.1 + int(image[1, 0, 0]) / 1000

    sink = MemorySink()
    frames = [frame(i, grey(60 + i)) for i in range(12)]
    status, _ = played(frames, 2, score, sinks=[sink])
    assert status.state is State.ERRORED
    assert isinstance(status.first_error, KeyError)
    assert status.inspected == 4
    # parts nobody looked at are rejected all the same
    assert [p.verdict for p in sink.parts[:4]] == [Verdict.PASS] * 4
    assert {p.verdict for p in sink.parts[4:]} == {Verdict.INVALID}
    assert len(sink.parts) == status.captured


def test_frames_looked_at_before_a_stop_are_dropped_and_counted():
    entered, gate = threading.Semaphore(0), threading.Semaphore(0)
    predictor = ScriptedPredictor(entered=entered, gate=gate)
    frames: list = [frame(i, grey(60 + i)) for i in range(8)]
    pipeline = Pipeline(setup(ScriptedSource(frames), predictor=predictor, ahead=2))
    pipeline.start()
    assert entered.acquire(timeout=10)
    assert entered.acquire(timeout=10)
    pipeline.stop()
    gate.release(16)
    status = pipeline.join(10)
    assert status.state is State.STOPPED
    assert status.accounting_problem() is None
    assert status.captured == status.inspected + status.dropped_total


def test_a_network_that_never_answers_ends_the_run_and_every_part_is_invalid():
    gate, sink = threading.Semaphore(2), MemorySink()
    pipeline = Pipeline(
        setup(
            ScriptedSource([frame(i, grey(60 + i)) for i in range(6)]),
            sinks=[sink],
            predictor=ScriptedPredictor(gate=gate),
            patience=Patience(declare_s=0.01, end_s=0.2),
            ahead=2,
        )
    )
    pipeline.start()
    try:
        status = pipeline.join(10)
        assert status.state is State.ERRORED
        assert status.accounting_problem() is None
        assert len(sink.parts) == status.captured
        assert Verdict.INVALID in {p.verdict for p in sink.parts[:3]}
        assert {p.verdict for p in sink.parts[3:]} == {Verdict.INVALID}
    finally:
        gate.release(16)
    for thread in pipeline._threads:
        thread.join(10)
        assert not thread.is_alive()


def test_what_ends_the_threads_is_not_taken_from_them():
    ahead = Ahead(2)
    ahead.close()
    assert ahead._next() is None
    thread = threading.Thread(target=ahead.work, daemon=True)
    thread.start()
    thread.join(5)
    assert not thread.is_alive()


def test_a_live_line_never_looks_ahead():
    source = ScriptedSource(belt("ggg"), live=True)
    pipeline = Pipeline(setup(source, ahead=4))
    assert not [t for t in pipeline._threads if t.name.startswith("look")]
