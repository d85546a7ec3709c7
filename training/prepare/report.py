"""What ``prepare`` found, for people and as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from training.datasets import GOOD
from training.prepare.duplicates import Pair
from training.prepare.items import TEST, TRAIN, UNLABELLED
from training.prepare.survey import Survey

SCHEMA = 1
_LISTED = 20


def document(survey: Survey) -> dict[str, Any]:
    """JSON-ready; ``written`` is for the caller to add."""
    request, duplicates = survey.request, survey.duplicates
    return {
        "schema": SCHEMA,
        "category": request.name,
        "sources": [str(s) for s in request.sources],
        "options": {
            "test_share": request.test_share,
            "seed": request.seed,
            "trust": request.trust,
            "roi": str(request.roi) if request.roi else None,
            "keep_unlabelled": request.keep_unlabelled,
            "allow_leakage": request.allow_leakage,
        },
        "counts": {split: dict(sorted(k.items())) for split, k in survey.counts().items()},
        "imbalance": imbalance(survey),
        "masks": sum(c.picture.item.mask is not None for c in survey.chosen),
        "sizes": [{"width": w, "height": h, "n": n} for (w, h), n in survey.sizes().most_common()],
        "duplicates": {
            "dropped": [
                {"file": _path(survey, drop), "same_as": _path(survey, keep)}
                for drop, keep in sorted(duplicates.repeated.items())
            ],
            "near": [_pair(survey, pair) for pair in duplicates.pairs],
            "near_limit": 1 - duplicates.limit,
            "leaks": [_pair(survey, leak.pair) | {"why": leak.why} for leak in survey.leaks],
            "left_out": [_path(survey, i) for i in sorted(survey.gone)],
        },
        "unusable": [{"file": str(p.path), "why": p.why} for p in survey.problems],
        "conflicts": survey.found.conflicts,
        "ignored": dict(sorted(survey.found.ignored.items())),
        "notes": survey.notes,
        "objections": survey.objections,
    }


def imbalance(survey: Survey) -> dict[str, float | int | None]:
    """Of all labelled pictures; the accuracies are those of answering PASS to everything."""
    counts = survey.counts()
    labelled = counts.get(TRAIN, Counter[str]()) + counts.get(TEST, Counter[str]())
    good, bad = labelled[GOOD], labelled.total() - labelled[GOOD]
    test = counts.get(TEST, Counter[str]())
    return {
        "good": good,
        "defective": bad,
        "ratio": good / bad if bad else None,
        "all_pass_accuracy": good / (good + bad) if good + bad else None,
        "all_pass_accuracy_test": test[GOOD] / test.total() if test.total() else None,
    }


def print_survey(console: Console, survey: Survey) -> None:
    """The table, then everything out of the ordinary."""
    console.print(_table(survey))
    for line in (*_summary(survey), *(f"note: {note}" for note in survey.notes)):
        console.print(escape(line), soft_wrap=True)
    _listed(console, "left out, cannot be used", [f"{p.path}: {p.why}" for p in survey.problems])
    repeated = survey.duplicates.repeated
    _listed(
        console,
        "left out, same file",
        [f"{_path(survey, a)} = {_path(survey, b)}" for a, b in sorted(repeated.items())],
    )
    near = [p for p in survey.duplicates.pairs if p not in {k.pair for k in survey.leaks}]
    _listed(console, "near duplicates on one side, kept", [_shown(survey, p) for p in near])
    leaks = [f"{_shown(survey, leak.pair)}: {leak.why}" for leak in survey.leaks]
    _listed(console, "leakage", leaks)
    _listed(
        console, "left out of train for leakage", [_path(survey, i) for i in sorted(survey.gone)]
    )
    _listed(console, "labels in conflict", survey.found.conflicts)
    if len(survey.objections) > 1:
        _listed(console, "nothing is written, because", survey.objections)


def _table(survey: Survey) -> Table:
    counts = survey.counts()
    splits = [s for s in (TRAIN, TEST, UNLABELLED) if s in counts]
    table = Table(title=escape(f"{survey.request.name}: {len(survey.chosen)} pictures"))
    table.add_column("kind")
    for split in splits:
        table.add_column(split, justify="right")
    table.add_column("masks", justify="right")
    kinds = {k for split in splits for k in counts[split]}
    masks = Counter(c.picture.item.kind for c in survey.chosen if c.picture.item.mask is not None)
    for kind in sorted(kinds, key=lambda k: (k != GOOD, k == UNLABELLED, k)):
        cells = (str(counts[split][kind] or "") for split in splits)
        table.add_row(escape(kind), *cells, str(masks[kind] or ""))
    return table


def _summary(survey: Survey) -> list[str]:
    figures = imbalance(survey)
    lines = []
    if figures["ratio"] is not None:
        lines.append(
            f"imbalance: {figures['good']} good, {figures['defective']} defective"
            f" ({figures['ratio']:.1f} : 1): PASS for everything would be"
            f" {figures['all_pass_accuracy']:.1%} accurate"
            + _on_test(figures["all_pass_accuracy_test"])
            + ", and find no defect"
        )
    sizes = survey.sizes().most_common()
    shown = ", ".join(f"{w}×{h} ({n})" for (w, h), n in sizes[:4])
    if sizes:
        lines.append(f"sizes: {shown}" + (f" and {len(sizes) - 4} others" if sizes[4:] else ""))
    ignored = ", ".join(f"{n} {suffix}" for suffix, n in sorted(survey.found.ignored.items()))
    return lines + ([f"not looked at: {ignored}"] if ignored else [])


def _on_test(share: float | None) -> str:
    return "" if share is None else f" ({share:.1%} on test)"


def _listed(console: Console, title: str, lines: Sequence[str]) -> None:
    if lines:
        console.print(escape(f"{title}: {len(lines)}"))
        for line in lines[:_LISTED]:
            console.print(escape(f"  {line}"), soft_wrap=True)
        if lines[_LISTED:]:
            console.print(f"  … and {len(lines) - _LISTED} more, see --json")


def _shown(survey: Survey, pair: Pair) -> str:
    first, second = _path(survey, pair.first), _path(survey, pair.second)
    return f"{first} ≈ {second} ({pair.correlation:.3f})"


def _pair(survey: Survey, pair: Pair) -> dict[str, Any]:
    return {
        "files": [_path(survey, pair.first), _path(survey, pair.second)],
        "splits": [survey.splits[pair.first], survey.splits[pair.second]],
        "correlation": pair.correlation,
    }


def _path(survey: Survey, index: int) -> str:
    return str(survey.inventory.pictures[index].item.path)
