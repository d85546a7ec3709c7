"""Thresholds from held-out good parts, from defects where there are any, and from targets.

What counts is the part, not the picture: on a line a part is seen several times and
its worst frame decides. So a part's score here is the highest of all its views, and a
defective one's likewise.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from inspector.core.manifest import ProposedThresholds, Targets, ThresholdBasis
from inspector.errors import InputError
from training.promises import (
    TARGET_REVIEW,
    Escapes,
    Scores,
    allowed_escapes,
    allowed_good,
    check_supported,
    expected_share,
    left_out,
    review_share,
)

FOLDS, FEW_PARTS = 5, 60
"""Twice as many folds below so many parts: a bank of four fifths of 25 parts finds the rest
stranger than one of all will, and T1 would lie too high."""
TARGET_OVERKILL = 0.01
"""Share of good parts that may reach T1 where nothing speaks for a lower one."""
T2_MARGIN = 0.25
"""T2 lies beyond the worst held-out part by this share of its distance to the median."""
ROUNDING = 1e-3
"""Relative; what providers compute differently must not carry a good part over T1."""
PIXEL_SHARE = 0.001
"""Share of the places in good parts' maps that reach the pixel threshold."""
NO_TARGETS = Targets()


@dataclass(frozen=True, slots=True, eq=False)
class DefectScores:
    """float64 (m, p): of each defect all its views; ``synthetic`` where they were made up."""

    scores: Scores
    synthetic: bool


@dataclass(frozen=True, slots=True)
class Calibration:
    """Thresholds on the scale of the scores they came from, and what they promise.

    ``overkill_t1`` and ``_t2`` are the shares of good parts expected at or above them,
    ``review`` the share between the two; never less than the 1/(n+1) that n held-out
    parts can support. ``escapes`` is None where no defects were seen: unknown.
    ``pixel`` is where defects are outlined, None where there were no maps.
    """

    t1: float
    t2: float
    pixel: float | None
    overkill_t1: float
    overkill_t2: float
    review: float
    escapes: Escapes | None
    n_good: int
    n_views: int
    targets: Targets
    rule: str

    def in_units_of(self, unit: float) -> Calibration:
        """The same on a scale where ``unit`` is 1."""
        pixel = None if self.pixel is None else self.pixel / unit
        return replace(self, t1=self.t1 / unit, t2=self.t2 / unit, pixel=pixel)

    def proposed(self) -> ProposedThresholds:
        """For a variant with these scores."""
        return ProposedThresholds(t1=self.t1, t2=self.t2, pixel=self.pixel)

    def basis(self) -> ThresholdBasis:
        """For the manifest."""
        seen = self.escapes
        real = seen if seen and not seen.synthetic else None
        made = seen if seen and seen.synthetic else None
        return ThresholdBasis(
            method=self.rule,
            n_good=self.n_good,
            n_defective=real.n if real else 0,
            expected_overkill_t1=self.overkill_t1,
            expected_overkill_t2=self.overkill_t2,
            expected_review=self.review,
            expected_escape=real.share if real else None,
            escape_at_most=real.at_most if real else None,
            n_synthetic=made.n if made else 0,
            synthetic_escape=made.share if made else None,
            synthetic_escape_at_most=made.at_most if made else None,
            targets=self.targets,
        )


def folds(n: int, count: int | None, seed: int) -> list[NDArray[np.int64]]:
    """Indices 0..n-1 in ``count`` shuffled groups that differ in size by at most one.

    Every group and its complement have a member: fewer groups where n < count. None: as
    many as so many parts call for.
    """
    if count is None:
        count = FOLDS if n >= FEW_PARTS else 2 * FOLDS
    if n < 2:
        raise ValueError(f"{n} parts cannot be held out in turn")
    order = np.random.default_rng(seed).permutation(n)
    return [np.sort(group) for group in np.array_split(order, min(count, n))]


def calibrate(
    held_out: Scores,
    defects: DefectScores | None = None,
    targets: Targets = NO_TARGETS,
    *,
    proposed: tuple[float, float] | None = None,
    maps: NDArray[np.float32] | None = None,
) -> Calibration:
    """From the scores (n, v) of held-out good parts, one column a view.

    Without targets T1 is where missed defects and reviewed good parts, as shares, add up
    to least, between the conformal quantiles for 5 % and for 1 % overkill: at the latter
    where there are no defects, or too few that a lower one would catch. T2 lies beyond the
    worst good part. Targets bound them: T1 is lowered for ``max_escape`` and raised for
    ``max_review``; T2 is put where ``max_overkill`` allows.

    Args:
        proposed: (T1, T2) that take the place of those without targets.
        maps: float32 (n, v, h, w), of the same parts, for the pixel threshold.

    Raises InputError for targets that so many images cannot promise, or that cannot be
    met together; ValueError for scores that are not finite.
    """
    good, bad = _worst_views(held_out), None if defects is None else _worst_views(defects.scores)
    check_supported(targets, len(good), 0 if bad is None else len(bad))
    usual_t1, usual_t2 = proposed or (_usual_t1(good, bad), None)
    t2 = None if targets.max_overkill is None else _upper(good, targets.max_overkill)
    t1 = _within(usual_t1, good, bad, t2, targets)
    if t2 is None:
        t2 = _beyond_the_worst(good) if usual_t2 is None else usual_t2
    t2 = max(t1, t2)
    reaching, failing = int((good >= t1).sum()), int((good >= t2).sum())
    return Calibration(
        t1=t1,
        t2=t2,
        pixel=None if maps is None else min(pixel_threshold(maps), t1),
        overkill_t1=expected_share(reaching, len(good)),
        overkill_t2=expected_share(failing, len(good)),
        review=expected_share(reaching - failing, len(good)),
        escapes=None
        if defects is None or bad is None
        else _escapes(bad, t1, synthetic=defects.synthetic),
        n_good=len(good),
        n_views=held_out.shape[1],
        targets=targets,
        rule=_rule(held_out.shape, defects, targets, has_rule=proposed is not None),
    )


