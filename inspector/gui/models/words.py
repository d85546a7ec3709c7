"""From gallery entries to what the page says of them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from inspector.inference.gallery import GalleryEntry, Verification

METRIC_NAMES = {
    "auroc": "AUROC",
    "image_auroc": "AUROC",
    "f1": "F1",
    "best_f1": "best F1",
    "accuracy": "accuracy",
}


def summary(entry: GalleryEntry) -> str:
    """The two figures that people choose by."""
    size = f"{entry.size_bytes / 1e6:.1f} MB"
    variants = " · ".join(entry.variants)
    shown = headline_metric(entry)
    return "   ".join(filter(None, (shown, variants, size)))


def headline_metric(entry: GalleryEntry) -> str:
    """The first known metric, e.g. ``AUROC 0.991``; empty where none was measured."""
    for key, name in METRIC_NAMES.items():
        if key in entry.metrics:
            return f"{name} {entry.metrics[key]:.3f}"
    return ""


def facts(entry: GalleryEntry) -> tuple[tuple[str, str], ...]:
    """(what, value) rows in the order in which an engineer asks."""
    rows = [
        (_tr("Method"), entry.method),
        (_tr("Trained"), entry.created[:16].replace("T", " ")),
        *((METRIC_NAMES.get(k, k.replace("_", " ")), f"{v:.4g}") for k, v in entry.metrics.items()),
        *(
            (_tr("File %1").replace("%1", name), f"{sha256[:16]}…")
            for name, sha256 in entry.variants.items()
        ),
        (_tr("Size"), f"{entry.size_bytes / 1e6:.1f} MB"),
        (_tr("Licence"), entry.licence),
        (_tr("Folder"), str(entry.path)),
    ]
    return tuple((what, value) for what, value in rows if value)


def check_text(verification: Verification) -> str:
    """What a verification found, a line a variant."""
    lines = [
        _tr("%1 on %2: golden outputs differ by %3, allowed %4")
        .replace("%1", c.variant)
        .replace("%2", c.provider.removesuffix("ExecutionProvider"))
        .replace("%3", f"{c.difference:.2g}")
        .replace("%4", f"{c.allowed:.2g}")
        for c in verification.checks
    ]
    if verification.problem is not None:
        lines.append(verification.problem)
    return "\n".join(lines)


def card_text(card: str) -> str:
    """Without the heading: the title stands above it already."""
    first, _, rest = card.partition("\n")
    return rest.lstrip() if first.startswith("# ") else card


def _tr(text: str) -> str:
    return QCoreApplication.translate("Models", text)
