"""Outages, frozen pictures and failures in mid-run: nothing passes, and the accounts add up."""

from __future__ import annotations

import dataclasses

import numpy as np

from inspector.core.inspection import Verdict
from inspector.core.recipe import PartRule
from inspector.engine.pipeline import Pipeline
from inspector.engine.status import State
from inspector.engine.supervisor import RestartPolicy
from inspector.errors import (
    SourceError,
)
from tests.support.fakes import (
    MemorySink,
    ScriptedPredictor,
    ScriptedSource,
    frame,
)
from tests.support.pipelines import BAD, EMPTY, EVERY_FRAME, GOOD, WATCHED, belt, run, setup


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
