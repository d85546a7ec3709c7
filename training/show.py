"""What the commands print, and the JSON they write."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from inspector.errors import InputError
from training.evaluate import Evaluation


def evaluation_table(result: Evaluation) -> Table:
    image, floors = result["image"], result["floors"]
    table = Table(
        title=f"{result['category']}: {result['n_good']} good, {result['n_defective']} defective"
    )
    table.add_column("figure")
    table.add_column("value", justify="right")
    low, high = image["auroc_ci95"]
    rows = {
        "image AUROC (95 %)": f"{image['auroc']:.4f} ({low:.3f}–{high:.3f})",
        "average precision": f"{image['average_precision']:.4f}",
        "accuracy (all PASS)": f"{image['accuracy']:.3f} ({floors['all_pass_accuracy']:.3f})",
        "F1 (all FAIL)": f"{image['f1']:.3f} ({floors['all_fail_f1']:.3f})",
        "escapes / overkills / review": (
            f"{image['escapes']} / {image['overkills']} / {image['review']}"
        ),
        "FPR at TPR 1 / TPR at FPR 0": f"{image['fpr_at_tpr1']:.3f} / {image['tpr_at_fpr0']:.3f}",
        "ms per image": f"{result['milliseconds_per_image']:.1f}",
    }
    pixel = result["pixel"]
    if pixel is not None:
        rows["pixel AUROC / PRO"] = f"{pixel['auroc']:.4f} / {pixel['pro']:.4f}"
    for kind, figures in result["by_defect_type"].items():
        rows[f"{kind} ({figures['n']})"] = (
            f"AUROC {figures['auroc']:.3f}, escapes {figures['escapes']}"
        )
    for name, value in rows.items():
        table.add_row(name, value)
    return table


def write_json(path: Path, document: Mapping[str, object]) -> None:
    """``-`` is standard output; raises InputError where the disk refuses."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if str(path) == "-":
        sys.stdout.write(text)
        return
    write_bytes(path, text.encode())


def write_bytes(path: Path, content: bytes) -> None:
    """Raises InputError where the disk refuses."""
    try:
        path.write_bytes(content)
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}") from None
