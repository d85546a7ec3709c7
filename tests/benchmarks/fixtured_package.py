"""A package whose parts are found and turned first, to time the fixture: not to judge by."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from inspector.core.frame import Image
from inspector.core.geometry import Roi
from inspector.core.presence import Presence, PresenceRule, PresenceWatcher, encode_thumbnail
from inspector.sources.factory import open_source
from inspector.sources.options import SourceOptions
from inspector.vision.fixture import learn_axis
from inspector.vision.presence import thumbnail

PARTS = 12
_OUT_OF_REACH = 1e6
"""Thresholds: the scores of a model trained without the fixture would all be rejects."""


def write_fixtured(package: Path, footage: Path, roi: str, out: Path) -> Path:
    """A copy of ``package`` with an axis fixture that is learnt from resting parts.

    The first frame of ``footage`` shows the empty belt.
    """
    spec = learn_axis(resting_parts(footage, Roi.parse(roi)))
    if spec is None:
        raise SystemExit(f"{footage}: no fixture can be learnt from its parts")
    shutil.copytree(package, out)
    manifest = out / "manifest.json"
    held = json.loads(manifest.read_text(encoding="utf-8"))
    held["fixture"] = spec.model_dump(mode="json")
    for variant in held["variants"]:
        variant["thresholds"].update(t1=_OUT_OF_REACH, t2=_OUT_OF_REACH)
    manifest.write_text(json.dumps(held), encoding="utf-8")
    return out


def resting_parts(footage: Path, roi: Roi) -> list[Image]:
    """One picture of each of the first parts, uint8 (h, w, 3) BGR: the region."""
    source = open_source(str(footage), SourceOptions())
    source.open()
    watcher: PresenceWatcher | None = None
    found: list[Image] = []
    before = Presence.EMPTY
    while len(found) < PARTS and (frame := source.read()) is not None:
        small = thumbnail(frame.image, roi)
        if watcher is None:
            watcher = PresenceWatcher(PresenceRule(reference=encode_thumbnail(small)))
        now = watcher.update(small)
        if now is Presence.SETTLED and before is not Presence.SETTLED:
            b = roi.box
            found.append(frame.image[b.y1 : b.y2, b.x1 : b.x2].copy())
        before = now
    source.close()
    return found
