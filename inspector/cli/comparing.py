"""Two runs side by side, as a command prints them."""

from __future__ import annotations

from inspector.cli.screen import Screen
from inspector.core.comparison import Comparison, PartPair
from inspector.core.inspection import Verdict
from inspector.core.truth import TruthReport
from inspector.station.run_document import KeptRun

MOST_LINES = 40


def print_comparison(console: Screen, other: KeptRun, comparison: Comparison) -> None:
    """What changed against the other run, the parts one by one up to ``MOST_LINES``."""
    changed = comparison.changed
    console.print(
        f"compared  with {other.source}, model {other.model_id.partition('#')[0]}, recipe "
        f"{other.recipe_id[:12]}…"
    )
    console.print(f"          {len(changed)} of {len(comparison.pairs)} parts changed")
    for pair in changed[:MOST_LINES]:
        console.print(f"          {_line(pair)}")
    if len(changed) > MOST_LINES:
        console.print(f"          … and {len(changed) - MOST_LINES} more; --json has them all")
    if comparison.truth_before is not None and comparison.truth_after is not None:
        console.print(f"          before  {_confusion(comparison.truth_before)}")
        console.print(f"          now     {_confusion(comparison.truth_after)}")


def _line(pair: PartPair) -> str:
    before, after = (_word(v) for v in pair.verdicts)
    part = pair.after or pair.before
    index = part.part_index if part is not None else 0
    judged = {True: "  now right", False: "  now wrong", None: ""}[pair.change_is_right]
    return f"part {index:6d}  {before:>9s} -> {after:9s} from frame {pair.first_frame}{judged}"


def _word(verdict: Verdict | None) -> str:
    return "not found" if verdict is None else verdict.value


def _confusion(report: TruthReport) -> str:
    c = report.confusion
    return f"escapes {c.fn}, overkills {c.fp}, found bad {c.tp}, passed good {c.tn}"
