"""Figures of merit against tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from training import metrics
from training.metrics import PixelScores, Rates, pixel_scores

DEFECTIVE = np.array([False, False, False, False, True, True, True])
SCORES = np.array([0.1, 0.2, 0.3, 0.6, 0.5, 0.7, 0.9])


def test_ranking_figures() -> None:
    # 12 pairs, of which (0.6 good, 0.5 bad) alone is the wrong way round
    assert metrics.auroc(DEFECTIVE, SCORES) == pytest.approx(11 / 12)
    # precision at each defective one, from the top: 1/1, 2/2, 3/4
    assert metrics.average_precision(DEFECTIVE, SCORES) == pytest.approx((1 + 1 + 0.75) / 3)
    # to miss nothing, reject from 0.5 on: one of four good
    assert metrics.fpr_at_full_recall(DEFECTIVE, SCORES) == pytest.approx(0.25)
    # to reject no good one, reject above 0.6: two of three bad
    assert metrics.tpr_at_no_overkill(DEFECTIVE, SCORES) == pytest.approx(2 / 3)


@pytest.mark.parametrize(
    ("rejected", "counts", "accuracy", "precision", "recall", "f1"),
    [
        ([0, 0, 0, 1, 0, 1, 1], (2, 1, 1, 3), 5 / 7, 2 / 3, 2 / 3, 2 / 3),
        ([0] * 7, (0, 0, 3, 4), 4 / 7, 0.0, 0.0, 0.0),
        ([1] * 7, (3, 4, 0, 0), 3 / 7, 3 / 7, 1.0, 0.6),
    ],
    ids=["mixed", "all pass", "all fail"],
)
def test_rates(rejected, counts, accuracy, precision, recall, f1) -> None:
    rates = Rates.count(DEFECTIVE, np.array(rejected, bool))
    assert (rates.tp, rates.fp, rates.fn, rates.tn) == counts
    assert rates.accuracy == pytest.approx(accuracy)
    assert rates.precision == pytest.approx(precision)
    assert rates.recall == pytest.approx(recall)
    assert rates.f1 == pytest.approx(f1)


def test_interval_at_half_is_that_of_the_rank_test() -> None:
    low, high = metrics.auroc_interval(0.5, 30, 40)
    assert low == pytest.approx(1 - high)
    # at its edge an area lies 1.96 of its own standard errors away
    spread = metrics._area_variance(high, 30, 40) ** 0.5
    assert high - 0.5 == pytest.approx(1.96 * spread, abs=1e-4)
    assert metrics._area_variance(0.5, 30, 40) == pytest.approx(71 / (12 * 30 * 40))


@given(st.floats(0, 1), st.integers(1, 300), st.integers(1, 300))
def test_interval_holds_the_area(area: float, n_good: int, n_defective: int) -> None:
    low, high = metrics.auroc_interval(area, n_good, n_defective)
    assert 0 <= low <= area <= high <= 1


def test_a_perfect_area_of_few_images_is_not_certain() -> None:
    few, many = (metrics.auroc_interval(1.0, n, n) for n in (10, 1000))
    assert few[0] < 0.85
    assert many[0] > 0.99
    assert few[1] == many[1] == 1.0


def _regions(*boxes: tuple[int, int, int, int], shape: tuple[int, int] = (10, 10)) -> np.ndarray:
    labels = np.zeros(shape, np.int32)
    for i, (y1, y2, x1, x2) in enumerate(boxes, 1):
        labels[y1:y2, x1:x2] = i
    return labels


def test_pixel_auroc_is_that_of_all_pixels() -> None:
    rng = np.random.default_rng(0)
    labels = _regions((1, 4, 1, 4), (6, 9, 5, 9))
    pictures = [
        ((rng.random((10, 10)) + 0.4 * (labels > 0)).astype(np.float32), labels),
        (rng.random((10, 10)).astype(np.float32), np.zeros((10, 10), np.int32)),
    ]
    counted = pixel_scores(pictures, 0.0, 1.4)
    truth = np.concatenate([(lab > 0).ravel() for _, lab in pictures])
    values = np.concatenate([heat.ravel() for heat, _ in pictures])
    assert counted.auroc() == pytest.approx(roc_auc_score(truth, values), abs=2e-3)
    assert counted.regions.sum() == 21
    assert counted.good.sum() == 179
    assert [r.sum() for r in counted.regions] == [9, 12]


def test_pro_of_a_perfect_map_is_one() -> None:
    labels = _regions((0, 2, 0, 2), (5, 9, 5, 9))
    heat = (labels > 0).astype(np.float32)
    assert pixel_scores([(heat, labels)], 0.0, 1.0).pro() == pytest.approx(1.0)


def test_pro_by_hand() -> None:
    """Bins from low to high: the curve passes (0, .5), (.2, .75), (.6, 1), (1, 1)."""
    counted = PixelScores(
        good=np.array([[1.0, 4, 2, 0], [3.0, 0, 0, 0]]),
        regions=np.array([[0.0, 0, 0, 1], [0, 2, 1, 1]]),
        image_of=np.array([0, 1]),
    )
    # shares found from the top: first region 1, 1, 1, 1; second 1/4, 2/4, 1, 1
    # overlap: .625 at FPR 0, .75 at .2, 1 at .6; at .3 it is .75 + .25 * .1 / .4 = .8125
    area = 0.2 * (0.625 + 0.75) / 2 + 0.1 * (0.75 + 0.8125) / 2
    assert counted.pro(limit=0.3) == pytest.approx(area / 0.3)


def test_weights_draw_images_with_all_their_pixels() -> None:
    counted = PixelScores(
        good=np.array([[9.0, 1], [0, 10]]),
        regions=np.array([[0.0, 5], [5, 0]]),
        image_of=np.array([0, 1]),
    )
    assert counted.auroc(np.array([1.0, 0])) == pytest.approx(0.95)
    assert counted.auroc(np.array([0.0, 3])) == 0.0
    assert counted.pro(np.array([0.0, 1])) == 0.0
    without_regions = PixelScores(counted.good, counted.regions[:1], counted.image_of[:1])
    assert np.isnan(without_regions.auroc(np.array([0.0, 1])))
    assert np.isnan(without_regions.pro(np.array([0.0, 1])))


def test_a_large_region_does_not_outweigh_a_small_one() -> None:
    labels = _regions((0, 1, 0, 1), (5, 10, 0, 10))
    heat = (labels == 2).astype(np.float32)
    counted = pixel_scores([(heat, labels)], 0.0, 1.0)
    # half of the regions at FPR 0, then up to all of them at FPR 1
    assert counted.pro(limit=0.3) == pytest.approx((0.5 + (0.5 + 0.5 * 0.3)) / 2)


def test_what_is_not_finite_ranks_as_worst() -> None:
    scores = metrics.finite([0.5, np.nan, 2.0, np.inf])
    assert np.isfinite(scores).all()
    assert scores[1] == scores[3] > 2.0
    assert scores[0] == 0.5


def test_equal_pixels_are_ties() -> None:
    labels = _regions((0, 5, 0, 10))
    heat = np.ones((10, 10), np.float32)
    assert pixel_scores([(heat, labels)], 0.0, 1.0).auroc() == pytest.approx(0.5)
