from __future__ import annotations

import math
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.inspection import SEVERITY, Verdict, worst
from inspector.core.recipe import (
    DefectRule,
    PartRule,
    Recipe,
    RegionSpec,
    Thresholds,
    join_frames,
    judge,
    parse_recipe,
)
from inspector.errors import ConfigError, RecipeMismatchError

SHA = "a" * 64
MINIMAL = f'model_sha256 = "{SHA}"\n[thresholds]\nt1 = 0.5\nt2 = 0.8\n'


def recipe(t1: float = 0.5, t2: float = 0.8) -> Recipe:
    return Recipe(model_sha256=SHA, thresholds=Thresholds(t1=t1, t2=t2))


@pytest.mark.parametrize(
    ("score", "verdict"),
    [
        (-1e30, Verdict.PASS),
        (0.4999, Verdict.PASS),
        (0.5, Verdict.REVIEW),
        (0.7999, Verdict.REVIEW),
        (0.8, Verdict.FAIL),
        (1e30, Verdict.FAIL),
        (math.nan, Verdict.INVALID),
        (math.inf, Verdict.INVALID),
        (-math.inf, Verdict.INVALID),
    ],
)
def test_judge_at_and_around_the_thresholds(score, verdict):
    assert judge(score, recipe()) is verdict


def test_equal_thresholds_leave_no_review_band():
    assert judge(0.5, recipe(0.5, 0.5)) is Verdict.FAIL
    assert judge(math.nextafter(0.5, 0), recipe(0.5, 0.5)) is Verdict.PASS


@given(st.floats(), st.floats(-1e6, 1e6), st.floats(0, 1e6))
def test_pass_only_for_a_finite_score_below_t1(score, t1, band):
    verdict = judge(score, recipe(t1, t1 + band))
    assert (verdict is Verdict.PASS) == (math.isfinite(score) and score < t1)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "model_sha256"),
        (MINIMAL + "treshold = 1\n", "treshold"),
        (MINIMAL.replace("t2 = 0.8", "t2 = 0.4"), "must not be above T2"),
        (MINIMAL.replace("t2 = 0.8", "t2 = nan"), "t2"),
        (MINIMAL.replace("t2 = 0.8", "t2 = inf"), "t2"),
        (MINIMAL.replace("t1 = 0.5", 't1 = "0.5"'), "t1"),
        ("not toml at all [", "TOML"),
        (MINIMAL + "[[regions]]\nroi = [0, 0, 0, 5]\n", "roi"),
        (MINIMAL + "[[regions]]\n[[regions]]\n", "same name"),
        (MINIMAL + '[parts]\nmode = "presence"\n', "parts.presence"),
        (MINIMAL + "[parts]\nk = 3\nn = 2\n", "must not be above n"),
        (MINIMAL + '[parts.presence]\nreference = "xx"\n', "reference"),
        (MINIMAL + "[defects]\nmin_area_mm2 = 2.0\n", "mm_per_px"),
    ],
)
def test_bad_recipes_are_refused_naming_file_and_key(text, says):
    with pytest.raises(ConfigError) as caught:
        parse_recipe(text, "r.toml")
    assert "r.toml" in str(caught.value)
    assert says in str(caught.value)


def test_recipe_id_depends_on_content_alone():
    one = parse_recipe(MINIMAL, "a.toml")
    two = parse_recipe("# comment\n" + MINIMAL, "b.toml")
    other = parse_recipe(MINIMAL.replace("0.5", "0.6"), "c.toml")
    assert one.recipe_id == two.recipe_id != other.recipe_id


def test_recipe_of_another_model_is_refused():
    recipe().check_model("x@1#" + SHA)
    with pytest.raises(RecipeMismatchError, match="was set for model"):
        recipe().check_model("x@1#" + "b" * 64)


def test_region_outside_the_image_is_refused():
    text = MINIMAL + "[[regions]]\nroi = [320, 40, 640, 640]\n"
    parse_recipe(text, "r").check_image(1280, 720)
    with pytest.raises(ConfigError, match="leaves the image"):
        parse_recipe(text, "r").check_image(640, 480)


