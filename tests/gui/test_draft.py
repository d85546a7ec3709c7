"""Editing a job and its recipe, without a window."""

from __future__ import annotations

import numpy as np
import pytest

from inspector.core.geometry import Roi
from inspector.core.job import Job
from inspector.core.presence import PresenceRule, decode_thumbnail
from inspector.core.recipe import Recipe, RegionSpec, Thresholds
from inspector.errors import ConfigError
from inspector.gui.jobs import marks
from inspector.gui.jobs.draft import Draft
from inspector.gui.jobs.teaching import Teaching

RECIPE = Recipe(
    model_sha256="a" * 64,
    thresholds=Thresholds(t1=0.5, t2=0.8),
    regions=(RegionSpec(roi=(10, 20, 100, 80)),),
)
DRAFT = Draft.of(Job(name="cap"), RECIPE)
SIZE = (320, 240)
WHOLE = "region 'part': place: 100×80 at 10, 20 → the whole picture"


def test_a_draft_as_read_has_no_changes():
    assert not DRAFT.changed
    assert DRAFT.changes == ()


@pytest.mark.parametrize(
    ("edit", "line"),
    [
        (lambda d: d.with_thresholds(0.4, 0.8), "T1 (review from): 0.5 → 0.4"),
        (lambda d: d.with_roi(0, None), WHOLE),
        (lambda d: d.with_defects({"min_area_px": 12.0}), "least defect area, px: 0 → 12"),
        (lambda d: d.with_quality({"max_mean": 200.0}), "picture: most brightness: not set → 200"),
        (lambda d: d.with_camera({"exposure": -6.0, "gain": None}), "job camera"),
        (lambda d: d.with_job(source="sim:metal_nut"), "job source"),
    ],
)  # fmt: skip
def test_each_edit_is_one_line_of_changes(edit, line: str):
    edited = edit(DRAFT)
    assert edited.changes == (line,)
    assert DRAFT.changes == ()


def test_undoing_an_edit_leaves_nothing_to_save():
    assert not DRAFT.with_thresholds(0.4, 0.8).with_thresholds(0.5, 0.8).changed
    assert DRAFT.with_camera({"exposure": 1.0}).with_camera({"exposure": None}).changes == ()


@pytest.mark.parametrize(
    "edit",
    [
        lambda d: d.with_thresholds(0.9, 0.8),
        lambda d: d.with_defects({"min_area_mm2": 1.0}),
        lambda d: d.with_parts({"k": 3, "n": 2}, {}),
        lambda d: d.with_region("part", Roi(0, 0, 9, 9)),
        lambda d: d.with_camera({"pixel_format": "MJ"}),
        lambda d: Draft.of(Job(name="x"), None).with_thresholds(0, 1),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(edit):
    with pytest.raises(ConfigError) as caught:
        edit(DRAFT)
    assert "\n" not in str(caught.value)


def test_leaving_presence_and_coming_back_keeps_what_was_taught():
    taught = DRAFT.with_taught(np.full((64, 64), 7, np.uint8))
    assert taught.recipe is not None
    assert taught.recipe.parts.mode == "presence"
    other = taught.with_parts({"mode": "frame"}, {})
    back = other.with_parts({"mode": "presence"}, {"gap_frames": 2})
    assert back.recipe is not None
    rule = back.recipe.parts.presence
    assert isinstance(rule, PresenceRule)
    assert rule.reference is not None
    assert (decode_thumbnail(rule.reference) == 7).all()
    assert rule.gap_frames == 2


def test_masks_are_drawn_in_the_picture_and_kept_in_their_region():
    draft, key = marks.with_new_mask(DRAFT, marks.region_key(0), SIZE)
    assert key == "mask:0:0"
    assert draft.recipe is not None
    (mask,) = draft.recipe.regions[0].ignore
    assert mask == (40, 32, 20, 16)
    region, drawn = marks.drawn(draft.recipe, SIZE, key)
    assert drawn.roi == Roi(50, 52, 20, 16)
    assert (region.is_mask, drawn.is_mask, drawn.chosen) == (False, True, True)
    moved = marks.moved(draft, key, Roi(5, 30, 20, 16), SIZE)
    assert moved.recipe is not None
    # left of the region there is nothing to mask
    assert moved.recipe.regions[0].ignore == ((0, 10, 20, 16),)
    assert marks.removed(moved, key).recipe == RECIPE


def test_regions_get_free_names_and_the_last_one_stays():
    draft, key = marks.with_new_region(DRAFT, SIZE)
    assert draft.recipe is not None
    assert [r.name for r in draft.recipe.regions] == ["part", "part-2"]
    assert key == "region:1"
    assert [r.key for r in marks.rows(draft.recipe, SIZE)] == ["region:0", "region:1"]
    assert marks.removed(draft, key).recipe == RECIPE
    assert marks.removed(DRAFT, "region:0").recipe == RECIPE


def test_teaching_takes_some_pictures_and_refuses_moving_ones():
    still = np.full((240, 320, 3), 90, np.uint8)
    teaching = Teaching(None, frames=3)
    for _ in range(5):
        teaching.add(still)
    assert (teaching.complete, teaching.count) == (True, 3)
    assert (teaching.reference() == 90).all()
    moving = Teaching(None, frames=3)
    for level in (40, 90, 90):
        picture = still.copy()
        picture[:120] = level
        moving.add(picture)
    with pytest.raises(ConfigError, match="something moves"):
        moving.reference()
    with pytest.raises(ConfigError):
        Teaching(None).reference()
