from __future__ import annotations

import dataclasses
import datetime as dt
import math

import pytest

from inspector.core.digest import RecordDigest
from inspector.core.geometry import Box
from inspector.core.inspection import Defect, Inspection, Timings, Verdict

NOW = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ONE = Inspection(
    "run", 3, "part", Verdict.FAIL, 0.9, (Defect(Box(1, 2, 3, 4), 4.0, 0.9),), "m", "r", NOW, 0
)


def digest(*groups: list[Inspection]) -> str:
    result = RecordDigest()
    for group in groups:
        result.write(group, [])
    return result.hexdigest()


def test_grouping_clock_and_run_do_not_matter():
    later = dataclasses.replace(
        ONE, run_id="x", captured_at=NOW + dt.timedelta(1), timings=Timings(read=9.0)
    )
    assert digest([ONE, ONE]) == digest([later], [later])


@pytest.mark.parametrize(
    "change",
    [
        {"frame_index": 4},
        {"verdict": Verdict.PASS},
        {"score": 0.900002},
        {"score": math.nan},
        {"defects": ()},
        {"part_index": 1},
        {"recipe_id": "s"},
        {"model_id": "n"},
        {"region": "other"},
    ],
)
def test_what_was_decided_matters(change):
    assert digest([dataclasses.replace(ONE, **change)]) != digest([ONE])


def test_rounding_noise_does_not_matter():
    assert digest([dataclasses.replace(ONE, score=0.9 + 1e-9)]) == digest([ONE])
