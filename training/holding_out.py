"""Every part scored by a detector that has not seen it: in folds, for any method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from training.calibrate import folds
from training.detector import MapDetector
from training.level import Level, levels_of
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


@dataclass(frozen=True, slots=True, eq=False)
class Held:
    """What detectors say of parts that they have not seen; on the scale of distances.

    Attributes:
        maps: float32 (n, v, h, w) of all views.
        probed: float64 (m, p), scores of the probes.
        level: by which the maps of pictures to come are levelled; those here are by that of
            the other folds' parts.
    """

    maps: NDArray[np.float32]
    probed: NDArray[np.float64]
    level: Level


def fit_by(
    train: Train, material: Material, record: Record, *, seed: int, report: Report
) -> Fitted:
    """A detector trained on all parts, and what detectors of the folds say of theirs."""
    held = held_out(train, material, seed=seed, report=report, steps=1)
    everything = np.arange(len(material.features))
    detector = _trained(train, material, everything, seed)
    assert detector.unit == 1.0, "the level is on the scale of plain distances"
    detector.level = held.level
    report("holding out", 1.0)
    options = record | {"level": f"{held.level.usual:.4g}+{held.level.most:.4g}"}
    return Fitted(detector, highest(held.maps), options, held.maps, held.probed)


def held_out(
    train: Train,
    material: Material,
    *,
    seed: int,
    report: Report,
    steps: int = 0,
    count: int | None = None,
    levelled: bool = True,
) -> Held:
    """Every part by a detector of the other folds.

    Args:
        count: of the folds; None for as many as the parts call for.
        steps: that the caller has to do afterwards, for the progress.
        levelled: False where not all views are of good parts.
    """
    parts = folds(len(material.features), count, seed)
    plain, peaks, levels = _plain(train, material, parts, seed=seed, report=report, steps=steps)
    if not levelled:
        return Held(plain, peaks, Level())
    maps = np.empty_like(plain)
    for held in parts:
        level = Level.of(plain[_others(len(plain), held)])
        maps[held] = level.apply(plain[held])
        theirs = np.isin(material.probe_parts, held)
        peaks[theirs] -= level.excess(levels[theirs])
    return Held(maps, peaks, Level.of(plain))


def _plain(
    train: Train,
    material: Material,
    parts: list[Indices],
    *,
    seed: int,
    report: Report,
    steps: int,
) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
    """Maps (n, v, h, w), and of the probes' maps the peaks and levels (m, p)."""
    features, probes = material.features, material.probes
    maps = np.empty(features.shape[:4], np.float32)
    peaks, levels = np.empty(probes.shape[:2]), np.empty(probes.shape[:2])
    for k, held in enumerate(parts):
        report("holding out", k / (len(parts) + steps))
        detector = _trained(train, material, _others(len(features), held), seed)
        for part in held:
            # not all at once: that would be a copy of a fifth of the features
            maps[part] = detector.maps_of(features[part])
        for probe in np.flatnonzero(np.isin(material.probe_parts, held)):
            found = detector.maps_of(probes[probe])
            peaks[probe], levels[probe] = found.max(axis=(1, 2)), levels_of(found)
    report("holding out", len(parts) / (len(parts) + steps))
    return maps, peaks, levels


def _others(count: int, held: Indices) -> Indices:
    return np.setdiff1d(np.arange(count), held)


def _trained(train: Train, material: Material, chosen: Indices, seed: int) -> MapDetector:
    detector = train(material, chosen, seed=seed)
    detector.weights = material.weights
    return detector


def highest(maps: NDArray[np.float32]) -> NDArray[np.float64]:
    """Scores (n, v) of maps (n, v, h, w)."""
    return np.asarray(maps.max(axis=(2, 3)), np.float64)
