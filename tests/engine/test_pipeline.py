from __future__ import annotations

import dataclasses
import threading

import numpy as np
import pytest

from inspector.core.digest import RecordDigest
from inspector.core.inspection import Verdict
from inspector.core.presence import PresenceRule, encode_thumbnail
from inspector.core.recipe import PartRule, Recipe, RegionSpec, Thresholds
from inspector.engine.pipeline import Pipeline, RunSetup
from inspector.engine.status import DropCause, PipelineStatus, State, StopReason
from inspector.engine.supervisor import RestartPolicy
from inspector.errors import (
    ConfigError,
    InferenceError,
    InspectorError,
    RecipeMismatchError,
    SourceError,
    StateError,
    StoreError,
)
from inspector.vision.presence import thumbnail
from tests.support.fakes import (
    MODEL_ID,
    MemorySink,
    ScriptedPredictor,
    ScriptedSource,
    counting_ids,
    frame,
    grey,
)

SHA = MODEL_ID.rpartition("#")[2]
THRESHOLDS = Thresholds(t1=0.5, t2=0.8)
EVERY_FRAME = Recipe(model_sha256=SHA, thresholds=THRESHOLDS)
EMPTY, GOOD, BAD = grey(60), grey(110), grey(220)
WATCHED = Recipe(
    model_sha256=SHA,
    thresholds=THRESHOLDS,
    parts=PartRule(
        mode="presence",
        presence=PresenceRule(reference=encode_thumbnail(thumbnail(EMPTY))),
    ),
)


def setup(source: ScriptedSource, **changes: object) -> RunSetup:
    base = RunSetup(
        run_id="run",
        source=source,
        info=source.info,
        predictor=ScriptedPredictor(),
        recipe=EVERY_FRAME,
        new_id=counting_ids(),
    )
    return dataclasses.replace(base, **changes)


def run(source: ScriptedSource, **changes: object) -> tuple[PipelineStatus, MemorySink]:
    sink = MemorySink()
    pipeline = Pipeline(setup(source, sinks=[sink], **changes))
    pipeline.start()
    status = pipeline.join(10)
    assert status.accounting_problem() is None
    return status, sink


def belt(text: str) -> list:
    """``.`` empty, ``g``/``b`` a good or bad part at rest, ``x`` an unusable frame."""
    pictures = {".": EMPTY, "g": GOOD, "b": BAD, "x": EMPTY}
    return [
        frame(i, pictures[c].copy(), fault="corrupt" if c == "x" else None)
        for i, c in enumerate(text)
    ]


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
        def predict(self, crops):
            return [dataclasses.replace(p, fault="not located") for p in super().predict(crops)]

    _, sink = run(ScriptedSource(belt("g")), predictor=Lost())
    assert (sink.parts[0].verdict, sink.parts[0].reason) == (Verdict.INVALID, "not located")


def test_a_defect_is_named_on_rejected_parts_only():
    class Naming(ScriptedPredictor):
        def predict(self, crops):
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


def outage() -> SourceError:
    return SourceError("unplugged")


QUICK = RestartPolicy(first_delay_s=0.0, max_delay_s=0.0)


def verdicts(sink: MemorySink) -> list[tuple]:
    return [(p.first_frame, p.last_frame, p.verdict) for p in sink.parts]


def test_a_part_in_view_when_the_camera_was_lost_never_passes():
    frames = belt("..ggggggg...")
    steps = [*frames[:6], outage(), *frames[6:]]
    events = []
    status, sink = run(
        ScriptedSource(steps, live=True),
        recipe=WATCHED,
        restart=QUICK,
        on_event=lambda kind, detail: events.append(kind),
    )
    assert [p.verdict for p in sink.parts] == [Verdict.INVALID]
    assert events == ["source_lost", "source_back"]
    assert status.restarts == 1


def test_what_may_have_passed_during_an_outage_is_counted():
    frames = belt("........")
    steps = [*frames[:4], outage(), *frames[4:]]
    _, sink = run(ScriptedSource(steps, live=True), recipe=WATCHED, restart=QUICK)
    assert [p.verdict for p in sink.parts] == [Verdict.INVALID]
    assert "could not be seen" in sink.parts[0].reason


def test_a_hole_in_time_is_an_outage_even_where_indices_go_on():
    frames = belt("..gggggg...")
    late = [
        dataclasses.replace(f, captured_ns=f.captured_ns + (30_000_000_000 if i > 4 else 0))
        for i, f in enumerate(frames)
    ]
    _, sink = run(ScriptedSource(late, live=True), recipe=WATCHED)
    assert [p.verdict for p in sink.parts] == [Verdict.INVALID]


