from __future__ import annotations

import dataclasses
import datetime as dt
import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.inspection import Inspection, Verdict
from inspector.core.parts import BLIND_FRAMES, PartAssembler, PartSpan, PartSplitter
from inspector.core.presence import Presence, PresenceRule
from inspector.core.recipe import PartRule, Recipe, Thresholds

START = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
LETTERS = {
    ".": Presence.EMPTY,
    "m": Presence.MOVING,
    "s": Presence.SETTLED,
    "?": Presence.UNKNOWN,
}


def at(index: int) -> dt.datetime:
    return START + dt.timedelta(milliseconds=index)


def run(text: str, gap: int = 1) -> list[PartSpan]:
    """All parts of a belt written as one letter a frame."""
    rule = PartRule(mode="presence", presence=PresenceRule(gap_frames=gap))
    splitter = PartSplitter(rule)
    spans = []
    for index, letter in enumerate(text):
        spans += splitter.update(index, at(index), LETTERS[letter]).ended
    return spans + list(splitter.finish(len(text) - 1, at(len(text))))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("......", []),
        ("..mmssmm..", [(2, 7, 2, None)]),
        ("mssm", [(0, 3, 2, None)]),
        ("..mm..", [(2, 3, 0, None)]),
        (".mssm..mssm.", [(1, 4, 2, None), (7, 10, 2, None)]),
        (".mssmss.", [(1, 6, 4, None)]),
        (".mssmmmss.", [(1, 8, 4, "two parts")]),
        (".ms??sm.", [(1, 6, 2, None)]),
        ("..??..", []),
        (".ms" + "?" * BLIND_FRAMES + "sm.", [(1, 9, 2, "could not be seen")]),
        (".." + "?" * (BLIND_FRAMES + 2) + "..", [(6, 8, 0, "could not be seen")]),
    ],
)
def test_belts(text, expected):
    spans = run(text)
    assert [(s.first_frame, s.last_frame, s.frames_settled) for s in spans] == [
        e[:3] for e in expected
    ]
    for span, (*_, fault) in zip(spans, expected, strict=True):
        assert (span.fault is None) if fault is None else (fault in (span.fault or ""))
    assert [s.part_index for s in spans] == list(range(len(spans)))


def test_a_hole_shorter_than_the_gap_does_not_end_a_part():
    assert len(run(".mss.ssm..", gap=2)) == 1
    assert len(run(".mss.ssm..", gap=1)) == 2


@given(st.text("ms.?", max_size=80))
def test_every_settled_frame_belongs_to_exactly_one_part(text):
    spans = run(text)
    assert sum(s.frames_settled for s in spans) == text.count("s")
    for before, after in itertools.pairwise(spans):
        assert before.last_frame < after.first_frame


def test_lost_frames_may_have_hidden_a_part():
    splitter = PartSplitter(PartRule(mode="presence", presence=PresenceRule()))
    splitter.update(0, at(0), Presence.EMPTY)
    assert splitter.lost(3, at(3), 2) == ()
    splitter.update(3, at(3), Presence.EMPTY)
    splitter.lost(30, at(30), 26)
    (span,) = splitter.update(30, at(30), Presence.EMPTY).ended
    assert "could not be seen" in span.fault


def test_every_frame_a_part():
    splitter = PartSplitter(PartRule())
    sightings = [splitter.update(i, at(i), Presence.SETTLED) for i in range(3)]
    assert [s.part_index for s in sightings] == [0, 1, 2]
    assert [s.ended[0].part_index for s in sightings] == [0, 1, 2]
    assert splitter.finish(2, at(2)) == ()


def test_triggers_open_parts_and_none_is_lost():
    splitter = PartSplitter(PartRule(mode="trigger", trigger_frames=2))
    triggers = [0, 1, 0, 0, 1, 1, 2]
    sightings = [
        splitter.update(i, at(i), Presence.SETTLED, triggers=n) for i, n in enumerate(triggers)
    ]
    assert [s.part_index for s in sightings] == [None, 0, 0, None, 1, 2, 4]
    spans = [e for s in sightings for e in s.ended]
    spans += splitter.finish(6, at(6), triggers=1)
    assert [s.part_index for s in spans] == [0, 1, 2, 3, 4, 5]
    assert len(spans) == sum(triggers) + 1
    missed = [s.part_index for s in spans if s.fault]
    assert missed == [3, 5]


RECIPE = Recipe(model_sha256="a" * 64, thresholds=Thresholds(t1=0.5, t2=0.8))
SPAN = PartSpan(0, 3, 9, 4, at(3), at(9))


def inspection(frame: int, verdict: Verdict, score: float, reason: str | None = None):
    return Inspection(
        "run", frame, "part", verdict, score, (), "m", "r", at(frame), 0, True, reason
    )


def assemble(*votes: Inspection, span: PartSpan = SPAN):
    assembler = PartAssembler("run", "m@1#a", RECIPE, lambda: "id")
    news = [assembler.add(0, [vote]) for vote in votes]
    return assembler.end(span), news


def test_the_worst_frame_decides_and_is_the_key_frame():
    part, news = assemble(
        inspection(5, Verdict.PASS, 0.1),
        inspection(6, Verdict.FAIL, 0.9),
        inspection(7, Verdict.REVIEW, 0.6),
    )
    assert (part.verdict, part.key_frame, part.score) == (Verdict.FAIL, 6, 0.9)
    assert news == [True, True, False]
    assert (part.frames_settled, part.frames_inspected) == (4, 3)


@pytest.mark.parametrize(
    ("span", "reason"),
    [
        (SPAN, "no frame of the part was inspected"),
        (dataclasses.replace(SPAN, frames_settled=0), "never came to rest"),
        (dataclasses.replace(SPAN, fault="smoke"), "smoke"),
    ],
)
def test_a_part_nobody_inspected_is_invalid(span, reason):
    part, _ = assemble(span=span)
    assert part.verdict is Verdict.INVALID
    assert reason in part.reason
    assert math.isnan(part.score)


def test_a_disturbed_part_never_passes():
    span = dataclasses.replace(SPAN, fault="disturbed")
    assert assemble(inspection(5, Verdict.PASS, 0.1), span=span)[0].verdict is Verdict.INVALID
    assert assemble(inspection(5, Verdict.FAIL, 0.9), span=span)[0].verdict is Verdict.FAIL


def test_an_invalid_region_spoils_a_passing_frame():
    assembler = PartAssembler("run", "m@1#a", RECIPE, lambda: "id")
    bad = inspection(5, Verdict.INVALID, math.nan, "blank picture")
    assembler.add(0, [inspection(5, Verdict.PASS, 0.1), bad])
    part = assembler.end(SPAN)
    assert (part.verdict, part.reason, part.score) == (Verdict.INVALID, "blank picture", 0.1)
