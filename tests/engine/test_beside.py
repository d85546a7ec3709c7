"""A frame is concluded on while the next is computed: same records, whatever goes wrong."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from inspector.core.digest import RecordDigest
from inspector.core.inspection import Verdict
from inspector.core.recipe import Recipe
from inspector.engine import pipeline as engine_pipeline
from inspector.engine.judging import Decision
from inspector.engine.pipeline import Pipeline
from inspector.engine.status import PipelineStatus, State
from inspector.engine.ticket import NewestWins
from inspector.engine.watchdog import Hand, Patience
from inspector.errors import InferenceError, StoreError
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


def test_a_frame_is_decided_on_while_the_next_is_computed(monkeypatch: pytest.MonkeyPatch):
    run, served = Watched(2, frames=3), list[int]()
    monkeypatch.setattr(NewestWins, "served", lambda p, ticket: served.append(ticket.frame.index))
    assert run.play().inspected == 3
    assert served == [0, 1, 2]
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


@pytest.mark.parametrize(("when", "judged"), [("before", 0), ("after", 1)])
def test_an_answer_that_comes_while_the_run_is_being_ended_loses_no_part(when: str, judged: int):
    gate = threading.Event()
    hangs = {when: lambda number: gate.wait(20) if number == 1 else None}
    run = Watched(3, frames=6, **hangs)
    interrupt = run.source.interrupt

    def comes_back() -> None:
        interrupt()
        gate.set()
        assert run.pipeline is not None
        (thread,) = (t for t in run.pipeline._threads if t.name == "inspect")
        thread.join(10)

    run.source.interrupt = comes_back  # type: ignore[method-assign]
    status = run.play(patience=Patience(declare_s=0.01, end_s=0.1))
    assert status.state is State.ERRORED
    verdicts = [p.verdict for p in run.sink.parts]
    assert verdicts == [Verdict.PASS] * judged + [Verdict.INVALID] * (len(verdicts) - judged)


def test_a_record_that_stalls_is_not_the_network(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(engine_pipeline, "RECORD_CAPACITY", 2)
    run, gate = Watched(3, frames=12), threading.Event()
    looked, stalled, told = threading.Semaphore(0), threading.Event(), list[str]()
    write, waiting_s = run.sink.write, Hand.waiting_s

    def slow(*facts: object) -> None:
        assert gate.wait(20)
        write(*facts)  # type: ignore[arg-type]

    def notes(hand: Hand) -> float:
        looked.release()
        return waiting_s(hand)

    def hears(kind: str, detail: str) -> None:
        told.append(kind)
        stalled.set()

    def goes_on() -> None:
        assert stalled.wait(10)
        for _ in range(30):  # looks of the watchdog: for far longer than a network may take
            assert looked.acquire(timeout=10)
        gate.set()

    monkeypatch.setattr(run.sink, "write", slow)
    monkeypatch.setattr(Hand, "waiting_s", notes)
    helper = threading.Thread(target=goes_on, daemon=True)
    helper.start()
    status = run.play(
        patience=Patience(declare_s=0.005, record_s=0.005, end_s=0.05), on_event=hears
    )
    helper.join(10)
    assert status.state is State.STOPPED
    assert "record_stalled" in told
    assert "network_stalled" not in told
    assert [p.verdict for p in run.sink.parts] == [Verdict.PASS] * 12


@pytest.mark.parametrize("changes", [{"alone": False}, {"ahead": 2}])
def test_where_others_ask_or_look_each_frame_is_decided_on_before_the_next_has_its_turn(
    changes: dict[str, object],
):
    run = Watched(2, frames=5)
    assert run.play(**changes).inspected == 5
    assert run.predictor.calls == 5
    if "alone" in changes:
        assert run.log == [
            f"{what} {n}" for n in range(5) for what in ("asked", "answered", "decided")
        ]


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


@pytest.mark.parametrize("who", ["observer", "record"])
def test_a_network_that_hangs_is_noticed_although_deciding_failed(
    who: str, monkeypatch: pytest.MonkeyPatch
):
    gate = threading.Event()
    run = Watched(3, frames=5, after=lambda number: gate.wait(20) if number == 1 else None)

    def breaks(*given: object) -> None:
        raise StoreError("the disk is full")

    if who == "observer":
        monkeypatch.setattr(run, "on_decision", breaks)
    else:
        monkeypatch.setattr(run.sink, "write", breaks)
    made = setup(
        run.source,
        predictor=run.predictor,
        sinks=[run.sink],
        frame_observers=[run],
        patience=Patience(declare_s=0.01, end_s=0.1),
    )
    pipeline = Pipeline(made)
    pipeline.start()
    try:
        assert pipeline.wait(10)
        assert pipeline.status().first_error is not None
    finally:
        gate.set()
    for thread in pipeline._threads:
        thread.join(10)
        assert not thread.is_alive()


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
