"""The comparison's document as a Markdown table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_HEAD = (
    "| {category} ({good} good, {defective} bad) | input | MB | network p50 / p99, ms"
    " | with preparation | times ours, network (95 %) | with preparation"
    " | image AUROC (95 %) | ours better by (95 %) |\n" + "|---" * 9 + "|"
)


def markdown(document: Mapping[str, Any]) -> str:
    """One row a contender; ratios and differences are to the first row."""
    lines = [_HEAD.format(**document)]
    lines += [_row(contender) for contender in document["contenders"]]
    return "\n".join(lines) + "\n"


def _row(row: Mapping[str, Any]) -> str:
    cells = [
        row["title"],
        row["size"],
        f"{row['megabytes']:.0f}",
        _times(row["network_ms"]),
        _times(row["total_ms"]),
        _spread(row["network_ratio"], 2),
        _spread(row["total_ratio"], 2),
        _spread(row["auroc"], 3) if row["auroc"] else "random weights",
        _spread(row["advantage"], 3) if row["advantage"] else "–",
    ]
    return f"| {' | '.join(cells)} |"


def _times(ms: Mapping[str, float]) -> str:
    return f"{ms['p50']:.1f} / {ms['p99']:.1f}"


def _spread(values: list[float], digits: int) -> str:
    seen, low, high = (f"{value:.{digits}f}" for value in values)
    return f"{seen} ({low} – {high})"
