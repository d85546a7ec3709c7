from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from inspector.core.digest import RecordDigest
from inspector.core.inspection import Verdict
from inspector.core.presence import PresenceRule
from inspector.core.recipe import PartRule, RegionSpec
from inspector.engine.pipeline import Pipeline
from inspector.engine.status import DropCause, State, StopReason
from inspector.errors import (
    ConfigError,
    InferenceError,
    InspectorError,
    RecipeMismatchError,
    SourceError,
    StateError,
    StoreError,
)
from tests.support.fakes import (
    BesidePredictor,
    MemorySink,
    ScriptedPredictor,
    ScriptedSource,
    frame,
    grey,
)
from tests.support.pipelines import EVERY_FRAME, WATCHED, belt, run, setup


def test_every_frame_is_inspected_recorded_and_a_part():
    status, sink = run(ScriptedSource([frame(i, grey(max(16, 40 * i))) for i in range(6)]))
    assert (status.captured, status.inspected, status.failed) == (6, 6, 0)
    assert status.stop_reason is StopReason.END_OF_STREAM
    assert status.state is State.STOPPED
    expected = [*[Verdict.PASS] * 4, Verdict.REVIEW, Verdict.FAIL]
    assert [p.verdict for p in sink.parts] == expected
    assert [i.verdict for i in sink.inspections] == expected


def test_parts_on_a_belt_are_counted_once_with_their_verdict():
    status, sink = run(ScriptedSource(belt("..ggggg...bbbb...")), recipe=WATCHED)
    assert [p.verdict for p in sink.parts] == [Verdict.PASS, Verdict.FAIL]
    assert [(p.first_frame, p.last_frame) for p in sink.parts] == [(2, 6), (10, 13)]
    # the first frame of each is still moving in: no verdict from it
    assert status.no_part == 17 - 4 - 3
    assert {i.verdict for i in sink.inspections if not i.settled} == {Verdict.NO_PART}


def test_unusable_frames_are_invalid_counted_and_not_fatal():
    status, sink = run(ScriptedSource(belt("gxg")))
    assert (status.inspected, status.failed) == (2, 1)
    assert [p.verdict for p in sink.parts] == [Verdict.PASS, Verdict.INVALID, Verdict.PASS]
    assert sink.parts[1].reason == "corrupt"


def _raising(image: np.ndarray) -> float:
    raise InferenceError("the network broke")


@pytest.mark.parametrize(
    ("score_of", "reason"),
    [
        (lambda image: float("nan"), "nan"),
        (lambda image: float("inf"), "inf"),
        (_raising, "the network broke"),
    ],
)
def test_a_model_that_fails_never_passes_anything(score_of, reason):
    status, sink = run(ScriptedSource(belt("ggg")), predictor=ScriptedPredictor(score_of))
    assert status.failed == 3
    assert all(p.verdict is Verdict.INVALID and reason in p.reason for p in sink.parts)


def test_a_part_that_cannot_be_located_is_invalid_whatever_its_score():
    class Lost(ScriptedPredictor):
        def predict(self, crops, meanwhile=None):
            return [dataclasses.replace(p, fault="not located") for p in super().predict(crops)]

    _, sink = run(ScriptedSource(belt("g")), predictor=Lost())
    assert (sink.parts[0].verdict, sink.parts[0].reason) == (Verdict.INVALID, "not located")


def test_a_defect_is_named_on_rejected_parts_only():
    class Naming(ScriptedPredictor):
        def predict(self, crops, meanwhile=None):
            return [dataclasses.replace(p, defect_type="dent") for p in super().predict(crops)]

    _, sink = run(ScriptedSource(belt("gbx")), predictor=Naming())
    assert [p.verdict for p in sink.parts] == [Verdict.PASS, Verdict.FAIL, Verdict.INVALID]
    assert [p.defect_type for p in sink.parts] == [None, "dent", None]
    assert [i.defect_type for i in sink.inspections] == [None, "dent", None]
    ages = {i.frame_index: i.timings.age for i in sink.inspections}
    assert [p.latency_ms for p in sink.parts] == [ages[p.key_frame] for p in sink.parts]


def test_a_blank_picture_is_invalid_without_asking_the_network():
    predictor = ScriptedPredictor()
    blank = frame(0, np.full((64, 64, 3), 60, np.uint8))
    _, sink = run(ScriptedSource([blank]), predictor=predictor)
    assert sink.parts[0].verdict is Verdict.INVALID
    assert "blank" in sink.parts[0].reason
    assert predictor.calls == 0


