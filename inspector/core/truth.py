"""Parts against what is known of them: escapes, overkills and the usual rates."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from inspector.core.inspection import Part
from inspector.core.overlap import match_spans
from inspector.errors import ConfigError

_COLUMNS = ("part", "first_frame", "last_frame", "label")


@dataclass(frozen=True, slots=True)
class TruePart:
    """A part that passed, frames inclusive."""

    part: int
    first_frame: int
    last_frame: int
    is_defective: bool
    defect_type: str


@dataclass(frozen=True, slots=True)
class Confusion:
    """Positive means defective; a rejected part is everything but PASS."""

    tp: int = 0
    fp: int = 0
    fn: int = 0
    tn: int = 0

    @property
    def accuracy(self) -> float:
        return _ratio(self.tp + self.tn, self.tp + self.tn + self.fp + self.fn)

    @property
    def precision(self) -> float:
        return _ratio(self.tp, self.tp + self.fp)

    @property
    def recall(self) -> float:
        return _ratio(self.tp, self.tp + self.fn)

    @property
    def f1(self) -> float:
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    def as_dict(self) -> dict[str, int]:
        return {"tp": self.tp, "fp": self.fp, "fn": self.fn, "tn": self.tn}


def _ratio(numerator: int, denominator: int) -> float:
    """0 where nothing was there to count."""
    return numerator / denominator if denominator else 0.0


@dataclass(frozen=True, slots=True)
class TruthReport:
    """``unexpected`` counts parts found where the truth has none (not in the confusion)."""

    parts_expected: int
    parts_matched: int
    unexpected: int
    confusion: Confusion

    def as_dict(self) -> dict[str, object]:
        c = self.confusion
        return {
            "parts_expected": self.parts_expected,
            "parts_matched": self.parts_matched,
            "accuracy": round(c.accuracy, 6),
            "precision": round(c.precision, 6),
            "recall": round(c.recall, 6),
            "f1": round(c.f1, 6),
            "escapes": c.fn,
            "overkills": c.fp,
            "confusion": c.as_dict(),
        }


def parse_truth(text: str, where: str) -> list[TruePart]:
    """From CSV with the columns part, first_frame, last_frame, label[, defect_type].

    Raises ConfigError naming file and line.
    """
    reader = csv.DictReader(io.StringIO(text))
    try:
        missing = [c for c in _COLUMNS if c not in (reader.fieldnames or ())]
        if missing:
            raise ConfigError(f"truth {where}: no column {', '.join(missing)} in its first line")
        parts = [_true_part(row, f"{where}, line {reader.line_num}") for row in reader]
    except csv.Error as error:
        raise ConfigError(f"truth {where}, line {reader.line_num}: not CSV: {error}") from None
    if not parts:
        raise ConfigError(f"truth {where}: holds no parts")
    return parts


def _true_part(row: dict[str, str], where: str) -> TruePart:
    try:
        part, first, last = (int(row[c]) for c in _COLUMNS[:3])
    except (TypeError, ValueError):
        raise ConfigError(
            f"truth {where}: part, first_frame and last_frame must be whole numbers"
        ) from None
    if row["label"] not in ("good", "defective"):
        raise ConfigError(f"truth {where}: label {row['label']!r} is neither good nor defective")
    if last < first:
        raise ConfigError(f"truth {where}: last_frame {last} lies before first_frame {first}")
    return TruePart(part, first, last, row["label"] == "defective", row.get("defect_type") or "")


def match_parts(parts: Sequence[Part], truth: Sequence[TruePart]) -> dict[int, Part]:
    """Each true part's best overlapping part, by its place in ``truth``; each used once."""
    return {i: parts[j] for i, j in match_spans(truth, parts).items()}


def score_parts(parts: Sequence[Part], truth: Sequence[TruePart]) -> TruthReport:
    """A defective part of the truth that nobody found is an escape; a good one that
    nobody found was rejected by nobody, yet not passed: it counts as an overkill."""
    matched = match_parts(parts, truth)
    counts = {"tp": 0, "fp": 0, "fn": 0, "tn": 0}
    for i, true in enumerate(truth):
        part = matched.get(i)
        if true.is_defective:
            counts["tp" if part and part.verdict.is_reject else "fn"] += 1
        else:
            counts["tn" if part and not part.verdict.is_reject else "fp"] += 1
    return TruthReport(len(truth), len(matched), len(parts) - len(matched), Confusion(**counts))
