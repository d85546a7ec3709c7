"""A frame is concluded on while the next is computed: same records, whatever goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np
import pytest

from inspector.core.digest import RecordDigest
from inspector.core.inspection import Verdict
from inspector.core.recipe import Recipe
from inspector.engine import judging
from inspector.engine.judging import Decision
from inspector.engine.pipeline import Pipeline
from inspector.engine.status import PipelineStatus, State
from inspector.engine.watchdog import Patience
from inspector.errors import InferenceError
from tests.engine.test_changeover import OTHER_ID, Run, for_other, request
from tests.support.fakes import (
    BesidePredictor,
    MemorySink,
    ScriptedPredictor,
    ScriptedSource,
    frame,
    grey,
)
from tests.support.pipelines import EVERY_FRAME, WATCHED, belt, setup


class Watched:
    """A run in which ``waiting`` frames stand behind the first before that is asked about, with a
    log of what was asked, answered and decided.
    """

    def __init__(self, waiting: int, frames: int = 6, **hooks: Callable[[int], None]) -> None:
        self.log: list[str] = []
        self.sink = MemorySink()
        self._hooks, self._there = hooks, threading.Event()
        steps: list = [frame(i, grey(60 + i)) for i in range(frames)]
        steps.insert(waiting + 1, self._there.set)
        self.source = ScriptedSource(steps)
        self.predictor = BesidePredictor(before=self._before, after=self._after)
        self.pipeline: Pipeline | None = None

    def play(self, **changes: object) -> PipelineStatus:
        base = {"predictor": self.predictor, "sinks": [self.sink], "frame_observers": [self]}
        self.pipeline = Pipeline(setup(self.source, **{**base, **changes}))
        self.pipeline.start()
        status = self.pipeline.join(10)
        assert status.accounting_problem() is None
        assert len(self.sink.parts) == status.captured
        assert [p.part_index for p in self.sink.parts] == list(range(status.captured))
        return status

    def on_decision(self, decision: Decision) -> None:
        self.log.append(f"decided {decision.ticket.frame.index}")

    def _before(self, number: int) -> None:
        assert self._there.wait(10)
        self.log.append(f"asked {number}")
        self._hooks.get("before", lambda n: None)(number)

    def _after(self, number: int) -> None:
        self._hooks.get("after", lambda n: None)(number)
        self.log.append(f"answered {number}")


def test_a_frame_is_decided_on_while_the_next_is_computed():
    run = Watched(2, frames=3)
    assert run.play().inspected == 3
    assert run.log == [
        "asked 0", "answered 0",
        "asked 1", "decided 0", "answered 1",
        "asked 2", "decided 1", "answered 2",
        "decided 2",
    ]  # fmt: skip


@pytest.mark.parametrize("recipe", [EVERY_FRAME, WATCHED])
@pytest.mark.parametrize("rehearses", [False, True])
def test_the_records_are_those_of_one_frame_after_the_other(recipe: Recipe, rehearses: bool):
    frames = belt("..ggg..bb.gg..x.bbb...ggxgg..")

    def records(predictor: ScriptedPredictor, **changes: object) -> str:
        there = threading.Event()
        digest = RecordDigest()
        steps: list = list(frames)
        steps.insert(4, there.set)
        made = setup(
            ScriptedSource(steps), predictor=predictor, sinks=[digest], recipe=recipe, **changes
        )
        if isinstance(predictor, BesidePredictor):
            predictor._before = lambda number: None if there.wait(10) else pytest.fail("no frames")
        pipeline = Pipeline(made)
        pipeline.start()
        assert pipeline.join(10).accounting_problem() is None
        return digest.hexdigest()

    assert records(BesidePredictor(), rehearses=rehearses) == records(ScriptedPredictor())


def test_where_nothing_waits_behind_it_a_frame_is_decided_on_at_once():
    decided = threading.Event()

    class Hears:
        def on_decision(self, decision: Decision) -> None:
            decided.set()

    heard: list[bool] = []
    steps = [frame(0), lambda: heard.append(decided.wait(10)), frame(1)]
    made = setup(ScriptedSource(steps), predictor=BesidePredictor(), frame_observers=[Hears()])
    pipeline = Pipeline(made)
    pipeline.start()
    assert pipeline.join(20).inspected == 2
    assert heard == [True]


@pytest.mark.parametrize(
    ("when", "verdicts"),
    [
        ("before", [Verdict.INVALID] * 4),  # nobody got round to the first one
        ("after", [Verdict.PASS] + [Verdict.INVALID] * 3),
    ],
)
def test_a_network_that_never_answers_leaves_no_part_without_an_end(
    when: str, verdicts: list[Verdict]
):
    gate = threading.Event()
    hangs = {when: lambda number: gate.wait(20) if number == 1 else None}
    run = Watched(3, frames=4, **hangs)
    try:
        status = run.play(patience=Patience(declare_s=0.01, end_s=0.1))
        assert status.state is State.ERRORED
        assert isinstance(status.first_error, InferenceError)
        assert [p.verdict for p in run.sink.parts] == verdicts
    finally:
        gate.set()
    assert run.pipeline is not None
    for thread in run.pipeline._threads:
        thread.join(10)
        assert not thread.is_alive()
    # what came too late changed nothing
    assert run.pipeline.status().accounting_problem() is None
    assert [p.verdict for p in run.sink.parts] == verdicts


def test_an_error_in_deciding_is_not_the_networks():
    """A network takes what goes wrong in its caller's time for its own trouble."""

    class Blames(BesidePredictor):
        def predict(self, crops, meanwhile=None):
            try:
                return super().predict(crops, meanwhile)
            except KeyError as error:
                raise InferenceError("the GPU failed") from error

    class Breaks:
        def on_decision(self, decision: Decision) -> None:
            if decision.ticket.frame.index == 1:
                raise KeyError("a bug")

    run = Watched(3, frames=5)
    run.predictor = Blames(before=run._before)
    status = run.play(frame_observers=[Breaks()])
    assert status.state is State.ERRORED
    assert isinstance(status.first_error, KeyError)
    # the third was computed by then, and nobody decides on it any more
    assert [p.verdict for p in run.sink.parts[:2]] == [Verdict.PASS] * 2
    assert {p.verdict for p in run.sink.parts[2:]} == {Verdict.INVALID}


