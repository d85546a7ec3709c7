"""The watches on pictures and answers say what a look at every sample would say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inspector.core.geometry import Affine
from inspector.core.inspection import Prediction
from inspector.engine.echo import SAME_ANSWERS, EchoWatch
from inspector.engine.picture_watch import BRIGHT, DARK, NEARLY_ALL, blank

SHARES = st.sampled_from([0.0, 0.5, 0.93, 0.94, 0.95, 0.97, 0.98, 0.99, 1.0])


@given(st.tuples(SHARES, SHARES, SHARES), st.sampled_from([(0, "black"), (255, "overexposed")]))
def test_one_colour_first_says_the_same_as_all_three(shares, end):
    level, says = end
    image = np.full((10, 100, 3), 100, np.uint8)
    for channel, share in enumerate(shares):
        image[..., channel].flat[: round(1000 * share)] = level
    ends = image <= DARK if level == 0 else image >= BRIGHT
    found = blank(image)
    assert (found is not None) == (np.count_nonzero(ends) >= NEARLY_ALL * image.size)
    assert found is None or says in found


@pytest.mark.parametrize(("level", "says"), [(0, "black"), (255, "overexposed")])
@pytest.mark.parametrize("told", [0, 4, 5])
def test_a_few_pixels_that_are_looked_at_first_do_not_settle_a_large_picture(
    level: int, says: str, told: int
):
    image = np.full((1080, 1920, 3), level, np.uint8)
    image[:128:128, : 64 * told : 64] = 100
    sampled = 34 * 120
    found = blank(image)
    assert (found is not None) == (sampled - told >= NEARLY_ALL * sampled)
    assert found is None or says in found


def answer(score: float) -> Prediction:
    return Prediction(score, np.full((4, 4), score, np.float32), None, Affine.identity(), "m")


def picture(level: int) -> np.ndarray:
    return np.full((16, 16, 3), level, np.uint8)


@pytest.mark.parametrize(
    ("levels", "scores", "told"),
    [
        (range(12), [1.0] * 12, True),
        ([7] * 12, [1.0] * 12, False),
        (range(12), [*[1.0] * 8, 2.0, *[1.0] * 3], False),
        # equal pictures between them neither count nor clear
        ([0, 1, 2, 3, 4, 4, 4, 5, 6, 7, 8, 9], [1.0] * 12, True),
        (range(SAME_ANSWERS - 1), [1.0] * (SAME_ANSWERS - 1), False),
    ],
)
def test_only_one_answer_to_many_different_pictures_is_told(levels, scores, told):
    watch = EchoWatch()
    found = [watch.problem(picture(n), answer(s)) for n, s in zip(levels, scores, strict=True)]
    assert (found[-1] is not None) == told
