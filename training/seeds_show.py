"""The seeds' figures as a markdown table."""

from __future__ import annotations

from collections.abc import Sequence

from training.seeds import COUNTS, RATES, SeedFigures, Seeds

_TITLES = {
    "auroc": "AUROC",
    "average_precision": "AP",
    "pixel_auroc": "pixel AUROC",
    "pro": "PRO",
    "accuracy": "accuracy",
    "f1": "F1 at T1",
    "escapes": "escapes",
    "overkills": "overkills",
    "review": "review",
    "milliseconds": "ms per image",
    "fit_seconds": "fit, s",
}


def seeds_markdown(documents: Sequence[Seeds]) -> str:
    """A section a category: one line a seed, their mean and its 95 % interval."""
    return "\n".join(_section(document) for document in documents)


def value_text(name: str, value: float | None) -> str:
    """As many digits as the figure deserves; a dash for none."""
    if value is None:
        return "–"
    if name in RATES:
        return f"{value:.4f}"
    if name in COUNTS:
        return f"{value:g}" if float(value).is_integer() else f"{value:.1f}"
    return f"{value:.1f}"


def title_of(name: str) -> str:
    return _TITLES[name]


def figure_names(document: Seeds) -> list[str]:
    """Those that there are, in the order of the table."""
    return [name for name in _TITLES if name in document["summary"]]


def _section(document: Seeds) -> str:
    names, n = figure_names(document), len(document["seeds"])
    options = ", ".join(
        f"{key} {value}"
        for key, value in sorted(document["options"].items())
        if key != "licence" and not isinstance(value, dict)
    )
    lines = [
        f"## {document['category']}, {document['protocol']} protocol, {document['method']}",
        "",
        (
            f"{document['n_good']} good and {document['n_defective']} defective test images;"
            f" {n} seeds; {options}. All PASS has an accuracy of"
            f" {document['floors']['all_pass_accuracy']:.3f}, all FAIL an F1 of"
            f" {document['floors']['all_fail_f1']:.3f}."
        ),
        "",
        "| seed | " + " | ".join(_TITLES[name] for name in names) + " |",
        "| --- " * (len(names) + 1) + "|",
    ]
    lines += [_line(str(row["seed"]), _of(row, names)) for row in document["seeds"]]
    summary = document["summary"]
    lines.append(_line("**mean**", [value_text(k, summary[k]["mean"]) for k in names]))
    lines.append(_line("95 % of the mean", [interval_text(document, k) for k in names]))
    return "\n".join(lines) + "\n"


def _of(row: SeedFigures, names: Sequence[str]) -> list[str]:
    return [value_text(name, row[name]) for name in names]  # type: ignore[literal-required]


def interval_text(document: Seeds, name: str) -> str:
    """Of the mean; a dash for one seed."""
    bounds = document["summary"][name]["ci95"]
    if bounds is None:
        return "–"
    return "–".join(value_text(name, bound) for bound in bounds)


def _line(first: str, cells: Sequence[str]) -> str:
    return f"| {first} | " + " | ".join(cells) + " |"