@pytest.mark.parametrize(
    ("defects", "fits"),
    [
        ({"min_area_px": 99.0}, True),
        ({"min_area_px": 100.0}, False),
        ({"min_area_mm2": 1.0, "mm_per_px": 0.2}, True),
        # a slip of the ruler
        ({"min_area_mm2": 1.0, "mm_per_px": 0.02}, False),
    ],
)
def test_a_least_area_that_no_defect_could_have_is_refused(defects: dict, fits: bool):
    recipe = Recipe(
        model_sha256="a" * 64,
        thresholds=Thresholds(t1=0.5, t2=0.8),
        regions=(RegionSpec(name="wide"), RegionSpec(name="lid", roi=(4, 4, 10, 10))),
        defects=DefectRule(**defects),
    )
    if fits:
        recipe.check_image(640, 480)
    else:
        with pytest.raises(ConfigError, match="region 'lid' has only 100 px: everything"):
            recipe.check_image(640, 480)


def test_least_area_in_square_millimetres():
    text = MINIMAL + "[defects]\nmin_area_mm2 = 2.0\nmm_per_px = 0.5\n"
    assert parse_recipe(text, "r").defects.smallest_area_px == 8.0


P, R, F, X = Verdict.PASS, Verdict.REVIEW, Verdict.FAIL, Verdict.INVALID


@pytest.mark.parametrize(
    ("verdicts", "k", "n", "joined"),
    [
        ([], 1, 1, X),
        ([P], 1, 1, P),
        ([P, R, P], 1, 1, R),
        ([F, P, P], 2, 3, P),
        ([F, F, P], 2, 3, F),
        ([F, R, P], 2, 3, R),
        ([F, P], 2, 3, F),
        ([X, P, P], 2, 3, X),
        ([X, P, P, P], 2, 3, P),
        ([X, X, P], 2, 3, X),
        ([X, X, P, P, P], 2, 3, X),
    ],
)
def test_frames_join_by_k_of_n(verdicts, k, n, joined):
    assert join_frames(Counter(verdicts), PartRule(rule="k_of_n", k=k, n=n)) is joined


@given(st.lists(st.sampled_from([P, R, F, X]), min_size=1))
def test_worst_is_never_milder_than_any(verdicts):
    joined = join_frames(Counter(verdicts), PartRule())
    assert all(SEVERITY[joined] >= SEVERITY[v] for v in verdicts)
    assert joined in verdicts


def test_nothing_seen_is_invalid_and_no_part_cannot_be_joined():
    assert worst([]) is X
    with pytest.raises(KeyError):
        worst([Verdict.NO_PART, P])


def test_masks_are_read_from_toml():
    text = f'model_sha256 = "{"a" * 64}"\nthresholds = {{t1 = 0.5, t2 = 0.8}}\n'
    text += '[[regions]]\nname = "part"\nroi = [0, 0, 9, 9]\nignore = [[1, 2, 3, 4]]\n'
    assert parse_recipe(text, "here").regions[0].ignore == ((1, 2, 3, 4),)


def test_a_recipe_without_a_pixel_threshold_is_what_it_was_before_there_were_any():
    plain = parse_recipe(MINIMAL, "r")
    assert "pixel_threshold" not in plain.model_dump(mode="json")
    # computed before the field existed: records of such recipes must be found again
    assert plain.recipe_id == "e644aca290a78c3fe157512d8678df852df83201cb3922d3891ca774565407ed"
    outlined = parse_recipe("pixel_threshold = 0.4\n" + MINIMAL, "r")
    assert outlined.pixel_threshold == 0.4
    assert outlined.recipe_id != plain.recipe_id
    assert Recipe.model_validate(outlined.model_dump(mode="json")) == outlined


def test_a_pixel_threshold_must_be_a_number():
    with pytest.raises(ConfigError, match="pixel_threshold"):
        parse_recipe("pixel_threshold = nan\n" + MINIMAL, "r")