def test_where_the_network_runs_beside_the_same_is_said_of_the_same_pictures():
    dark, flat = np.zeros((64, 64, 3), np.uint8), np.full((64, 64, 3), 60, np.uint8)

    def records(predictor: ScriptedPredictor) -> list[tuple[object, ...]]:
        steps = [*belt("ggb"), frame(3, dark), frame(4, flat), frame(5, grey(100))]
        _, sink = run(ScriptedSource(steps), predictor=predictor)
        assert len(sink.inspections) == 6
        return [(i.frame_index, i.verdict, str(i.score), i.reason) for i in sink.inspections]

    beside = BesidePredictor()
    assert records(beside) == records(ScriptedPredictor())
    assert beside.calls == 5  # the flat one in vain; a dark one is no picture at all


def test_a_region_that_turns_out_unusable_costs_the_others_nothing():
    half = [
        RegionSpec(name="left", roi=(0, 0, 32, 64)),
        RegionSpec(name="right", roi=(32, 0, 32, 64)),
    ]
    image = grey(100)
    image[:, 32:] = 60
    recipe = EVERY_FRAME.model_copy(update={"regions": tuple(half)})
    _, sink = run(ScriptedSource([frame(0, image)]), recipe=recipe, predictor=BesidePredictor())
    left, right = sink.inspections
    assert left.verdict is Verdict.PASS
    assert (right.verdict, right.reason[:5]) == (Verdict.INVALID, "blank")


def test_a_network_that_measures_for_nobody_is_no_way_around_the_quality_gate():
    class Hasty(BesidePredictor):
        def predict(self, crops, meanwhile=None):
            return super().predict(crops)

    flat = frame(0, np.full((64, 64, 3), 60, np.uint8))
    _, sink = run(ScriptedSource([flat]), predictor=Hasty())
    assert "blank" in sink.parts[0].reason


def test_presence_without_a_taught_reference_is_invalid():
    recipe = WATCHED.model_copy(
        update={"parts": PartRule(mode="presence", presence=PresenceRule())}
    )
    status, sink = run(ScriptedSource(belt("ggggggg")), recipe=recipe)
    assert status.failed == 7
    assert [p.verdict for p in sink.parts] == [Verdict.INVALID]


def test_two_regions_the_worst_counts():
    half = [
        RegionSpec(name="left", roi=(0, 0, 32, 64)),
        RegionSpec(name="right", roi=(32, 0, 32, 64)),
    ]
    image = grey(100)
    image[:, 32:] += 120
    recipe = EVERY_FRAME.model_copy(update={"regions": tuple(half)})
    status, sink = run(ScriptedSource([frame(0, image)]), recipe=recipe)
    assert [(i.region, i.verdict) for i in sink.inspections] == [
        ("left", Verdict.PASS),
        ("right", Verdict.FAIL),
    ]
    assert sink.parts[0].verdict is Verdict.FAIL
    assert (status.inspected, status.recorded) == (1, 1)


def test_the_same_input_gives_the_same_digest():
    def digest() -> str:
        result = RecordDigest()
        pipeline = Pipeline(
            setup(ScriptedSource(belt("..gggg..bbbb..x..ggg")), sinks=[result], recipe=WATCHED)
        )
        pipeline.start()
        pipeline.join(10)
        return result.hexdigest()

    assert digest() == digest()


def test_a_slow_model_on_a_live_source_drops_frames_but_no_part():
    gate, entered = threading.Semaphore(0), threading.Semaphore(0)
    steps: list = list(belt("..gggggg..bbbbbb..gggggg.."))
    # the network is held from its first frame on, until the belt has run empty
    steps.append(lambda: [gate.release() for _ in range(100)])
    sink = MemorySink()
    source = ScriptedSource(steps, live=True)
    predictor = ScriptedPredictor(gate=gate, entered=entered)
    pipeline = Pipeline(setup(source, sinks=[sink], recipe=WATCHED, predictor=predictor))
    pipeline.start()
    status = pipeline.join(10)
    assert status.accounting_problem() is None
    assert status.dropped[DropCause.OVERRUN] > 0
    assert [p.verdict for p in sink.parts] == [Verdict.PASS, Verdict.FAIL, Verdict.PASS]
    assert all(p.frames_inspected >= 1 for p in sink.parts)


def test_live_frames_as_parts_that_were_dropped_are_invalid_parts():
    gate = threading.Semaphore(0)
    steps: list = [*belt("gggggg"), lambda: [gate.release() for _ in range(100)]]
    status, sink = run(ScriptedSource(steps, live=True), predictor=ScriptedPredictor(gate=gate))
    assert len(sink.parts) == 6
    uninspected = [p for p in sink.parts if p.frames_inspected == 0]
    assert len(uninspected) == status.dropped_total > 0
    assert all(p.verdict is Verdict.INVALID for p in uninspected)


