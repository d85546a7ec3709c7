"""Two runs over the same footage, part by part."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from inspector.core.inspection import Part, Verdict
from inspector.core.overlap import match_spans
from inspector.core.truth import TruePart, TruthReport, match_parts, score_parts

Pairing = tuple[Verdict | None, Verdict | None]
"""Verdict of the first and of the second run; None where it did not find the part."""


@dataclass(frozen=True, slots=True)
class PartPair:
    """One physical part as two runs saw it; at least one of them did."""

    before: Part | None
    after: Part | None
    true: TruePart | None = None

    @property
    def verdicts(self) -> Pairing:
        return (
            self.before.verdict if self.before else None,
            self.after.verdict if self.after else None,
        )

    @property
    def changed(self) -> bool:
        """Whether the verdict differs, or only one run found the part."""
        before, after = self.verdicts
        return before is not after

    @property
    def first_frame(self) -> int:
        return min(p.first_frame for p in (self.before, self.after) if p)

    @property
    def change_is_right(self) -> bool | None:
        """Whether the line now does right by a part it did wrong by (False: the other
        way round); None where nothing of that changed or nothing is known."""
        if self.true is None:
            return None
        before, after = (_is_right(p, self.true) for p in (self.before, self.after))
        return None if before == after else after


def _is_right(part: Part | None, true: TruePart) -> bool:
    """As in the truth report: a part that nobody found was neither rejected nor passed."""
    return part is not None and part.verdict.is_reject == true.is_defective


@dataclass(frozen=True, slots=True)
class Comparison:
    """All parts of two runs, matched, and both runs against the truth.

    ``pairs`` come in order of their first frames; ``counts`` how many of each pairing of
    verdicts; the reports are None where no truth is known.
    """

    pairs: tuple[PartPair, ...]
    counts: Mapping[Pairing, int] = field(default_factory=lambda: MappingProxyType({}))
    truth_before: TruthReport | None = None
    truth_after: TruthReport | None = None

    @property
    def changed(self) -> tuple[PartPair, ...]:
        return tuple(p for p in self.pairs if p.changed)

    def as_dict(self) -> dict[str, object]:
        """For JSON: what changed, and both runs against the truth."""
        reports = (self.truth_before, self.truth_after)
        before, after = (r.as_dict() if r else None for r in reports)
        return {
            "parts": len(self.pairs),
            "changed": [_pair_dict(pair) for pair in self.changed],
            "truth_before": before,
            "truth_after": after,
        }


def compare_parts(
    before: Sequence[Part], after: Sequence[Part], truth: Sequence[TruePart] | None = None
) -> Comparison:
    """Matches parts by the frames they share; of equal shares by their order.

    A recipe that tells parts otherwise may find other parts: those stand alone.
    """
    matched = match_spans(before, after)
    taken = set(matched.values())
    true_of = _truth_by_part(before, truth) | _truth_by_part(after, truth)
    found: list[tuple[Part | None, Part | None]] = [
        (part, after[matched[i]] if i in matched else None) for i, part in enumerate(before)
    ]
    found += [(None, part) for j, part in enumerate(after) if j not in taken]
    pairs = [
        PartPair(a, b, next((true_of[id(p)] for p in (b, a) if id(p) in true_of), None))
        for a, b in found
    ]
    pairs.sort(key=lambda p: p.first_frame)
    counts = Counter(pair.verdicts for pair in pairs)
    reports = [None if truth is None else score_parts(parts, truth) for parts in (before, after)]
    return Comparison(tuple(pairs), MappingProxyType(dict(counts)), reports[0], reports[1])


def _truth_by_part(parts: Sequence[Part], truth: Sequence[TruePart] | None) -> dict[int, TruePart]:
    """By the identity of the part."""
    return {id(part): truth[i] for i, part in match_parts(parts, truth).items()} if truth else {}


def _pair_dict(pair: PartPair) -> dict[str, object]:
    before, after = pair.verdicts
    part = pair.after or pair.before
    return {
        "part": part.part_index if part else None,
        "first_frame": pair.first_frame,
        "before": before.value if before else None,
        "after": after.value if after else None,
        "score_before": _score(pair.before),
        "score_after": _score(pair.after),
        "defective": pair.true.is_defective if pair.true else None,
    }


def _score(part: Part | None) -> float | None:
    """None for a score that is not finite: JSON has no NaN."""
    return part.score if part is not None and math.isfinite(part.score) else None
