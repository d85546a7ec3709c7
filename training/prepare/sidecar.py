"""The JSON beside a picture of a station: what it knew of the part, and a person's word."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.datasets import GOOD
from training.prepare.items import Found, Item, Problem, Reading, Trust
from training.prepare.labels import kind_of

SCHEMA = 1
FIELDS = (
    "part_id",
    "run_id",
    "part_index",
    "verdict",
    "score",
    "reason",
    "model_id",
    "recipe_id",
    "frame_index",
    "captured_at",
    "station_id",
    "source_id",
    "fault",
    "labelled_by",
    "labelled_at",
    "label_why",
)
"""What is kept of a sidecar."""
LABEL = "label"
"""Where a person's judgement stands, where there is one: good, or the kind of defect."""


def read_sidecar(picture: Path) -> Mapping[str, Any] | str | None:
    """The document beside a picture, why it cannot be used, or None where there is none."""
    path = picture.with_suffix(".json")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except OSError as error:
        return f"its sidecar cannot be read: {error.strerror}"
    except (ValueError, RecursionError):
        return "its sidecar is damaged: not JSON"
    if not isinstance(document, dict) or "part_id" not in document:
        return None
    if document.get("schema") != SCHEMA:
        return f"its sidecar has schema {document.get('schema')}; expected {SCHEMA}"
    return document


def record_of(document: Mapping[str, Any]) -> dict[str, str]:
    """The fields worth keeping, as text; unknown ones are left out."""
    values = {name: document.get(name) for name in FIELDS}
    return {name: str(value) for name, value in values.items() if value is not None}


def label_of(document: Mapping[str, Any]) -> str | None:
    """``good`` or the kind of defect as a person said it; None where nobody did.

    Raises ValueError for words that mean nothing.
    """
    label = document.get(LABEL)
    if label is None:
        return None
    kind = kind_of(label) if isinstance(label, str) else None
    if kind is None:
        raise ValueError(f"its sidecar's label {label!r} is neither good nor a kind of defect")
    return kind


def with_sidecar(item: Item, found: Found, how: Reading) -> None:
    """Adds a sorted picture to ``found``, with what its sidecar knows of it, if it has one.

    A person's label there that contradicts the folder is a conflict, decided by ``how.trust``.
    """
    document = read_sidecar(item.path)
    try:
        label = label_of(document) if isinstance(document, Mapping) else None
    except ValueError as error:
        document, label = str(error), None
    if isinstance(document, str):
        found.problems.append(Problem(item.path, document))
        return
    if document is not None:
        item = replace(item, roi=how.roi, record=record_of(document))
    if label is not None and (label == GOOD) is not item.is_good:
        found.conflicts.append(f"{item.path}: its sidecar says {label}, its folder {item.kind}")
        if how.trust is Trust.CSV:
            item = replace(item, kind=label, mask=None if label == GOOD else item.mask)
    found.items.append(item)
