"""Auto: the method that finds made-up defects in held-out good parts best.

The candidates see the same few parts, held out in turn, as they are and with defects of
kinds that none of them was taught (``synthetic.PROBES``). A method must be better than a
simpler one by a margin, and by more than so few parts could give by chance. Test images
decide nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import ModuleType

import numpy as np
import torch

from training.feature_grid import FastFeatures
from training.foreground import foreground
from training.holding_out import Record, fit_by, held_out, highest
from training.lead import SURE, Scored, least_lead
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


def fit(parts: Parts, *, seed: int, report: Report) -> Fitted:
    """As the method that is chosen; ``options`` say which and why."""
    material = Material.of(parts, report)
    trial = _trial(material, seed, report)
    findings: dict[str, Scored] = {}
    for name, module in CANDIDATES.items():
        findings[name] = _try(module, trial, seed)
        report("methods", len(findings) / len(CANDIDATES))
    name = choose(findings, seed=seed)
    module = CANDIDATES[name]
    train = module.trainer(material, seed=seed, report=report)
    record: Record = {"chosen": name, "why": _why(name, findings, len(trial.features))}
    return fit_by(train, material, record | module.record(), seed=seed, report=report)


def choose(findings: Mapping[str, Scored], *, seed: int) -> str:
    """The last of those, from the simplest on, that surely beats the one kept so far."""
    kept, *others = findings
    for name in others:
        if beats(findings[name], findings[kept], seed=seed):
            kept = name
    return kept


def beats(better: Scored, simpler: Scored, *, seed: int) -> bool:
    """By the margin, and by more than chance."""
    leads = better.mean > simpler.mean + MARGIN
    return leads and least_lead(better, simpler, seed=seed) > 0


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


def _try(module: ModuleType, trial: Material, seed: int) -> Scored:
    train = module.trainer(trial, seed=seed, report=_quiet)
    held = held_out(train, trial, seed=seed, report=_quiet, count=FOLDS)
    return Scored(highest(held.maps[:, :1])[:, 0], held.probed)


def _why(name: str, findings: Mapping[str, Scored], count: int) -> str:
    found = findings[name]
    figures = ", ".join(f"{other} {each.mean:.3f}" for other, each in findings.items())
    areas = zip(PROBES, found.auroc, strict=True)
    kinds = ", ".join(f"{kind} {area:.2f}" for kind, area in areas)
    passed = float((found.bad <= found.good.max()).mean())
    return (
        f"mean AUROC on {len(PROBES)} kinds of made-up defects in {count} held-out good parts:"
        f" {figures}; a simpler method wins within {MARGIN}, and where so few parts leave it"
        f" open who is better (bootstrap over parts, {SURE:.0%}). By kind: {kinds};"
        f" {passed:.0%} of them score below the highest good one"
    )


def _quiet(what: str, share: float) -> None:
    """For work that is a part of a larger step."""
