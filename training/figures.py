"""From judged images to the evaluation document."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict

import numpy as np

from inspector.core.inspection import Verdict
from inspector.core.manifest import ProposedThresholds
from training import metrics
from training.datasets import GOOD, Category
from training.evaluation import (
    SCHEMA,
    Evaluation,
    ImageFigures,
    ImageScore,
    Interval,
    TypeFigures,
)
from training.intervals import f1_interval, wilson
from training.metrics import Flags, Rates, Scores
from training.outcomes import Outcome
from training.pixel_figures import pixel_figures


def figures(
    category: Category,
    outcomes: Sequence[Outcome],
    *,
    protocol: str,
    model: str,
    thresholds: ProposedThresholds,
    variant: str,
) -> Evaluation:
    """The document on some outcomes, good and defective ones among them."""
    defective = np.array([o.sample.is_defective for o in outcomes])
    scores = metrics.finite([o.prediction.score for o in outcomes])
    times = _milliseconds(outcomes)
    return Evaluation(
        schema=SCHEMA,
        category=category.name,
        model=model,
        protocol=protocol,
        n_good=int((~defective).sum()),
        n_defective=int(defective.sum()),
        thresholds={"t1": thresholds.t1, "t2": thresholds.t2},
        image=image_figures(outcomes, defective, scores),
        pixel=pixel_figures(outcomes),
        by_defect_type=_by_type(outcomes, defective, scores),
        type_confusion=_type_confusion(outcomes),
        floors=_floors(defective),
        variant=variant,
        milliseconds_per_image=times["median"],
        milliseconds=times,
        scores=[_image_score(category, o) for o in outcomes],
    )


def image_figures(outcomes: Sequence[Outcome], defective: Flags, scores: Scores) -> ImageFigures:
    """``defective`` and ``scores`` are those of the outcomes, all scores finite."""
    rejected = np.array([o.verdict.is_reject for o in outcomes])
    rates = Rates.count(defective, rejected)
    area = metrics.auroc(defective, scores)
    n_good, n_bad = int((~defective).sum()), int(defective.sum())
    precision_area = metrics.average_precision(defective, scores)
    fpr, tpr = (
        metrics.fpr_at_full_recall(defective, scores),
        metrics.tpr_at_no_overkill(defective, scores),
    )
    ci95 = _intervals(rates) | {
        "average_precision": wilson(precision_area, n_bad),
        "fpr_at_tpr1": wilson(fpr, n_good),
        "tpr_at_fpr0": wilson(tpr, n_bad),
    }
    return ImageFigures(
        auroc=area,
        auroc_ci95=list(metrics.auroc_interval(area, n_good, n_bad)),
        average_precision=precision_area,
        accuracy=rates.accuracy,
        precision=rates.precision,
        recall=rates.recall,
        f1=rates.f1,
        confusion=asdict(rates),
        escapes=rates.fn,
        overkills=rates.fp,
        review=_count(outcomes, _is(Verdict.REVIEW)),
        fpr_at_tpr1=fpr,
        tpr_at_fpr0=tpr,
        ci95=ci95,
        review_load=_review_load(outcomes),
        at_t2=_at_t2(outcomes),
    )


def _intervals(rates: Rates) -> dict[str, Interval]:
    good, bad = rates.fp + rates.tn, rates.tp + rates.fn
    return {
        "accuracy": wilson(rates.accuracy, good + bad),
        "precision": wilson(rates.precision, rates.tp + rates.fp),
        "recall": wilson(rates.recall, bad),
        "f1": f1_interval(rates.tp, rates.fp, rates.fn, rates.tn),
        "escape_rate": wilson(rates.fn / bad, bad),
        "overkill_rate": wilson(rates.fp / good, good),
    }


def _review_load(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Shares that a person has to look at."""
    review = _is(Verdict.REVIEW)
    parts = {
        "all": outcomes,
        "good": [o for o in outcomes if not o.sample.is_defective],
        "defective": [o for o in outcomes if o.sample.is_defective],
    }
    return {name: _count(part, review) / len(part) for name, part in parts.items()}


def _at_t2(outcomes: Sequence[Outcome]) -> dict[str, int]:
    """What is certain: defective ones that did not FAIL, and good ones that did (hard
    overkill); INVALID ones are rejected, so they are no escape."""
    return {
        "escapes": _count(
            outcomes,
            lambda o: o.sample.is_defective and o.verdict in (Verdict.PASS, Verdict.REVIEW),
        ),
        "overkills": _count(
            outcomes, lambda o: not o.sample.is_defective and o.verdict is Verdict.FAIL
        ),
        "invalid": _count(outcomes, _is(Verdict.INVALID)),
    }


def _is(verdict: Verdict) -> Callable[[Outcome], bool]:
    return lambda outcome: outcome.verdict is verdict


def _count(outcomes: Sequence[Outcome], what: Callable[[Outcome], bool]) -> int:
    return sum(map(what, outcomes))


def _by_type(
    outcomes: Sequence[Outcome], defective: Flags, scores: Scores
) -> dict[str, TypeFigures]:
    kinds = np.array([o.sample.kind for o in outcomes])
    n_good, result = int((~defective).sum()), {}
    for kind in sorted(set(kinds.tolist()) - {GOOD}):
        chosen = kinds == kind
        against_good = chosen | ~defective
        mine = [o for o in outcomes if o.sample.kind == kind]
        escapes = _count(mine, _is(Verdict.PASS))
        area = metrics.auroc(chosen[against_good], scores[against_good])
        result[kind] = TypeFigures(
            n=len(mine),
            auroc=area,
            escapes=escapes,
            review=_count(mine, _is(Verdict.REVIEW)),
            mean_score=float(scores[chosen].mean()),
            auroc_ci95=list(metrics.auroc_interval(area, n_good, len(mine))),
            escape_ci95=wilson(escapes / len(mine), len(mine)),
        )
    return result


def _type_confusion(outcomes: Sequence[Outcome]) -> dict[str, dict[str, int]] | None:
    named = Counter(
        (o.sample.kind, o.named) for o in outcomes if o.sample.is_defective and o.named is not None
    )
    table: dict[str, dict[str, int]] = {}
    for (true, answer), count in sorted(named.items()):
        table.setdefault(true, {})[answer] = count
    return table or None


def _floors(defective: Flags) -> dict[str, float]:
    """What a model gets that has learnt nothing."""
    nothing = np.zeros_like(defective)
    return {
        "all_pass_accuracy": Rates.count(defective, nothing).accuracy,
        "all_pass_f1": 0.0,
        "all_fail_accuracy": Rates.count(defective, ~nothing).accuracy,
        "all_fail_f1": Rates.count(defective, ~nothing).f1,
    }


def _milliseconds(outcomes: Sequence[Outcome]) -> dict[str, float]:
    prepare = np.array([o.prediction.prepare_ms for o in outcomes])
    network = np.array([o.prediction.network_ms for o in outcomes])
    both = prepare + network
    found = {
        "median": float(np.median(both)),
        "p95": float(np.percentile(both, 95)),
        "prepare": float(np.median(prepare)),
        "network": float(np.median(network)),
    }
    return {name: round(value, 3) for name, value in found.items()}


def _image_score(category: Category, outcome: Outcome) -> ImageScore:
    score, path = outcome.prediction.score, outcome.sample.path
    inside = path.is_relative_to(category.path)
    return ImageScore(
        image=(path.relative_to(category.path) if inside else path).as_posix(),
        kind=outcome.sample.kind,
        score=float(score) if math.isfinite(score) else None,
        verdict=outcome.verdict.value,
        named=outcome.named,
        fault=outcome.prediction.fault,
    )
