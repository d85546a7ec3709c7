"""Auto: the method that finds made-up defects in held-out good parts best.

The candidates see the same few parts, held out in turn, as they are and with defects of
kinds that none of them was taught (``synthetic.PROBES``). A method must be better than a
simpler one by a margin. Test images decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from training.feature_grid import FastFeatures
from training.foreground import foreground
from training.holding_out import Record, fit_by, held_out, highest
from training.material import Indices, Material
from training.methods import (
    Fitted,
    Parts,
    Report,
    discriminator,
    fused,
    gaussian,
    memory_bank,
    whitened_bank,
)
from training.synthetic import PROBES, damage

SAMPLE = 60
"""Good parts that take part in the choice."""
FOLDS = 3
MARGIN = 0.01
"""Mean AUROC by which a method must beat the simpler ones."""

CANDIDATES: Mapping[str, ModuleType] = {
    "memory-bank": memory_bank,
    "whitened-bank": whitened_bank,
    "gaussian": gaussian,
    "fused": fused,
    "discriminator": discriminator,
}
"""From the simplest on."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a candidate found.

    Attributes:
        auroc: by kind of defect.
        passed: share of all defects below the highest good part.
    """

    auroc: dict[str, float]
    passed: float

    @property
    def mean(self) -> float:
        return float(np.mean(list(self.auroc.values())))


def fit(parts: Parts, *, seed: int, report: Report) -> Fitted:
    """As the method that is chosen; ``options`` say which and why."""
    material = Material.of(parts, report)
    trial = _trial(material, seed, report)
    findings: dict[str, Finding] = {}
    for name, module in CANDIDATES.items():
        findings[name] = _try(module, trial, seed)
        report("methods", len(findings) / len(CANDIDATES))
    name = choose({name: found.mean for name, found in findings.items()})
    module = CANDIDATES[name]
    train = module.trainer(material, seed=seed, report=report)
    record: Record = {"chosen": name, "why": _why(name, findings, len(trial.features))}
    return fit_by(train, material, record | module.record(), seed=seed, report=report)


def choose(means: Mapping[str, float]) -> str:
    """The last of those, from the simplest on, that beats the one kept so far by the margin."""
    kept, *others = means
    for name in others:
        if means[name] > means[kept] + MARGIN:
            kept = name
    return kept


def _trial(material: Material, seed: int, report: Report) -> Material:
    """A few parts, with a defect of each kind made in every one."""
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(material.views))[:SAMPLE])
    stills = material.views[chosen, 0]
    shown = foreground(stills)
    fast = FastFeatures(material.grid)
    probes = torch.empty((len(chosen), len(PROBES), *fast.shape), dtype=torch.float16)
    for i, (image, mask) in enumerate(zip(stills, shown, strict=True)):
        probes[i] = fast(np.stack([damage(image, mask, kind, rng).image for kind in PROBES]))
        report("made-up defects", (i + 1) / len(chosen))
    parts: Indices = np.arange(len(chosen))
    return replace(
        material,
        views=material.views[chosen],
        features=material.features[chosen],
        probes=probes,
        probe_parts=parts,
    )


def _try(module: ModuleType, trial: Material, seed: int) -> Finding:
    train = module.trainer(trial, seed=seed, report=_quiet)
    held = held_out(train, trial, seed=seed, report=_quiet, count=FOLDS)
    good = highest(held.maps[:, :1])[:, 0]
    auroc = {kind: _auroc(good, held.probed[:, i]) for i, kind in enumerate(PROBES)}
    return Finding(auroc, float((held.probed <= good.max()).mean()))


def _auroc(good: NDArray[np.float64], bad: NDArray[np.float64]) -> float:
    truth = np.r_[np.zeros(len(good)), np.ones(len(bad))]
    return float(roc_auc_score(truth, np.r_[good, bad]))


def _why(name: str, findings: Mapping[str, Finding], count: int) -> str:
    figures = ", ".join(f"{other} {found.mean:.3f}" for other, found in findings.items())
    kinds = ", ".join(f"{kind} {area:.2f}" for kind, area in findings[name].auroc.items())
    return (
        f"mean AUROC on {len(PROBES)} kinds of made-up defects in {count} held-out good parts:"
        f" {figures}; a simpler method wins within {MARGIN}. By kind: {kinds};"
        f" {findings[name].passed:.0%} of them score below the highest good one"
    )


def _quiet(what: str, share: float) -> None:
    """For work that is a part of a larger step."""
