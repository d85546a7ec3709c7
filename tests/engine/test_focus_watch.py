"""A blur is told from another scene, and never from noise."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

from inspector.core.frame import SourceInfo
from inspector.core.geometry import Roi
from inspector.core.inspection import Crop
from inspector.core.recipe import PartRule, Recipe, RegionSpec, Thresholds
from inspector.engine.focus_memory import FocusMemory, Place
from inspector.engine.focus_watch import DECLARED_FRAMES, LEARNT_FROM, FocusWatch

RNG = np.random.default_rng(3)
SHA = "a" * 64


def printed(seed: int, cell: int = 4, side: int = 160) -> np.ndarray:
    rng = np.random.default_rng(seed)
    count = -(-side // cell)
    cells = rng.choice([60, 140], (count, count)).astype(np.uint8)
    grey = np.kron(cells, np.ones((cell, cell), np.uint8))[:side, :side]
    return np.repeat(grey[..., None], 3, axis=2)


def noisy(image: np.ndarray) -> np.ndarray:
    return (image + RNG.normal(0, 2, image.shape)).clip(0, 255).astype(np.uint8)


def blurred(image: np.ndarray, sigma: float = 4.0) -> np.ndarray:
    return noisy(cv2.GaussianBlur(image, (0, 0), sigma))


PARTS = itertools.count()


def seen(watch: FocusWatch, image: np.ndarray, part: int | None = None) -> list[str | None]:
    """What it says of the picture of the one region; of a part of its own where none is named."""
    return watch.check(next(PARTS) if part is None else part, [Crop(image, None)])


INFO = SourceInfo(
    "camera-0", "camera 0", is_live=True, width=160, height=160, fps=30.0, frame_count=None
)


def watch_of(
    mode: str = "trigger",
    rule: str = "worst",
    *,
    memory: FocusMemory | None = None,
    info: SourceInfo = INFO,
    product: str = "nut",
    t1: float = 0.5,
    roi: tuple[int, int, int, int] | None = None,
) -> tuple[FocusWatch, list[str]]:
    told: list[str] = []
    recipe = Recipe(
        model_sha256=SHA,
        thresholds=Thresholds(t1=t1, t2=0.8),
        parts=PartRule(mode=mode, rule=rule),
        regions=(RegionSpec(roi=roi),),
    )
    watch = FocusWatch(
        recipe,
        told.append,
        lambda: told.append("back"),
        info=info,
        product=product,
        memory=memory or FocusMemory(),
    )
    return watch, told


def learnt(
    mode: str = "trigger", rule: str = "worst", memory: FocusMemory | None = None
) -> tuple[FocusWatch, list[str]]:
    watch, told = watch_of(mode, rule, memory=memory)
    for seed in range(LEARNT_FROM):
        assert seen(watch, noisy(printed(seed))) == [None]
    return watch, told


def test_a_blur_is_no_picture_to_judge_by_and_is_declared_once():
    watch, told = learnt()
    found = [seen(watch, blurred(printed(i)))[0] for i in range(2 * DECLARED_FRAMES)]
    assert all(what is not None and "out of focus" in what for what in found)
    assert len(told) == 1
    assert seen(watch, noisy(printed(1))) == [None]
    assert told[1:] == ["back"]


def test_one_blurred_picture_is_invalid_and_no_alarm():
    watch, told = learnt()
    assert seen(watch, blurred(printed(0))) != [None]
    assert seen(watch, noisy(printed(0))) == [None]
    assert told == []


def half(image: np.ndarray) -> np.ndarray:
    image = image.copy()
    image[:, 80:] = 100
    return image


@pytest.mark.parametrize(
    "change",
    [lambda p: p // 2, lambda p: p // 8 + 90, lambda p: 255 - p, half],
    ids=["darker", "fainter", "inverted", "half of it"],
)
def test_another_part_or_another_light_is_no_blur(change: Callable[[np.ndarray], np.ndarray]):
    watch, told = learnt()
    assert all(seen(watch, noisy(change(printed(i)))) == [None] for i in range(5))
    assert told == []


def test_plain_pictures_and_small_ones_cannot_tell():
    watch, told = watch_of()
    for _ in range(2 * LEARNT_FROM):
        assert seen(watch, noisy(np.full((160, 160, 3), 90, np.uint8))) == [None]
    assert seen(learnt()[0], blurred(printed(0, side=96))) == [None]
    assert told == []


def test_no_detail_at_all_where_there_always_was_some_is_a_blur():
    watch, _ = learnt()
    assert seen(watch, blurred(printed(0, 2), 9)) == ["out of focus: no detail left"]


def test_a_lens_that_was_soft_from_the_start_is_the_measure():
    watch, told = watch_of()
    for i in range(3 * LEARNT_FROM):
        assert seen(watch, blurred(printed(i), 2.5)) == [None]
    assert told == []


def test_a_lens_that_is_soft_since_the_last_run_is_told_at_once_and_is_never_the_measure():
    """Whatever else was changed between them: who tunes a threshold has not touched the lens."""
    memory = FocusMemory()
    learnt(memory=memory)
    for t1, sigma in ((0.5, 2.5), (0.6, 2.5), (0.7, 9.0)):
        watch, told = watch_of(memory=memory, t1=t1)
        found = [seen(watch, blurred(printed(i), sigma))[0] for i in range(2 * LEARNT_FROM)]
        assert all(what is not None and "out of focus" in what for what in found)
        assert len(told) == 1
        assert seen(watch, noisy(printed(1))) == [None]
    plain = blurred(printed(0, 2), 9)
    assert seen(watch_of(memory=memory)[0], plain) == ["out of focus: no detail left"]


def test_a_lens_that_was_set_since_the_last_run_is_the_new_measure():
    memory = FocusMemory()
    soft, _ = watch_of(memory=memory)
    for i in range(LEARNT_FROM):
        assert seen(soft, blurred(printed(i), 2.5)) == [None]
    learnt(memory=memory)
    assert seen(watch_of(memory=memory)[0], blurred(printed(0), 2.5)) != [None]


@pytest.mark.parametrize(
    "other",
    [
        {"info": replace(INFO, width=320)},
        {"info": replace(INFO, height=320)},
        {"product": "cap"},
        {"roi": (0, 0, 160, 79)},
    ],
    ids=str,
)
def test_another_size_product_or_region_has_its_own_measure(other: dict[str, Any]):
    memory = FocusMemory()
    learnt(memory=memory)
    watch, told = watch_of(memory=memory, **other)
    for i in range(2 * LEARNT_FROM):
        assert seen(watch, blurred(printed(i), 2.5)) == [None]
    assert told == []


def test_a_region_moved_a_little_has_the_measure_of_the_one_before():
    memory = FocusMemory()
    learnt(memory=memory)
    watch, told = watch_of(memory=memory, roi=(1, 0, 158, 130))
    assert all(seen(watch, blurred(printed(i), 2.5)) != [None] for i in range(LEARNT_FROM))
    assert len(told) == 1


def test_short_runs_learn_together():
    """Batches of a few parts, or products in turn."""
    memory = FocusMemory()
    for i in range(LEARNT_FROM):
        watch, _ = watch_of(memory=memory)
        assert seen(watch, noisy(printed(i))) == [None]
    watch, told = watch_of(memory=memory)
    assert all(seen(watch, blurred(printed(i), 2.5)) != [None] for i in range(LEARNT_FROM))
    assert len(told) == 1


def test_a_run_learns_from_its_first_twenty_pictures_and_no_others():
    watch, _ = watch_of()
    for i in range(LEARNT_FROM):
        assert seen(watch, blurred(printed(i), 2.5)) == [None]
    for i in range(20 * LEARNT_FROM):
        assert seen(watch, noisy(printed(i % 5))) == [None]
    assert seen(watch, blurred(printed(0), 2.5)) == [None]


def test_pictures_without_structure_are_not_learnt_from():
    watch, _ = watch_of()
    for i in range(LEARNT_FROM):
        assert seen(watch, noisy(np.full((160, 160, 3), 90, np.uint8))) == [None]
        assert seen(watch, noisy(printed(i))) == [None]
    assert seen(watch, blurred(printed(0, 2), 9)) == ["out of focus: no detail left"]


def test_two_regions_of_the_same_place_both_learn():
    memory = FocusMemory()
    recipe = Recipe(
        model_sha256=SHA,
        thresholds=Thresholds(t1=0.5, t2=0.8),
        parts=PartRule(mode="trigger"),
        regions=(RegionSpec(name="a"), RegionSpec(name="b")),
    )
    watch = FocusWatch(recipe, print, print, info=INFO, product="nut", memory=memory)
    for i in range(LEARNT_FROM):
        assert watch.check(i, [Crop(noisy(printed(i)), None)] * 2) == [None, None]
    found = watch.check(99, [Crop(blurred(printed(0)), None)] * 2)
    assert all(what is not None for what in found)


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (None, None, True),
        (None, Roi(0, 0, 160, 80), True),
        (None, Roi(0, 0, 160, 79), False),
        (Roi(10, 10, 20, 20), Roi(16, 10, 20, 20), True),
        (Roi(10, 10, 20, 20), Roi(17, 10, 20, 20), False),
        (Roi(10, 10, 20, 20), Roi(10, 16, 20, 20), True),
        (Roi(10, 10, 20, 20), Roi(10, 17, 20, 20), False),
        (Roi(0, 0, 20, 20), Roi(40, 40, 20, 20), False),
    ],
)
def test_which_regions_show_the_same_thing(one: Roi | None, other: Roi | None, alike: bool):
    a, b = Place.of(INFO, "nut", one), Place.of(INFO, "nut", other)
    assert (a.resembles(b), b.resembles(a)) == (alike, alike)


def test_where_every_frame_is_a_part_anything_may_be_shown():
    watch, _ = learnt("frame")
    assert seen(watch, blurred(printed(0))) == [None]


def test_what_was_declared_ends_with_the_recipe():
    watch, told = learnt()
    for i in range(DECLARED_FRAMES):
        seen(watch, blurred(printed(i)))
    watch.end()
    watch.end()
    assert told[1:] == ["back"]


def test_of_one_part_the_first_and_each_third_picture_are_measured():
    watch, _ = learnt()
    sharp, soft = noisy(printed(0)), blurred(printed(0))
    shown = [sharp, soft, soft, soft, sharp, soft]
    found = [seen(watch, picture, part=-1) != [None] for picture in shown]
    # the fourth is measured, so the fifth after it, which is sharp, and not the sixth
    assert found == [False, False, False, True, False, False]


def test_no_part_is_judged_by_the_measure_of_another():
    watch, _ = learnt()
    assert seen(watch, noisy(printed(0)), part=-1) == [None]
    assert seen(watch, blurred(printed(0)), part=-2) != [None]
    assert seen(watch, noisy(printed(0)), part=-3) == [None]


def test_every_picture_is_learnt_from_until_there_are_enough():
    watch, _ = watch_of()
    for i in range(LEARNT_FROM):
        assert seen(watch, noisy(printed(i)), part=-1) == [None]
    assert seen(watch, blurred(printed(0)), part=-2) != [None]


def test_where_frames_vote_every_one_is_measured():
    watch, _ = learnt(rule="k_of_n")
    shown = [noisy(printed(0)), blurred(printed(0)), noisy(printed(0)), blurred(printed(0))]
    found = [seen(watch, picture, part=-1) != [None] for picture in shown]
    assert found == [False, True, False, True]
