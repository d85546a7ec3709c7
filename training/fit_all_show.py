"""The table of ``fit --all``, on the screen and as markdown."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.markup import escape
from rich.table import Table

from training.fit_all import Row
from training.show import interval

_HEADINGS = (
    "category",
    "",
    "fixture",
    "AUROC (95 %)",
    "F1 (all FAIL)",
    "escapes",
    "overkills",
    "review",
    "ms",
    "fit, s",
)


def fit_all_table(rows: Sequence[Row]) -> Table:
    """What fits on a screen; errors are escapes / overkills / reviews."""
    table = Table(title="all categories", box=box.SIMPLE)
    for heading in ("category", "", "AUROC", "95 %", "F1", "errors", "ms", "fit, s"):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    table.columns[0].justify = "left"
    for row in rows:
        table.add_row(*map(escape, _short(row)), style="red" if row["error"] else None)
    return table


def _short(row: Row) -> tuple[str, ...]:
    seconds = "–" if row["fit_seconds"] is None else f"{row['fit_seconds']:.0f}"
    head, figures = (row["category"], row["state"]), row["figures"]
    if figures is None:
        return (*head, *["–"] * 5, seconds)
    image = figures["image"]
    return (
        *head,
        f"{image['auroc']:.4f}",
        interval(image["auroc_ci95"]),
        f"{image['f1']:.3f}",
        f"{image['escapes']} / {image['overkills']} / {image['review']}",
        f"{figures['milliseconds_per_image']:.1f}",
        seconds,
    )


def fit_all_markdown(rows: Sequence[Row]) -> str:
    """A table, and below it what failed; errors are counted at T1 of each package."""
    lines = ["| " + " | ".join(_HEADINGS) + " |", "| --- " * len(_HEADINGS) + "|"]
    lines += ["| " + " | ".join(map(_safe, _cells(row))) + " |" for row in rows]
    failed = [row for row in rows if row["error"]]
    if failed:
        lines += [
            "",
            *(f"- {_safe(row['category'])}: {_safe(row['error'] or '')}" for row in failed),
        ]
    return "\n".join(lines) + "\n"


def _safe(text: str) -> str:
    """Names and errors hold what people typed: no markup, no end of a cell."""
    for mark in "\\`*_[]<>|":
        text = text.replace(mark, "\\" + mark)
    return text


def _cells(row: Row) -> tuple[str, ...]:
    seconds = "–" if row["fit_seconds"] is None else f"{row['fit_seconds']:.0f}"
    head = (row["category"], row["state"], row["fixture"] or "–")
    figures = row["figures"]
    if figures is None:
        return (*head, *["–"] * 6, seconds)
    image, floors = figures["image"], figures["floors"]
    low, high = image["auroc_ci95"]
    return (
        *head,
        f"{image['auroc']:.4f} ({low:.3f}–{high:.3f})",
        f"{image['f1']:.3f} ({floors['all_fail_f1']:.3f})",
        f"{image['escapes']} of {figures['n_defective']}",
        f"{image['overkills']} of {figures['n_good']}",
        str(image["review"]),
        f"{figures['milliseconds_per_image']:.1f}",
        seconds,
    )