def test_an_error_in_looking_takes_nothing_from_the_frame_before():
    def breaks(number: int) -> None:
        if number == 2:
            raise KeyError("a bug")

    run = Watched(3, frames=5, before=breaks)
    status = run.play()
    assert isinstance(status.first_error, KeyError)
    assert status.inspected == 2
    assert [p.verdict for p in run.sink.parts[:2]] == [Verdict.PASS] * 2
    assert {p.verdict for p in run.sink.parts[2:]} == {Verdict.INVALID}


@pytest.mark.parametrize("at", [0, 3, 5])
def test_a_changeover_is_judged_by_its_own_model_from_its_first_frame_on(at: int):
    class Other(BesidePredictor):
        model_id = OTHER_ID

    asked = request(for_other(EVERY_FRAME, name="other"), Other(lambda image: 0.9))
    run = Run(EVERY_FRAME, predictor=BesidePredictor())
    run.play(belt("gggggg"), at, lambda: run.pipeline.change_over(asked))
    assert asked.outcome.result(0).first_frame == at
    verdicts = [p.verdict for p in run.sink.parts]
    assert verdicts == [Verdict.PASS] * at + [Verdict.FAIL] * (6 - at)
    models = [i.model_id for i in run.sink.inspections]
    assert [m == OTHER_ID for m in models] == [i >= at for i in range(6)]


def test_a_stop_drops_and_counts_what_nobody_decided_on():
    run = Watched(3, frames=6)

    def stops(number: int) -> None:
        assert run.pipeline is not None
        if number == 1:
            run.pipeline.stop()

    run._hooks = {"after": stops}
    status = run.play()
    assert status.state is State.STOPPED
    assert status.inspected >= 2
    assert status.captured == status.inspected + status.dropped_total


def judged(frames: list, *, rehearses: bool, monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The scores that defects were looked for in, in order."""
    found: list[float] = []
    find = judging.regions.find

    def notes(prediction, region, recipe):
        found.append(round(prediction.score, 3))
        return find(prediction, region, recipe)

    monkeypatch.setattr(judging.regions, "find", notes)
    go_on = threading.Semaphore(1)

    class Hears:
        def on_decision(self, decision: Decision) -> None:
            go_on.release()

    steps: list = []
    for each in frames:
        steps += [lambda: go_on.acquire(timeout=10), each]  # nothing ever waits behind
    pipeline = Pipeline(
        setup(
            ScriptedSource(steps),
            predictor=BesidePredictor(lambda image: float(image[1, 0, 0]) / 255),
            rehearses=rehearses,
            frame_observers=[Hears()],
        )
    )
    pipeline.start()
    assert pipeline.join(10).accounting_problem() is None
    return found


def test_a_rehearsal_is_of_the_last_rejected_picture(monkeypatch: pytest.MonkeyPatch):
    levels = [51, 102, 204, 51, 229]
    frames = [frame(i, grey(level)) for i, level in enumerate(levels)]
    plain = [0.2, 0.4, 0.8, 0.2, 0.898]
    assert judged(frames, rehearses=False, monkeypatch=monkeypatch) == plain
    monkeypatch.undo()
    # before each but the first: an earlier one again, the last one with defects if there is one
    both = [0.2, 0.2, 0.4, 0.2, 0.8, 0.8, 0.2, 0.8, 0.898]
    assert judged(frames, rehearses=True, monkeypatch=monkeypatch) == both


def test_a_rehearsal_is_not_held_against_a_network_that_says_different_things():
    """The same map judged again and again is no echo, and no picture of that part."""
    sink = MemorySink()
    frames = [frame(i, np.asarray(grey(60 + i))) for i in range(30)]
    pipeline = Pipeline(
        setup(ScriptedSource(frames), predictor=BesidePredictor(), rehearses=True, sinks=[sink])
    )
    pipeline.start()
    assert pipeline.join(10).failed == 0
    assert {p.verdict for p in sink.parts} == {Verdict.PASS}
