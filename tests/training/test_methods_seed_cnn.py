"""The baseline is the first project's configuration, and fails as that did."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from tests.support.labelled_discs import labelled_discs
from training.augment import ORIGINAL
from training.export import export
from training.methods import seed_cnn
from training.methods.seed_cnn import Options, PlainCnn
from training.trainer import seeded


def _quiet(step: str, share: float) -> None:
    pass


def test_it_is_what_it_was() -> None:
    options = Options()
    assert (options.learning_rate, options.epochs) == (1e-6, 10)
    assert ORIGINAL.mirror_x
    assert ORIGINAL.mirror_y
    assert ORIGINAL.degrees > 0 < ORIGINAL.zoom


def test_it_predicts_one_class() -> None:
    data = labelled_discs(good=10, bad=5)
    trainer = seed_cnn.trainer(data, ORIGINAL, seed=0, report=_quiet)
    fitted = trainer.train(np.arange(15), seed=0, report=_quiet)
    assert (fitted.t1, fitted.t2) == (0.5, 0.5)
    assert fitted.labels == ()
    assert len(fitted.epochs) == 10
    [scores] = fitted.network.predict(data.images)
    # 1e-6 barely moves the weights: no image is told from another with any confidence
    assert np.ptp(scores) < 0.3
    assert len(fitted.validation) == 3


def test_export_computes_the_same() -> None:
    with seeded(0):
        network = PlainCnn(Options(), 64, 96)
    exported = export(network, 64, 96, seed=0)
    assert exported.difference < 1e-5
    assert [(o.role, o.shape) for o in exported.outputs] == [("anomaly_score", [])]


def test_the_seed_decides_the_weights() -> None:
    data = labelled_discs(good=10, bad=5)
    scores = []
    for seed in (0, 0, 1):
        trainer = seed_cnn.trainer(
            data, ORIGINAL, seed=seed, report=_quiet, options=Options(epochs=1, channels=(4, 8, 8))
        )
        fitted = trainer.train(np.arange(15), seed=seed, report=_quiet)
        scores.append(fitted.network.predict(data.images)[0])
    np.testing.assert_array_equal(scores[0], scores[1])
    assert (scores[0] != scores[2]).any()


def test_first_weights_are_glorot_and_no_bias() -> None:
    network = PlainCnn(Options(), 32, 32)
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            assert layer.bias is not None
            assert not torch.any(layer.bias)


def test_a_loss_that_is_nan_ends_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seed_cnn, "_loss", lambda n, i, d: n(torch.from_numpy(i)).sum() * np.nan)
    trainer = seed_cnn.trainer(labelled_discs(good=10, bad=5), ORIGINAL, seed=0, report=_quiet)
    with pytest.raises(Exception, match="training diverged"):
        trainer.train(np.arange(15), seed=0, report=_quiet)
