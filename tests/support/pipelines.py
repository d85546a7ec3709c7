"""Runs of a pipeline over scripted frames: a belt written as a line of signs."""

from __future__ import annotations

import dataclasses

from inspector.core.presence import PresenceRule, encode_thumbnail
from inspector.core.recipe import PartRule, Recipe, Thresholds
from inspector.engine.pipeline import Pipeline
from inspector.engine.run_setup import RunSetup
from inspector.engine.status import PipelineStatus
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
