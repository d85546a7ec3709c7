"""One footage, several runs: who is shown, who is compared, what ends what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from inspector.core.inspection import Verdict
from inspector.core.recipe import Recipe, RegionSpec, Thresholds
from inspector.errors import SourceOpenError, StateError
from inspector.inference.package import load_package
from inspector.station.replay_desk import MOST_RUNS, ReplayDesk
from inspector.station.replay_plan import ReplayPlan, replay_config
from inspector.station.replaying import Phase, ReplayRun
from tests.support.footage import write_line
from tests.support.tiny_model import tell_apart, write_tiny_package

LEVELS = [100, 230, 170]


@pytest.fixture
def plan(tmp_path: Path) -> ReplayPlan:
    package = write_tiny_package(tmp_path / "package", t1=0.6, t2=0.8)
    line = write_line(tmp_path / "line.mkv", LEVELS)
    return ReplayPlan(source=str(line), model=package, empty_frames=(0, 4))


@pytest.fixture
def desk(plan: ReplayPlan) -> Iterator[ReplayDesk]:
    made = ReplayDesk(Path(plan.source))
    made.open()
    yield made
    assert made.close()


def ran(desk: ReplayDesk, plan: ReplayPlan) -> ReplayRun:
    run = desk.begin(replay_config(plan))
    assert run.join(30)
    assert desk.settle() is run
    assert desk.settle() is None
    return run


def other(plan: ReplayPlan, t1: float, t2: float) -> ReplayPlan:
    return ReplayPlan(
        source=plan.source,
        model=plan.model,
        empty_frames=plan.empty_frames,
        thresholds=Thresholds(t1=t1, t2=t2),
    )


def test_nothing_of_the_other_scale_is_carried_over(plan: ReplayPlan):
    recipe = Recipe(
        model_sha256="b" * 64,
        thresholds=Thresholds(t1=100, t2=200),
        pixel_threshold=90.0,
        regions=(RegionSpec(name="lid", ignore=((0, 0, 8, 8),)),),
    )
    made = replay_config(replace(plan, recipe=recipe, carry_over=True)).recipe
    assert made is not None
    assert made.regions == recipe.regions
    assert (made.thresholds, made.pixel_threshold) == (Thresholds(t1=0.6, t2=0.8), None)


def test_carrying_over_takes_the_variant_that_a_recipe_was_set_for(plan: ReplayPlan):
    write_tiny_package(plan.model, t1=0.6, t2=0.8, variants=("fp32", "int8"))
    tell_apart(plan.model, "int8")
    fp32 = load_package(plan.model).manifest.variant("fp32")
    recipe = Recipe(model_sha256=fp32.sha256, thresholds=Thresholds(t1=0.1, t2=0.2))
    assert replay_config(replace(plan, recipe=recipe, carry_over=True)).recipe == recipe


def test_two_runs_are_compared(desk: ReplayDesk, plan: ReplayPlan):
    first = ran(desk, plan)
    second = ran(desk, other(plan, 0.7, 0.95))
    assert desk.current is second
    comparison = desk.compared(1, 2)
    assert comparison is not None
    assert [p.verdicts for p in comparison.changed] == [
        (Verdict.FAIL, Verdict.REVIEW),
        (Verdict.REVIEW, Verdict.PASS),
    ]
    assert comparison.truth_after is not None
    assert comparison.truth_after.confusion.fp == 0
    assert desk.compared(1, 2) is comparison
    back = desk.compared(2, 1)
    assert back is not None
    assert back.changed[0].verdicts == (Verdict.REVIEW, Verdict.FAIL)
    assert desk.compared(1, 9) is None
    desk.show(1)
    assert desk.current is first


def test_old_runs_are_let_go(desk: ReplayDesk, plan: ReplayPlan):
    for _ in range(MOST_RUNS + 1):
        ran(desk, plan)
    assert [k.number for k in desk.kept] == [2, 3, 4, 5]
    assert desk.compared(1, 5) is None


def test_one_run_at_a_time_and_a_cancelled_one_is_not_kept(desk: ReplayDesk, plan: ReplayPlan):
    run = desk.begin(replay_config(plan))
    with pytest.raises(StateError):
        desk.begin(replay_config(plan))
    desk.cancel()
    assert run.join(30)
    desk.settle()
    assert run.status().phase in (Phase.CANCELLED, Phase.FINISHED)
    assert len(desk.kept) == (run.status().phase is Phase.FINISHED)


def test_a_run_that_cannot_start_leaves_the_last_one_on_show(
    desk: ReplayDesk, plan: ReplayPlan, tmp_path: Path
):
    first = ran(desk, plan)
    failed = ran(desk, ReplayPlan(source=plan.source, model=tmp_path / "gone"))
    assert failed.status().phase is Phase.FAILED
    assert desk.current is first


def test_what_is_no_footage_is_refused_before_anything_starts(tmp_path: Path):
    with pytest.raises(SourceOpenError):
        ReplayDesk(tmp_path / "gone.mp4")


def test_a_recipe_is_carried_over_to_another_model(plan: ReplayPlan, tmp_path: Path):
    first = ReplayRun(replay_config(plan))
    first.start()
    assert first.join(30)
    recipe = first.outcome().recipe
    newer = write_tiny_package(tmp_path / "newer", t1=0.3, t2=0.4, version="2", map_size=8)
    refused = ReplayRun(replay_config(ReplayPlan(source=plan.source, model=newer, recipe=recipe)))
    refused.start()
    assert refused.join(30)
    assert "set for model" in str(refused.status().error)
    config = replay_config(
        ReplayPlan(source=plan.source, model=newer, recipe=recipe, carry_over=True)
    )
    assert config.recipe.thresholds == Thresholds(t1=0.3, t2=0.4)
    assert config.recipe.parts == recipe.parts
    assert config.recipe.model_sha256 != recipe.model_sha256
    carried = ReplayRun(config)
    carried.start()
    assert carried.join(30)
    assert carried.status().phase is Phase.FINISHED
    same = replay_config(
        ReplayPlan(source=plan.source, model=plan.model, recipe=recipe, carry_over=True)
    )
    assert same.recipe == recipe
