"""Another model takes over between two parts: no part is split, none lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.inspection import Verdict
from inspector.core.recipe import PartRule, Recipe, RegionSpec, Thresholds
from inspector.engine.changeover import Changeover, Takeover
from inspector.engine.pipeline import Pipeline
from inspector.engine.status import PipelineStatus, State
from inspector.errors import ConfigError, RecipeMismatchError, StateError, StoreError
from tests.support.fakes import MODEL_ID, MemorySink, ScriptedPredictor, ScriptedSource, frame
from tests.support.pipelines import EVERY_FRAME, WATCHED, belt, setup

OTHER_ID = "tiny@2#" + "b" * 64


class OtherPredictor(ScriptedPredictor):
    model_id = OTHER_ID


def for_other(recipe: Recipe, **changes: object) -> Recipe:
    return recipe.model_copy(update={"model_sha256": "b" * 64, **changes})


def request(recipe: Recipe, predictor: ScriptedPredictor | None = None) -> Changeover:
    return Changeover(predictor or OtherPredictor(), recipe, "anna", "new product")


class Run:
    """A run whose source asks for the changeover while it plays."""

    def __init__(self, recipe: Recipe = WATCHED, *, live: bool = False, **changes: object) -> None:
        self.steps: list = []
        self.sink = MemorySink()
        self.takeovers: list[Takeover] = []
        self.source = ScriptedSource(self.steps, live=live)
        base = {"recipe": recipe, "sinks": [self.sink], "on_takeover": self.takeovers.append}
        self.pipeline = Pipeline(setup(self.source, **{**base, **changes}))

    def play(self, frames: list, at: int, action: Callable[[], None]) -> PipelineStatus:
        status = self.play_to_the_end(frames, at, action)
        assert status.accounting_problem() is None
        return status

    def play_to_the_end(self, frames: list, at: int, action: Callable[[], None]) -> PipelineStatus:
        """For runs that their record ends: what was decided then may not be in it."""
        self.steps += [*frames[:at], action, *frames[at:]]
        self.pipeline.start()
        return self.pipeline.join(10)

    def models_by_part(self) -> dict[int, set[str]]:
        found: dict[int, set[str]] = {}
        for i in self.sink.inspections:
            if i.part_index is not None and i.verdict is not Verdict.NO_PART:
                found.setdefault(i.part_index, set()).add(i.model_id)
        return found


def test_every_record_names_the_model_and_recipe_that_really_judged():
    asked = request(for_other(EVERY_FRAME, name="other"))
    run = Run(EVERY_FRAME)
    run.play(belt("gggggg"), 3, lambda: run.pipeline.change_over(asked))
    assert [p.model_id for p in run.sink.parts] == [MODEL_ID] * 3 + [OTHER_ID] * 3
    assert [p.recipe_id for p in run.sink.parts[3:]] == [asked.recipe.recipe_id] * 3
    assert [p.part_index for p in run.sink.parts] == list(range(6))
    (taken,) = run.takeovers
    assert asked.outcome.result(0) == taken
    assert (taken.first_frame, taken.who, taken.reason) == (3, "anna", "new product")
    assert (taken.before_model_id, taken.before_recipe) == (MODEL_ID, EVERY_FRAME)
    assert run.pipeline.in_force.model_id == OTHER_ID


def test_a_part_in_view_is_finished_by_the_model_that_began_it():
    asked = request(for_other(WATCHED))
    run = Run()
    run.play(belt("..ggggg...bbbb..."), 5, lambda: run.pipeline.change_over(asked))
    assert run.models_by_part() == {0: {MODEL_ID}, 1: {OTHER_ID}}
    assert [(p.verdict, p.model_id) for p in run.sink.parts] == [
        (Verdict.PASS, MODEL_ID),
        (Verdict.FAIL, OTHER_ID),
    ]
    # frame 7 is the first empty one and ends the part; the next is the first without one
    assert asked.outcome.result(0).first_frame == 8


def test_the_new_recipe_brings_its_own_thresholds_and_regions():
    lenient = for_other(
        WATCHED,
        thresholds=Thresholds(t1=0.95, t2=0.99),
        regions=(RegionSpec(name="left", roi=(0, 0, 32, 64)), RegionSpec(name="right")),
    )
    run = Run()
    asked = request(lenient)
    run.play(belt("..bbbb...bbbb..."), 4, lambda: run.pipeline.change_over(asked))
    assert [p.verdict for p in run.sink.parts] == [Verdict.FAIL, Verdict.PASS]
    assert {i.region for i in run.sink.inspections if i.part_index == 1} == {"left", "right"}


def test_another_way_of_telling_parts_takes_over_too():
    run = Run()
    asked = request(for_other(EVERY_FRAME))
    run.play(belt("..ggg...gg"), 0, lambda: run.pipeline.change_over(asked))
    assert len(run.sink.parts) == 10


def test_triggers_that_wait_are_not_lost_with_the_rule_that_asks_for_them():
    run = Run(EVERY_FRAME.model_copy(update={"parts": PartRule(mode="trigger")}))
    asked = request(for_other(WATCHED))

    def trigger_and_swap() -> None:
        run.pipeline.trigger()
        run.pipeline.trigger()
        run.pipeline.change_over(asked)

    run.play(belt("..ggg..."), 1, trigger_and_swap)
    assert [(p.verdict, p.model_id) for p in run.sink.parts] == [
        (Verdict.INVALID, MODEL_ID),
        (Verdict.INVALID, MODEL_ID),
        (Verdict.PASS, OTHER_ID),
    ]


@given(
    text=st.text(st.sampled_from("..gbx"), min_size=1, max_size=40),
    share=st.floats(0, 1),
)
def test_wherever_it_is_asked_for_no_part_is_split_or_lost(text: str, share: float):
    frames = belt(text)
    plain, run = Run(), Run()
    plain.play(frames, 0, lambda: None)
    asked = request(for_other(WATCHED))
    run.play(frames, round(share * len(frames)), lambda: run.pipeline.change_over(asked))
    spans = [(p.part_index, p.first_frame, p.last_frame) for p in run.sink.parts]
    assert [s[0] for s in spans] == list(range(len(spans)))
    assert all(len(models) == 1 for models in run.models_by_part().values())
    for part in run.sink.parts:
        assert run.models_by_part().get(part.part_index, {part.model_id}) == {part.model_id}
    # a new watcher needs one more frame to see rest, but sees the same parts
    assert spans == [(p.part_index, p.first_frame, p.last_frame) for p in plain.sink.parts]


def test_under_load_frames_are_dropped_and_counted_but_parts_stay_whole():
    gate, entered = threading.Semaphore(0), threading.Semaphore(0)
    slow = ScriptedPredictor(gate=gate, entered=entered)
    run = Run(live=True, predictor=slow)
    asked = request(for_other(WATCHED), OtherPredictor())

    def ask_while_the_network_is_busy() -> None:
        assert entered.acquire(timeout=10)
        run.pipeline.change_over(asked)

    frames = belt("..gggg...bbbb...gggg...bbbb...")
    # let go only when all frames have come: the whole belt runs past one busy network
    run.steps += [*frames[:4], ask_while_the_network_is_busy, *frames[4:]]
    run.steps += [lambda: gate.release(100)]
    run.pipeline.start()
    status = run.pipeline.join(10)
    assert status.accounting_problem() is None
    assert status.dropped_total > 0
    assert [p.model_id for p in run.sink.parts] == [MODEL_ID] + [OTHER_ID] * 3
    assert [p.verdict for p in run.sink.parts] == [
        Verdict.PASS,
        Verdict.FAIL,
        Verdict.PASS,
        Verdict.FAIL,
    ]
    assert all(len(models) == 1 for models in run.models_by_part().values())


def test_a_belt_without_a_gap_keeps_the_old_model_and_says_so_at_the_end():
    asked = request(for_other(WATCHED))
    run = Run()
    run.play(belt(".gggggg"), 3, lambda: run.pipeline.change_over(asked))
    assert {p.model_id for p in run.sink.parts} == {MODEL_ID}
    with pytest.raises(StateError, match="the run ended before"):
        asked.outcome.result(0)
    with pytest.raises(StateError, match="the run has ended"):
        run.pipeline.change_over(request(for_other(WATCHED)))


def test_it_can_be_cancelled_while_it_waits():
    first, second = request(for_other(WATCHED)), request(for_other(WATCHED, name="second"))
    run = Run()

    def ask_twice() -> None:
        run.pipeline.change_over(first)
        with pytest.raises(StateError, match="cancel it first"):
            run.pipeline.change_over(second)
        assert first.outcome.cancel()
        run.pipeline.change_over(second)

    run.play(belt(".ggg..ggg.."), 3, ask_twice)
    assert [t.recipe.name for t in run.takeovers] == ["second"]


def test_back_and_forth_in_one_run():
    run = Run(EVERY_FRAME)
    frames = belt("ggggg")
    back = Changeover(ScriptedPredictor(), EVERY_FRAME, "anna", "worse than before")
    run.steps += [frames[0], lambda: run.pipeline.change_over(request(for_other(EVERY_FRAME)))]
    run.steps += [frames[1], frames[2], lambda: run.pipeline.change_over(back), *frames[3:]]
    run.pipeline.start()
    run.pipeline.join(10)
    assert [p.model_id for p in run.sink.parts] == [MODEL_ID, *[OTHER_ID] * 2, *[MODEL_ID] * 2]


@pytest.mark.parametrize(
    ("recipe", "error"),
    [
        (EVERY_FRAME, RecipeMismatchError),
        (for_other(EVERY_FRAME, regions=(RegionSpec(roi=(0, 0, 999, 9)),)), ConfigError),
    ],
)
def test_what_does_not_fit_is_refused_and_the_old_goes_on(recipe, error):
    run = Run(EVERY_FRAME)

    def ask() -> None:
        with pytest.raises(error):
            run.pipeline.change_over(request(recipe))

    run.play(belt("ggg"), 1, ask)
    assert [p.model_id for p in run.sink.parts] == [MODEL_ID] * 3


def test_a_changeover_that_cannot_be_recorded_ends_the_run():
    def full(takeover: Takeover) -> None:
        raise StoreError("disk full")

    run = Run(EVERY_FRAME, on_takeover=full)
    asked = request(for_other(EVERY_FRAME))
    status = run.play_to_the_end(belt("gggg"), 2, lambda: run.pipeline.change_over(asked))
    assert status.state is State.ERRORED
    assert str(status.first_error) == "disk full"
    settled = status.inspected + status.dropped_total + status.failed
    assert status.captured == settled
    assert status.recorded <= status.inspected + status.failed


def test_triggered_parts_of_several_frames_are_not_cut():
    rule = PartRule(mode="trigger", trigger_frames=3)
    recipe = EVERY_FRAME.model_copy(update={"parts": rule})
    asked = request(for_other(recipe))
    run = Run(recipe, trigger_frames=frozenset({1, 6}))
    frames = [frame(i) for i in range(10)]
    run.play(frames, 2, lambda: run.pipeline.change_over(asked))
    assert asked.outcome.result(0).first_frame == 4
    assert run.models_by_part() == {0: {MODEL_ID}, 1: {OTHER_ID}}
