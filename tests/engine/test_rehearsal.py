"""An earlier picture is judged again while the network is computed, and nothing comes of it."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable

import numpy as np
import pytest

from inspector.core.inspection import Crop, Prediction, Verdict
from inspector.core.recipe import Recipe
from inspector.engine import judging
from inspector.engine.judging import Decision
from inspector.engine.pipeline import Pipeline
from inspector.engine.ticket import Ticket
from tests.support.fakes import (
    BesidePredictor,
    MemorySink,
    ScriptedPredictor,
    ScriptedSource,
    frame,
    grey,
)
from tests.support.pipelines import EVERY_FRAME, WATCHED, belt, setup


def level(image: np.ndarray) -> float:
    return float(image[1, 0, 0]) / 255


class Mapped(BesidePredictor):
    """With maps that are as ``hot`` says, and 0 elsewhere."""

    def __init__(self, hot: Callable[[np.ndarray], None], side: int) -> None:
        super().__init__(level)
        self._hot, self._side = hot, side

    def _prediction(self, crop: Crop) -> Prediction:
        found = super()._prediction(crop)
        heat = np.zeros((self._side, self._side), np.float32)
        self._hot(heat)
        return dataclasses.replace(found, anomaly_map=heat * found.score)


def dots(heat: np.ndarray) -> None:
    heat[::2, ::2] = 1


def one(heat: np.ndarray) -> None:
    heat[0, 0] = 1


def judged(
    frames: list,
    *,
    monkeypatch: pytest.MonkeyPatch,
    rehearses: bool = True,
    predictor: ScriptedPredictor | None = None,
    recipe: Recipe = EVERY_FRAME,
) -> list[float]:
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
            predictor=predictor or BesidePredictor(level),
            recipe=recipe,
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
    # with each but the first: an earlier one again, the last one with defects if there is one
    both = [0.2, 0.2, 0.4, 0.2, 0.8, 0.8, 0.2, 0.8, 0.898]
    assert judged(frames, rehearses=True, monkeypatch=monkeypatch) == both


def test_an_empty_belt_is_no_rehearsal(monkeypatch: pytest.MonkeyPatch):
    predictor = BesidePredictor(level)
    found = judged(belt("..gggg"), recipe=WATCHED, predictor=predictor, monkeypatch=monkeypatch)
    assert predictor.calls > 1
    assert len(found) == 2 * predictor.calls - 1


@pytest.mark.parametrize(
    ("hot", "side", "again"),
    [(one, 8, 0.898), (dots, 8, 0.2), (one, 64, 0.898), (one, 65, None)],
)
def test_what_takes_long_to_judge_is_not_rehearsed(
    hot: Callable[[np.ndarray], None],
    side: int,
    again: float | None,
    monkeypatch: pytest.MonkeyPatch,
):
    frames = [frame(i, grey(shade)) for i, shade in enumerate([51, 229, 51])]
    found = judged(frames, predictor=Mapped(hot, side), monkeypatch=monkeypatch)
    # the good one with the bad one, and what was kept of the two with the last
    kept = [0.2, 0.2, 0.898, again, 0.2] if again else [0.2, 0.898, 0.2]
    assert found == pytest.approx(kept, abs=1e-3)


def test_a_picture_that_was_refused_is_not_rehearsed(monkeypatch: pytest.MonkeyPatch):
    """Nobody has seen how much there is in its map."""
    shades = [51, 229, 51]
    frames = [frame(i, grey(shade)) for i, shade in enumerate(shades)]
    refused = judging.FrameJudge._blurs

    def blurs(judge: judging.FrameJudge, ticket: Ticket) -> list[str | None]:
        return ["blurred"] if ticket.frame.index == 0 else refused(judge, ticket)

    monkeypatch.setattr(judging.FrameJudge, "_blurs", blurs)
    found = judged(frames, monkeypatch=monkeypatch)
    # nothing with the second; with the third the second one, which has a defect
    assert found == pytest.approx([0.898, 0.898, 0.2], abs=1e-3)


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