def test_frames_lost_at_the_source_may_have_hidden_a_part():
    frames = [f for f in belt("..ggggg.............ggggg..") if not 7 <= f.index < 19]
    _, sink = run(ScriptedSource(frames), recipe=WATCHED)
    assert Verdict.INVALID in {p.verdict for p in sink.parts}


def test_where_every_frame_is_a_part_one_lost_at_the_source_is_an_invalid_part():
    status, sink = run(ScriptedSource([frame(0), frame(1), frame(5)]))
    assert [p.part_index for p in sink.parts] == list(range(6))
    assert [p.verdict for p in sink.parts].count(Verdict.INVALID) == 3
    assert status.captured == 6


def test_a_trigger_during_an_outage_is_a_part_nobody_saw():
    pipeline: Pipeline | None = None

    def trigger_and_break() -> None:
        assert pipeline is not None
        pipeline.trigger()

    steps: list = [frame(0), trigger_and_break, outage(), frame(1), frame(2)]
    recipe = EVERY_FRAME.model_copy(update={"parts": PartRule(mode="trigger")})
    sink = MemorySink()
    pipeline = Pipeline(
        setup(ScriptedSource(steps, live=True), sinks=[sink], recipe=recipe, restart=QUICK)
    )
    pipeline.start()
    pipeline.join(10)
    assert [(p.verdict, p.frames_inspected) for p in sink.parts] == [(Verdict.INVALID, 0)]


def test_no_planned_trigger_is_lost_in_a_gap_or_after_the_end():
    recipe = EVERY_FRAME.model_copy(update={"parts": PartRule(mode="trigger")})
    frames = [frame(i) for i in (0, 1, 5, 6)]
    _, sink = run(ScriptedSource(frames), recipe=recipe, trigger_frames=frozenset({3, 100}))
    assert [p.verdict for p in sink.parts] == [Verdict.PASS, Verdict.INVALID]


def test_an_unexpected_error_of_the_predictor_keeps_the_accounts_and_ends_parts():
    def broken(image: np.ndarray) -> float:
        raise ZeroDivisionError

    sink = MemorySink()
    pipeline = Pipeline(
        setup(
            ScriptedSource(belt("..ggggg..ggggg...")),
            sinks=[sink],
            recipe=WATCHED,
            predictor=ScriptedPredictor(broken),
        )
    )
    pipeline.start()
    status = pipeline.join(10)
    assert isinstance(status.first_error, ZeroDivisionError)
    assert status.accounting_problem() is None
    assert sink.parts
    assert {p.verdict for p in sink.parts} == {Verdict.INVALID}


def test_a_recording_played_as_live_is_not_played_again_when_it_breaks():
    source = ScriptedSource([*belt("ggg"), outage()], live=True)
    source.info = dataclasses.replace(source.info, is_recorded=True)
    pipeline = Pipeline(setup(source, restart=QUICK))
    pipeline.start()
    status = pipeline.join(10)
    assert status.state is State.ERRORED
    assert source.opened == 0


def test_a_frozen_live_camera_never_passes_a_part():
    still = GOOD + np.random.default_rng(0).integers(0, 5, GOOD.shape, dtype=np.uint8)
    frames = [
        dataclasses.replace(frame(i, still.copy()), captured_ns=i * 100_000_000) for i in range(8)
    ]
    _, sink = run(ScriptedSource(frames, live=True, freshness="pixels"))
    assert [p.verdict for p in sink.parts][3:] == [Verdict.INVALID] * 5


def test_faulted_frames_are_not_shown_to_presence():
    frames = belt("..xx..")
    broken = [dataclasses.replace(f, image=BAD) if f.fault else f for f in frames]
    _, sink = run(ScriptedSource(broken), recipe=WATCHED)
    assert sink.parts == []


def test_the_deciding_frame_is_the_one_that_is_archived():
    shown = []
    pictures = [GOOD, GOOD, BAD, GOOD]
    frames = [frame(0, EMPTY.copy())]
    frames += [frame(1 + i, p.copy()) for i, p in enumerate(pictures)]
    recipe = WATCHED.model_copy(
        update={
            "parts": WATCHED.parts.model_copy(
                update={"presence": WATCHED.parts.presence.model_copy(update={"motion": 255})}
            )
        }
    )
    run(
        ScriptedSource(frames),
        recipe=recipe,
        part_listeners=[lambda part, picture: shown.append((part.key_frame, picture.index))],
    )
    assert shown == [(3, 3)]
