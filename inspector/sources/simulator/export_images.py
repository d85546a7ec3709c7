"""Training images in the layout of MVTec AD, each with its mask."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.errors import InputError, SourceError
from inspector.sources.simulator.export_footage import complete
from inspector.sources.simulator.render import defect_mask, render_part
from inspector.sources.simulator.scene import Scene
from inspector.sources.simulator.spec import SimulatorSpec
from inspector.sources.simulator.truth import Flaw, PartPlan, plan_part

_FIRST_PART = 10**6
"""Images show other individuals than footage of the same seed: numbers it won't reach."""


@dataclass(frozen=True, slots=True)
class ImageCounts:
    """How many images: good ones to train on, good ones to test on, of each defect."""

    train_good: int = 60
    test_good: int = 20
    per_defect: int = 6

    def total(self, kinds: int) -> int:
        return self.train_good + self.test_good + kinds * self.per_defect


@dataclass(frozen=True, slots=True)
class _Shot:
    """One image to make: where it goes, and what is on it."""

    split: str
    folder: str
    number: int
    plan: PartPlan

    def image(self, root: Path) -> Path:
        return root / self.split / self.folder / f"{self.number:03d}.png"

    def mask(self, root: Path) -> Path:
        return root / "ground_truth" / self.folder / f"{self.number:03d}_mask.png"


def export_images(
    spec: SimulatorSpec,
    out: Path,
    counts: ImageCounts,
    *,
    force: bool,
    progress: Callable[[int], None],
) -> Path:
    """Writes ``out/<category>/{train,test,ground_truth}/…`` and returns that folder.

    Each image is the region of a resting part as the camera sees it. The severities of
    a kind spread evenly over the spec's range. ``progress`` hears of every image.

    Raises:
        InputError: the folder holds something and ``force`` is False, or cannot be
            written.
    """
    root = out / spec.category
    if root.exists() and not force and (not root.is_dir() or any(root.iterdir())):
        raise InputError(f"{root} is not empty: choose another --out, or --force to add to it")
    scene = Scene(spec)
    for done, shot in enumerate(_shots(spec, counts), start=1):
        _write_png(shot.image(root), photograph_at_rest(spec, scene, shot.plan))
        if shot.plan.flaw is not None:
            _write_png(shot.mask(root), defect_mask(spec, shot.plan))
        progress(done)
    return root


def photograph_at_rest(spec: SimulatorSpec, scene: Scene, plan: PartPlan) -> Image:
    """The region of the resting part: uint8 (S, S, 3) BGR."""
    exposed = scene.expose(scene.compose(render_part(spec, plan), 0), plan.index)
    roi = spec.roi
    return exposed[roi.y : roi.y + roi.height, roi.x : roi.x + roi.width]


def _shots(spec: SimulatorSpec, counts: ImageCounts) -> Iterator[_Shot]:
    index = _FIRST_PART
    for split, many in (("train", counts.train_good), ("test", counts.test_good)):
        for number in range(many):
            yield _Shot(split, "good", number, replace(plan_part(spec, index), flaw=None))
            index += 1
    for kind in spec.defect_kinds:
        for number, severity in enumerate(np.linspace(*spec.severity, counts.per_defect)):
            plan = replace(plan_part(spec, index), flaw=Flaw(kind, float(severity)))
            yield _Shot("test", kind, number, plan)
            index += 1


def _write_png(path: Path, image: NDArray[np.uint8]) -> None:
    ok, data = cv2.imencode(".png", image)
    if not ok:
        raise SourceError(f"{path}: this OpenCV cannot write PNG")
    with complete(path) as partial:
        partial.write_bytes(data.tobytes())
