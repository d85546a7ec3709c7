"""Every part scored by a detector that has not seen it: in folds, for any method."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.calibrate import FOLDS, folds
from training.detector import MapDetector
from training.material import Indices, Material
from training.methods import Fitted, Report

Record = dict[str, str | int | float | bool]


class Train(Protocol):
    """A method's ``train``: a detector from some of the parts."""

    def __call__(self, material: Material, chosen: Indices, *, seed: int) -> MapDetector: ...


class Method(Protocol):
    """The names in the file of a method that looks at places."""

    def trainer(self, material: Material, *, seed: int, report: Report) -> Train:
        """What the folds share is worked out here, once."""
        ...

    def record(self) -> Record:
        """The settings, for the manifest."""
        ...


def fit_by(
    train: Train, material: Material, record: Record, *, seed: int, report: Report
) -> Fitted:
    """A detector trained on all parts, and what detectors of the folds say of theirs."""
    maps, probed = held_out(train, material, seed=seed, report=report, steps=1)
    detector = train(material, np.arange(len(material.features)), seed=seed)
    report("holding out", 1.0)
    return Fitted(detector, highest(maps), record, maps, probed)


def held_out(
    train: Train,
    material: Material,
    *,
    seed: int,
    report: Report,
    steps: int = 0,
    count: int = FOLDS,
) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Maps (n, v, h, w) of all views, and scores (m, p) of the probes.

    Args:
        count: of the folds.
        steps: that the caller has to do afterwards, for the progress.
    """
    features, probes = material.features, material.probes
    maps = np.empty(features.shape[:4], np.float32)
    probed = np.empty(probes.shape[:2])
    parts = folds(len(features), count, seed)
    for k, held in enumerate(parts):
        report("holding out", k / (len(parts) + steps))
        others = np.setdiff1d(np.arange(len(features)), held)
        detector = train(material, others, seed=seed)
        maps[held] = detector.maps_of(features[held].flatten(0, 1)).reshape(maps[held].shape)
        theirs = np.flatnonzero(np.isin(material.probe_parts, held))
        if len(theirs):
            found = detector.maps_of(probes[theirs].flatten(0, 1)).max(axis=(1, 2))
            probed[theirs] = found.reshape(len(theirs), -1)
    report("holding out", len(parts) / (len(parts) + steps))
    return maps, probed


def highest(maps: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores (n, v) of maps (n, v, h, w)."""
    return np.asarray(maps.max(axis=(2, 3)), np.float64)
