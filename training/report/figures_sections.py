"""Sections on one evaluation: figures, verdicts, curves, types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from inspector.core.inspection import Verdict
from training import metrics
from training.datasets import GOOD
from training.evaluation import Evaluation
from training.report import charts
from training.report.charts import Series
from training.report.page import Block, Chart, Matrix, Note, Section, Table, Tile
from training.show import evaluation_rows, interval

_VERDICTS = [v.value for v in Verdict if v is not Verdict.NO_PART]


def tiles(result: Evaluation) -> list[Tile]:
    image, n_bad, n_good = result["image"], result["n_defective"], result["n_good"]
    return [
        Tile("image AUROC", f"{image['auroc']:.4f}", f"95 %: {interval(image['auroc_ci95'])}"),
        Tile(
            "F1 at T1",
            f"{image['f1']:.3f}",
            f"all FAIL: {result['floors']['all_fail_f1']:.3f}",
        ),
        Tile(
            "escapes",
            str(image["escapes"]),
            f"of {n_bad} defective ones passed",
            "bad" if image["escapes"] else "good",
        ),
        Tile(
            "overkills",
            str(image["overkills"]),
            f"of {n_good} good ones rejected",
            "bad" if image["overkills"] else "good",
        ),
        Tile(
            "in review",
            str(image["review"]),
            f"{image['review_load']['all']:.1%} of all images",
        ),
        Tile(
            "per image",
            f"{result['milliseconds_per_image']:.1f} ms",
            f"{result['variant']}, on the machine of this report",
        ),
    ]


def figures_section(result: Evaluation) -> Section:
    table = Table(
        ("figure", "value", "95 %", "trivially"),
        [(*row, *[""] * (4 - len(row))) for row in evaluation_rows(result)],
        note=(
            "Rejected means at or above T1, or INVALID. Intervals: Newcombe for AUROC, Wilson"
            " for shares, Goutte and Gaussier for F1, a bootstrap over images for pixels. FPR at"
            " TPR 1 and TPR at FPR 0 take their threshold from these very images."
        ),
    )
    blocks: list[Block] = [table]
    escapes, n = result["image"]["escapes"], result["n_defective"]
    if not escapes:
        text = f"No defective image of {n} passed: with 95 % confidence at most {min(3 / n, 1):.1%}"
        blocks.append(Note(f"{text} of such defects would (3/n)."))
    return Section("figures", "Figures", blocks)


def verdicts_section(result: Evaluation) -> Section:
    counts = verdict_counts(result)
    confusion = result["image"]["confusion"]
    two = Matrix(
        "is",
        ("passed", "rejected"),
        (
            ("good", (confusion["tn"], confusion["fp"])),
            ("defective", (confusion["fn"], confusion["tp"])),
        ),
        frozenset({(0, 0), (1, 1)}),
        "Confusion matrix at T1",
    )
    kinds = list(counts)
    right = {(i, v) for i, kind in enumerate(kinds) for v in range(4) if (kind == GOOD) == (v == 0)}
    full = Matrix(
        "kind",
        _VERDICTS,
        [(kind, [counts[kind][v] for v in _VERDICTS]) for kind in kinds],
        frozenset(right),
        "Verdicts by kind",
    )
    chart = Chart(
        charts.type_bars(counts),
        "Shares of the verdicts for good images and each type of defect",
        "Shares of the verdicts; hatched: escapes",
    )
    blocks: list[Block] = [two, full, chart]
    if types := type_chart(result):
        blocks.append(types)
    return Section("verdicts", "Verdicts", blocks)


def verdict_counts(result: Evaluation) -> dict[str, Counter[str]]:
    """Of each kind, the good ones first."""
    counts: dict[str, Counter[str]] = {}
    for one in sorted(result["scores"], key=lambda s: (s["kind"] != GOOD, s["kind"])):
        counts.setdefault(one["kind"], Counter())[one["verdict"]] += 1
    return counts


def type_chart(result: Evaluation) -> Chart | None:
    rows = [
        (f"{kind} ({figures['n']})", figures["auroc"], figures["auroc_ci95"])
        for kind, figures in result["by_defect_type"].items()
    ]
    if not rows:
        return None
    drawn = charts.intervals(rows, "AUROC against all good images, 95 %")
    return Chart(drawn, "AUROC of each type of defect", "AUROC by type of defect")


def curves_section(result: Evaluation, others: Sequence[tuple[str, Evaluation]]) -> Section:
    """``others`` are drawn beside it, each on its own images."""
    own = series(f"this model, {result['protocol']}", result)
    all_series = [own, *(series(name, other) for name, other in others)]
    t1, t2 = result["thresholds"]["t1"], result["thresholds"]["t2"]
    roc, curve = _operating_points(result)
    blocks = (
        Chart(
            charts.histogram(own, t1, t2),
            "Histogram of scores",
            "Scores, with T1 and T2",
            wide=True,
        ),
        Chart(charts.roc(all_series, roc), "ROC curve", "ROC"),
        Chart(
            charts.precision_recall(all_series, curve), "Precision and recall", "Precision, recall"
        ),
    )
    intro, unknown = "", int((~own.known).sum())
    if result["protocol"] == "supervised":
        intro = "Scores of all folds together, each by a model of its own; T1 and T2 are medians. "
    if unknown:
        intro += f"{unknown} INVALID images have no score: the curves count them as the worst."
    return Section("curves", "Scores and curves", blocks, intro)


def series(name: str, result: Evaluation) -> Series:
    scores = [np.nan if s["score"] is None else s["score"] for s in result["scores"]]
    defective = np.array([s["kind"] != GOOD for s in result["scores"]])
    return Series(
        name, defective, metrics.finite(scores), np.isfinite(np.array(scores, np.float64))
    )


def _operating_points(
    result: Evaluation,
) -> tuple[dict[str, tuple[float, float]], dict[str, tuple[float, float]]]:
    """For ROC and for precision-recall, as the verdicts really were."""
    n_good, n_bad, scores = result["n_good"], result["n_defective"], result["scores"]
    roc, curve = {}, {}
    for name, rejects in (("T1", {"REVIEW", "FAIL", "INVALID"}), ("T2", {"FAIL", "INVALID"})):
        hit = [s for s in scores if s["verdict"] in rejects]
        found = sum(s["kind"] != GOOD for s in hit)
        roc[name] = ((len(hit) - found) / n_good, found / n_bad)
        if hit:
            curve[name] = (found / n_bad, found / len(hit))
    return roc, curve


def types_section(result: Evaluation) -> Section | None:
    """Which type ``class_scores`` named; None where there are none."""
    table = result["type_confusion"]
    if table is None:
        return None
    columns = sorted({name for row in table.values() for name in row} | set(table))
    rows = [(true, [row.get(name, 0) for name in columns]) for true, row in table.items()]
    right = {(i, columns.index(true)) for i, (true, _) in enumerate(rows)}
    hits = sum(row.get(true, 0) for true, row in table.items())
    total = sum(sum(row.values()) for row in table.values())
    matrix = Matrix("true type", columns, rows, frozenset(right))
    intro = f"The right type was named for {hits} of {total} defective images."
    return Section("types", "Which defect it is", [matrix], intro)
