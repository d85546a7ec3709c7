"""Methods that look at places: what each finds, and that its graph computes the same."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch

from inspector.errors import InspectorError
from tests.support.parts_folder import disc
from training.detector import MapDetector
from training.examples import Examples
from training.export import export
from training.holding_out import Train, fit_by, held_out
from training.material import Material
from training.methods import (
    Defects,
    Fitted,
    Parts,
    auto,
    discriminator,
    fused,
    gaussian,
    whitened_bank,
)
from training.methods.memory_bank import Options as BankOptions
from training.methods.memory_bank import train as train_bank


def _nothing(step: str, share: float) -> None:
    pass


def _parts(n: int = 8, *, width: int = 96) -> Parts:
    views = [[disc(100 * i + j)[:64, :width] for j in range(2)] for i in range(n)]
    return Parts(np.stack([np.stack(row) for row in views]))


def _with_blots(parts: Parts) -> np.ndarray:
    bad = parts.views[:, 0].copy()
    bad[:, 28:40, 60:72] = 20
    return bad


def _quick_discriminator(material: Material) -> Train:
    options = discriminator.Options(steps=60, places=1024, rate=5e-3)
    return discriminator.trainer(material, seed=0, report=_nothing, options=options)


def _head(
    material: Material, *, steps: int = 60, rate: float = 5e-3, seed: int = 0
) -> discriminator.HeadDetector:
    options = discriminator.Options(steps=steps, places=1024, rate=rate)
    examples = Examples.of(material, seed=0, report=_nothing)
    everything = np.arange(len(material.views))
    return discriminator.train_head(
        material, everything, seed=seed, examples=examples, options=options
    )


def _fit(name: str, parts: Parts) -> Fitted:
    if name == "whitened-bank":
        return whitened_bank.fit(parts, seed=0, report=_nothing)
    if name == "gaussian":
        return gaussian.fit(parts, seed=0, report=_nothing)
    if name == "fused":
        return fused.fit(parts, seed=0, report=_nothing)
    material = Material.of(parts, _nothing)
    train = _quick_discriminator(material)
    return fit_by(train, material, discriminator.record(), seed=0, report=_nothing)


@pytest.mark.parametrize("name", ["whitened-bank", "gaussian", "fused", "discriminator"])
def test_defects_stand_out_and_the_graph_computes_the_same(name: str) -> None:
    parts = _parts()
    fitted = _fit(name, parts)
    bad, _ = fitted.detector.predict(_with_blots(parts))
    assert fitted.held_out.shape == (8, 2)
    assert bad.mean() > fitted.held_out.max()
    fitted.detector.set_unit(float(fitted.held_out.max()))
    assert export(fitted.detector, 64, 96, seed=0).difference < 1e-4


@pytest.mark.parametrize("name", ["whitened-bank", "gaussian"])
def test_parts_that_were_learnt_from_score_lower_than_held_out_ones(name: str) -> None:
    parts = _parts()
    fitted = _fit(name, parts)
    seen, _ = fitted.detector.predict(parts.views[:, 0])
    assert (seen < fitted.held_out[:, 0]).all()


def test_a_gaussian_looks_at_the_place() -> None:
    """What is good in one place is not good in another; the bank takes it for good."""
    parts = _parts(8, width=64)
    material = Material.of(parts, _nothing)
    everything = np.arange(8)
    moved = np.flip(parts.views[:, 0], axis=2).copy()
    ratios = []
    for train in (gaussian.train, partial(train_bank, options=BankOptions(patches=500))):
        detector = train(material, everything, seed=0)
        ratios.append(
            detector.predict(moved)[0].mean() / detector.predict(parts.views[:, 1])[0].mean()
        )
    held_by_place, _ = ratios
    assert held_by_place > 2.0


def test_two_parts_are_enough() -> None:
    parts = _parts(2)
    for train in (whitened_bank.train, gaussian.train, fused.train):
        held = held_out(train, Material.of(parts, _nothing), seed=0, report=_nothing)
        assert np.isfinite(held.maps).all()


@pytest.mark.slow
def test_the_same_seed_teaches_the_same_head() -> None:
    material = Material.of(_parts(3), _nothing)
    weights = [_head(material, steps=3, seed=seed).head.first.weight for seed in (3, 3, 4)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_loss_that_is_not_finite_ends_the_training() -> None:
    with pytest.raises(InspectorError, match="diverged"):
        _head(Material.of(_parts(3), _nothing), steps=40, rate=1e30)


def test_real_defects_are_learnt_from() -> None:
    parts = _parts(6)
    shown = parts.views[:, 0].copy()
    mask = np.zeros(shown.shape[:3], np.bool_)
    mask[:, 40:56, 70:86] = True
    shown[mask] = (shown[mask] * 0.5 + 100).astype(np.uint8)
    margins = []
    for defects in (None, Defects(shown, mask)):
        detector = _head(Material.of(Parts(parts.views, defects=defects), _nothing))
        there = [detector.predict(x)[1][:, 5:7, 9:10] for x in (shown, parts.views[:, 0])]
        margins.append(float((there[0] - there[1]).mean()))
    assert margins[1] > margins[0]


def test_a_defect_that_nobody_outlined_is_not_learnt_from() -> None:
    parts = _parts(3)
    unknown = Defects(parts.views[:, 0], np.zeros(parts.views[:, 0].shape[:3], np.bool_))
    material = Material.of(Parts(parts.views, defects=unknown), _nothing)
    assert (Examples.of(material, seed=0, report=_nothing).owners >= 0).all()


def test_parts_that_do_not_differ_have_a_gaussian_all_the_same() -> None:
    parts = Parts(np.repeat(_parts(1).views, 4, axis=0)[:, :1])
    detector = gaussian.train(Material.of(parts, _nothing), np.arange(4), seed=0)
    good, bad = (detector.predict(x)[0] for x in (parts.views[:, 0], _with_blots(parts)))
    assert np.isfinite(good).all()
    assert (bad > good).all()


def test_auto_takes_the_better_one_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bank is told to find nothing, so that the Gaussian must be chosen."""

    class Blind:
        @staticmethod
        def trainer(material: Material, *, seed: int, report: object) -> Train:
            train = partial(train_bank, options=BankOptions(patches=5, candidates=50))

            def blind(material: Material, chosen: np.ndarray, *, seed: int) -> MapDetector:
                detector = train(material, chosen, seed=seed)
                monkeypatch.setattr(detector, "maps_of", lambda x: np.zeros(x.shape[:3]))
                return detector

            return blind

    monkeypatch.setattr(auto, "CANDIDATES", {"blind": Blind, "gaussian": gaussian})
    fitted = auto.fit(_parts(9), seed=0, report=_nothing)
    assert isinstance(fitted.detector, gaussian.Gaussian)
    assert fitted.options["chosen"] == "gaussian"
    assert "blind 0.500" in str(fitted.options["why"])
    assert fitted.held_out.shape == (9, 2)
    assert fitted.probed.shape[0] == 0
