from __future__ import annotations

import numpy as np
import pytest

from inspector.core.presence import PresenceRule, encode_thumbnail
from inspector.core.recipe import (
    DefectRule,
    PartRule,
    QualityGate,
    Recipe,
    RegionSpec,
    Thresholds,
)
from inspector.core.recipe_diff import differences

BASE = Recipe(model_sha256="a" * 64, thresholds=Thresholds(t1=0.5, t2=0.8))
BELT = encode_thumbnail(np.zeros((64, 64), np.uint8))
OTHER_BELT = encode_thumbnail(np.ones((64, 64), np.uint8))


def watched(reference: str | None, **changes) -> PartRule:
    return PartRule(mode="presence", presence=PresenceRule(reference=reference, **changes))


def changed(**changes) -> Recipe:
    return BASE.model_copy(update=changes)


def test_equal_recipes_do_not_differ():
    assert differences(BASE, BASE.model_copy()) == ()


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        (
            BASE,
            changed(thresholds=Thresholds(t1=0.55, t2=0.8)),
            ["T1 (review from): 0.5 → 0.55"],
        ),
        (
            BASE,
            changed(model_sha256="b" * 64),
            ["model file: aaaaaaaaaaaa… → bbbbbbbbbbbb…"],
        ),
        (
            BASE,
            changed(regions=(RegionSpec(roi=(1, 2, 30, 40), ignore=((0, 0, 5, 6),)),)),
            [
                "region 'part': place: the whole picture → 30×40 at 1, 2",
                "region 'part': masks: none → 1: 5×6 at 0, 0",
            ],
        ),
        (
            BASE,
            changed(regions=(RegionSpec(), RegionSpec(name="a.b", roi=(0, 0, 8, 8)))),
            [
                "region 'a.b': inspected: not set → yes",
                "region 'a.b': place: the whole picture → 8×8 at 0, 0",
                "region 'a.b': masks: not set → none",
            ],
        ),
        (
            BASE,
            changed(defects=DefectRule(min_area_mm2=2.5, mm_per_px=0.1)),
            [
                "least defect area, mm²: not set → 2.5",
                "ruler, mm per px: not set → 0.1",
            ],
        ),
        (
            BASE,
            changed(quality=QualityGate(max_saturated=0.2)),
            ["picture: most overexposed share: not set → 0.2"],
        ),
        (
            changed(parts=watched(None)),
            changed(parts=watched(BELT)),
            ["taught empty belt: not taught → taught"],
        ),
        (
            changed(parts=watched(BELT)),
            changed(parts=watched(OTHER_BELT, gap_frames=3)),
            [
                "taught empty belt: taught → taught again",
                "presence: empty frames between parts: 1 → 3",
            ],
        ),
    ],
)
def test_each_difference_is_one_readable_line(old: Recipe, new: Recipe, lines: list[str]):
    assert [str(d) for d in differences(old, new)] == lines


def test_every_field_of_a_recipe_has_a_name_for_people():
    full = changed(parts=watched(BELT), defects=DefectRule(min_area_mm2=1, mm_per_px=1))
    from inspector.core.recipe_diff import _LABELS, _flat

    keys = {k for k in _flat(full) if not k.startswith("regions.")}
    assert keys <= set(_LABELS)
