"""What the commands print, and the JSON they write."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from inspector.errors import InputError
from training.calibrate import Calibration
from training.evaluation import Evaluation
from training.promises import Escapes
from training.staging import write_file


def evaluation_table(result: Evaluation) -> Table:
    """Every figure with its 95 % interval, and the trivial floor beside it."""
    table = Table(
        title=(
            f"{result['category']} in {result['variant']}: {result['n_good']} good,"
            f" {result['n_defective']} defective{scale_text(result)}"
        )
    )
    for name in ("figure", "value", "95 %", "trivially"):
        table.add_column(name, justify="left" if name == "figure" else "right")
    for row in (*evaluation_rows(result), *_type_rows(result)):
        table.add_row(*row)
    return table


def evaluation_rows(result: Evaluation) -> list[tuple[str, ...]]:
    """(figure, value[, interval[, trivial floor]]) of whole images and of pixels."""
    return [*_image_rows(result), *_pixel_rows(result)]


def scale_text(result: Evaluation) -> str:
    """To be added to the counts of images; empty where they were judged as they are."""
    return f", at most {result['region_pixels']} px" if "region_pixels" in result else ""


def interval(bounds: Sequence[float]) -> str:
    return f"{bounds[0]:.3f}–{bounds[1]:.3f}"


def _image_rows(result: Evaluation) -> list[tuple[str, ...]]:
    image, floors = result["image"], result["floors"]
    ci95, load, t2 = image["ci95"], image["review_load"], image["at_t2"]
    return [
        ("image AUROC", f"{image['auroc']:.4f}", interval(image["auroc_ci95"]), "0.5"),
        (
            "average precision",
            f"{image['average_precision']:.4f}",
            interval(ci95["average_precision"]),
            f"{result['n_defective'] / (result['n_good'] + result['n_defective']):.3f}",
        ),
        (
            "accuracy at T1",
            f"{image['accuracy']:.3f}",
            interval(ci95["accuracy"]),
            f"{floors['all_pass_accuracy']:.3f} (all PASS)",
        ),
        ("precision at T1", f"{image['precision']:.3f}", interval(ci95["precision"])),
        ("recall at T1", f"{image['recall']:.3f}", interval(ci95["recall"])),
        (
            "F1 at T1",
            f"{image['f1']:.3f}",
            interval(ci95["f1"]),
            f"{floors['all_fail_f1']:.3f} (all FAIL)",
        ),
        ("escapes at T1, share", str(image["escapes"]), interval(ci95["escape_rate"])),
        ("overkills at T1, share", str(image["overkills"]), interval(ci95["overkill_rate"])),
        ("escapes / hard overkills at T2", f"{t2['escapes']} / {t2['overkills']}"),
        ("in review; share of good ones", f"{image['review']}; {load['good']:.3f}"),
        ("FPR at TPR 1", f"{image['fpr_at_tpr1']:.3f}", interval(ci95["fpr_at_tpr1"])),
        ("TPR at FPR 0", f"{image['tpr_at_fpr0']:.3f}", interval(ci95["tpr_at_fpr0"])),
        ("ms per image", f"{result['milliseconds_per_image']:.1f}"),
    ]


def _pixel_rows(result: Evaluation) -> list[tuple[str, ...]]:
    pixel = result["pixel"]
    if pixel is None:
        return []
    return [
        ("pixel AUROC", f"{pixel['auroc']:.4f}", interval(pixel["ci95"]["auroc"]), "0.5"),
        ("PRO to FPR 0.3", f"{pixel['pro']:.4f}", interval(pixel["ci95"]["pro"])),
    ]


def _type_rows(result: Evaluation) -> list[tuple[str, ...]]:
    return [
        (
            escape(f"{kind} ({figures['n']})"),
            f"{figures['auroc']:.3f}, escapes {figures['escapes']}",
            interval(figures["auroc_ci95"]),
        )
        for kind, figures in result["by_defect_type"].items()
    ]


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """``-`` is standard output; raises InputError where the disk refuses."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """All of it or the old file; raises InputError where the disk refuses."""
    try:
        write_file(path, content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None


def promised(found: Calibration) -> str:
    """The thresholds, and each promise with what the number of images supports."""
    least = 1 / (found.n_good + 1)
    limits = (
        f"T1 {found.t1:.4f}: about {found.overkill_t1:.2%} of good parts at or above,"
        f" {found.review:.2%} in review; T2 {found.t2:.4f}: about {found.overkill_t2:.2%} at or"
        f" above; {found.n_good} held-out good parts in {found.n_views} views each promise no"
        f" less than {least:.2%}"
    )
    lines = [limits, _escapes(found.escapes)]
    if found.pixel is not None:
        lines.append(f"defects are outlined in the map at {found.pixel:.4f}")
    return "\n".join(lines)


def _escapes(seen: Escapes | None) -> str:
    if seen is None:
        return "escape unknown: no defects were seen"
    kind = "synthetic" if seen.synthetic else "known"
    text = (
        f"escape: {seen.missed} of {seen.n} {kind} defects below T1, so at most"
        f" {seen.at_most:.2%} of such ones (95 % confidence)"
    )
    return text + ("; of real ones unknown" if seen.synthetic else "")