def test_a_gap_in_the_indices_is_counted_as_lost_by_the_source():
    status, _ = run(ScriptedSource([frame(0), frame(1), frame(5)]))
    assert status.captured == 6
    assert status.dropped == {DropCause.SOURCE: 3}


@pytest.mark.parametrize("stop_at", [1, 2, 4])
def test_stop_in_mid_run_keeps_the_accounts(stop_at):
    pipeline: Pipeline | None = None
    gate = threading.Semaphore(0)

    def stop() -> None:
        assert pipeline is not None
        pipeline.stop()
        for _ in range(50):
            gate.release()

    steps: list = [frame(i) for i in range(20)]
    steps.insert(stop_at, stop)
    sink = MemorySink()
    source = ScriptedSource(steps)
    pipeline = Pipeline(setup(source, sinks=[sink], predictor=ScriptedPredictor(gate=gate)))
    pipeline.start()
    status = pipeline.join(10)
    pipeline.stop()
    assert status.accounting_problem() is None
    assert status.stop_reason is StopReason.REQUESTED
    assert len(sink.parts) == status.captured
    assert status.parts_total == len(sink.parts)


def test_a_broken_file_source_ends_the_run_with_its_error_and_keeps_what_was_decided():
    broken = SourceError("boom")
    status, sink = run(ScriptedSource([*belt("gg"), broken]))
    assert status.state is State.ERRORED
    assert status.stop_reason is StopReason.ERROR
    assert status.first_error is broken
    assert len(sink.parts) == 2


def test_a_record_that_fails_ends_the_run_with_the_first_error():
    full = StoreError("disk full")
    sink = MemorySink(fail_at=1, error=full)
    pipeline = Pipeline(setup(ScriptedSource([frame(i) for i in range(500)]), sinks=[sink]))
    pipeline.start()
    status = pipeline.join(10)
    assert status.first_error is full
    assert status.state is State.ERRORED
    assert status.parts_total == 0, "nothing may be counted that was not committed"


def test_listeners_hear_of_parts_only_after_the_commit():
    order = []

    class Sink(MemorySink):
        def write(self, inspections, parts):
            order.extend(("committed", p.part_index) for p in parts)

    listeners = [lambda part, shown: order.append(("heard", part.part_index, shown.index))]
    pipeline = Pipeline(
        setup(ScriptedSource(belt("gbg")), sinks=[Sink()], part_listeners=listeners)
    )
    pipeline.start()
    pipeline.join(10)
    for n in range(3):
        assert order.index(("committed", n)) < order.index(("heard", n, n))


def test_triggers_by_frame_and_by_call():
    recipe = EVERY_FRAME.model_copy(update={"parts": PartRule(mode="trigger")})
    pipeline: Pipeline | None = None
    steps: list = [frame(i) for i in range(6)]
    steps.insert(4, lambda: pipeline and pipeline.trigger())
    sink = MemorySink()
    pipeline = Pipeline(
        setup(ScriptedSource(steps), sinks=[sink], recipe=recipe, trigger_frames=frozenset({1}))
    )
    pipeline.start()
    pipeline.join(10)
    assert [p.first_frame for p in sink.parts] == [1, 4]


@pytest.mark.parametrize(
    ("recipe", "error"),
    [
        (EVERY_FRAME.model_copy(update={"model_sha256": "b" * 64}), RecipeMismatchError),
        (
            EVERY_FRAME.model_copy(update={"regions": (RegionSpec(roi=(0, 0, 65, 10)),)}),
            ConfigError,
        ),
    ],
)
def test_a_recipe_that_does_not_fit_is_refused_before_the_start(recipe, error):
    with pytest.raises(error):
        Pipeline(setup(ScriptedSource([]), recipe=recipe))


def test_a_pipeline_starts_once():
    pipeline = Pipeline(setup(ScriptedSource([])))
    pipeline.start()
    pipeline.join(10)
    with pytest.raises(StateError):
        pipeline.start()


def test_join_names_the_thread_that_is_stuck():
    gate, entered = threading.Semaphore(0), threading.Semaphore(0)
    predictor = ScriptedPredictor(gate=gate, entered=entered)
    pipeline = Pipeline(setup(ScriptedSource([frame(0)]), predictor=predictor))
    pipeline.start()
    assert entered.acquire(timeout=5)
    with pytest.raises(InspectorError, match="inspect"):
        pipeline.join(0.05)
    gate.release()
    pipeline.join(10)