def pixel_threshold(maps: NDArray[np.float32]) -> float:
    """The level that one in a thousand places of good parts' maps (…, h, w) reaches."""
    return float(np.quantile(maps, 1.0 - PIXEL_SHARE, method="higher")) * (1.0 + ROUNDING)


def _worst_views(scores: Scores) -> Scores:
    """Rising."""
    if not np.isfinite(scores).all():
        raise ValueError("held-out scores must be finite")
    return np.sort(scores.max(axis=1))


def _escapes(bad: Scores, t1: float, *, synthetic: bool) -> Escapes:
    return Escapes(int((bad < t1).sum()), len(bad), synthetic)


def _above(score: float) -> float:
    return score + ROUNDING * abs(score)


def _upper(good: Scores, share: float) -> float:
    """The lowest threshold that keeps the promise that this share of good parts reach it."""
    return _above(float(good[len(good) - 1 - left_out(share, len(good))]))


def _beyond_the_worst(good: Scores) -> float:
    highest = float(good[-1])
    return highest + T2_MARGIN * (highest - float(np.median(good)))


def _usual_t1(good: Scores, bad: Scores | None) -> float:
    """Of those whose sum of shares is within a standard error of the least the highest.

    So T1 leaves the quantile only for defects that so many images can vouch for (the rule
    of one standard error: Breiman et al. 1984, for the pruning of trees). Where the good
    parts are too few to tell 5 % from what three of them are, nobody can vouch for either
    side: there it is the lowest, for a part reviewed in vain costs less than a broken one
    that passes.
    """
    highest = _upper(good, TARGET_OVERKILL)
    if bad is None:
        return highest
    most = review_share(len(good))
    lowest = _upper(good, most)
    tried = np.array([t for t in (_above(float(g)) for g in good) if lowest <= t <= highest])
    reviewed = (good >= tried[:, None]).sum(axis=1)
    missed = (bad < tried[:, None]).sum(axis=1)
    cost = reviewed / len(good) + missed / len(bad)
    best = int(np.argmin(cost))
    # the counts that differ between two thresholds are few and independent: Poisson
    variance = np.abs(reviewed - reviewed[best]) / len(good) ** 2
    variance += np.abs(missed - missed[best]) / len(bad) ** 2
    alike = tried[cost - cost[best] <= np.sqrt(variance)]
    return float(alike.min() if most > TARGET_REVIEW else alike.max())


def _within(
    usual: float, good: Scores, bad: Scores | None, t2: float | None, targets: Targets
) -> float:
    """T1 within the targets' bounds, as near to the usual one as they let it be."""
    lowest = -math.inf if targets.max_review is None else _for_review(good, t2, targets.max_review)
    highest = math.inf
    if targets.max_escape is not None and bad is not None:
        seen = float(bad[allowed_escapes(targets.max_escape, len(bad))])
        highest = seen - ROUNDING * abs(seen)
    if lowest > highest and bad is not None:
        raise InputError(_conflict(good, bad, t2, targets, lowest, highest))
    return min(max(usual, lowest), highest)


def _for_review(good: Scores, t2: float | None, share: float) -> float:
    """The lowest T1 that leaves no more than that share of good parts between it and T2."""
    failing = 0 if t2 is None else int((good >= t2).sum())
    reaching = min(failing + allowed_good(share, len(good)), len(good) - 1)
    return _above(float(good[len(good) - 1 - reaching]))


def _conflict(
    good: Scores,
    bad: Scores,
    t2: float | None,
    targets: Targets,
    lowest: float,
    highest: float,
) -> str:
    failing = 0 if t2 is None else int((good >= t2).sum())
    review = expected_share(int((good >= highest).sum()) - failing, len(good))
    escape = _escapes(bad, lowest, synthetic=False).at_most
    return (
        f"--max-escape {targets.max_escape:g} and --max-review {targets.max_review:g} cannot be"
        f" met together by this model: that few escapes take a review load of {review:.1%} of good"
        f" parts, that little review leaves up to {escape:.1%} escapes; allow one of these, more"
        " --max-overkill, or give a size or a method that tells the two apart better"
    )


def _rule(
    shape: tuple[int, ...], defects: DefectScores | None, targets: Targets, *, has_rule: bool
) -> str:
    """For people: half a page in one line."""
    n, views = shape[0], shape[1]
    kind = (
        "no defects (escapes unknown)"
        if defects is None
        else f"{len(defects.scores)} known defects"
    )
    if defects is not None and defects.synthetic:
        kind = f"{len(defects.scores)} synthetic defects, made up in held-out good parts"
    most = review_share(n)
    few = most > TARGET_REVIEW
    text = f"{n} held-out good parts, each as the worst of {views} views, and {kind}"
    if not has_rule:
        text += (
            "; T1 where missed defects and good parts in review add up to least (the"
            f" {'lowest' if few else 'highest'} within a standard error of that), between the"
            f" conformal quantiles for {most:.1%} and {TARGET_OVERKILL:.0%} overkill"
            if defects is not None
            else f"; T1 the conformal quantile for {TARGET_OVERKILL:.0%} overkill (or the highest"
            " score, where too few parts)"
        )
        text += f"; T2 beyond the highest score by {T2_MARGIN:.0%} of its distance to the median"
        text += ". The folds' models have seen fewer parts than the shipped one"
    named = [f"{k.replace('_', ' ')} {v:g}" for k, v in targets if v is not None]
    if named:
        text += "; moved as far as these targets ask: " + ", ".join(named)
    return text
