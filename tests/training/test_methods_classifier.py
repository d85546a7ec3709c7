"""The classifier: every switch trains, exports what torch computes, and learns discs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from inspector.errors import ConfigError
from tests.support.labelled_discs import labelled_discs
from training.augment import FIXED
from training.export import export
from training.finetune import FineTuning, Inputs, Options, Targets, _drawn
from training.labelled import Labelled
from training.methods import classifier
from training.methods.classifier import Classifier
from training.trainer import FittedLabelled

QUICK = Options(copies=1, epochs=2, patches=60, hidden=8)
DATA = {"good": 20, "bad": 10}


def _quiet(step: str, share: float) -> None:
    pass


def _fitted(options: Options, data: Labelled | None = None) -> FittedLabelled:
    data = data or labelled_discs(**DATA)
    trainer = classifier.trainer(data, FIXED, seed=0, report=_quiet, options=options)
    return trainer.train(np.arange(len(data.kinds)), seed=0, report=_quiet)


@pytest.fixture(scope="module")
def learnt() -> FittedLabelled:
    return _fitted(replace(QUICK, epochs=25, types_weight=1.0, patience=0))


def test_it_learns_what_where_and_which(learnt: FittedLabelled) -> None:
    data = labelled_discs(**DATA)
    scores, maps, types = learnt.network.predict(data.images)
    rejected = scores >= learnt.t1
    assert (rejected == data.defective).mean() > 0.95
    assert learnt.labels == ("blot", "spark")
    bad = np.flatnonzero(data.defective)
    named = [learnt.labels[k] for k in types[bad].argmax(1)]
    assert np.mean([a == data.kinds[i] for a, i in zip(named, bad, strict=True)]) > 0.8
    np.testing.assert_allclose(types.sum(1), 1.0, rtol=1e-5)
    for i in bad:
        y, x = np.unravel_index(maps[i].argmax(), maps[i].shape)
        place = data.masks[i, y * 8 : y * 8 + 8, x * 8 : x * 8 + 8]
        assert place.any()


def test_curves_fall(learnt: FittedLabelled) -> None:
    assert learnt.epochs[-1].train_loss < 0.7 * learnt.epochs[0].train_loss
    assert learnt.epochs[-1].validation_loss < learnt.epochs[0].validation_loss / 2
    assert learnt.t1 <= learnt.t2
    assert len(learnt.validation) == 6
    assert learnt.validation_scores.shape == (6,)


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"tuned": True},
        {"distance": False},
        {"local": False, "types_weight": 0.0},
        {"distance": False, "local": False, "tuned": True, "masks": False},
        {"sharpness": 0.0, "balance": "weights", "focal": 2.0},
        {"balance": "none", "patience": 0, "copies": 0},
    ],
)
def test_every_switch_exports_what_it_computes(switches: dict[str, object]) -> None:
    fitted = _fitted(replace(QUICK, **switches))  # type: ignore[arg-type]
    exported = export(fitted.network, 64, 64, seed=0)
    assert exported.difference < 1e-4
    roles = [o.role for o in exported.outputs]
    assert roles[:2] == ["anomaly_score", "anomaly_map"]
    assert ("class_scores" in roles) == bool(fitted.labels)
    assert all(np.isfinite([e.train_loss for e in fitted.epochs]))


def test_tuning_moves_the_end_of_the_backbone_alone() -> None:
    before = _network(tuned=True)
    fitted = _fitted(replace(QUICK, tuned=True))
    assert isinstance(fitted.network, Classifier)
    pairs = zip(before.backbone.blocks, fitted.network.backbone.blocks, strict=True)
    moved = [
        not torch.equal(a.convs[0].weight, b.convs[0].weight)  # type: ignore[union-attr]
        for a, b in pairs
    ]
    assert moved == [False] * 11 + [True] * 5
    assert not any(p.requires_grad for b in fitted.network.tuned for p in b.parameters())


def _network(*, tuned: bool) -> Classifier:
    data = labelled_discs(good=2, bad=2)
    options = replace(QUICK, tuned=tuned, distance=False)
    return Classifier(data, options, 2, torch.ones(2, 152), None, 1.0)


def test_the_distance_alone_is_where_it_begins() -> None:
    fitted = _fitted(replace(QUICK, backbone_rate=0.0, head_rate=0.0, weight_decay=0.0))
    data = labelled_discs(**DATA)
    scores = fitted.network.predict(data.images)[0]
    assert scores[data.defective].mean() > scores[~data.defective].mean()


def test_something_must_be_switched_on() -> None:
    off = replace(QUICK, distance=False, local=False, tuned=False)
    with pytest.raises(ConfigError, match="needs the distance"):
        _fitted(off)


def test_one_type_of_defect_has_no_class_scores() -> None:
    data = labelled_discs(**DATA)
    single = replace(data, kinds=tuple("good" if k == "good" else "blot" for k in data.kinds))
    assert _fitted(QUICK, single).labels == ()


def test_without_outlines_no_place_is_taught() -> None:
    data = replace(labelled_discs(**DATA, outlined=False), masks=np.zeros((30, 64, 64), np.uint8))
    assert _fitted(QUICK, data).epochs


def test_oversampling_draws_both_alike_and_every_one() -> None:
    data = labelled_discs(good=20, bad=4)
    run = FineTuning(
        _network(tuned=False),
        Inputs((), torch.zeros(24, 1, 8, 8), torch.zeros(24, 1, 8, 8)),
        Targets.of(data, ("blot", "spark")),
        QUICK,
    )
    order = run._order(np.arange(24), np.random.default_rng(0))
    assert len(order) == 24
    counts = np.bincount(order, minlength=24)
    assert counts[20:].tolist() == [3, 3, 3, 3]
    assert counts[:20].max() == 1
    assert sorted(_drawn(np.array([5, 6]), 5, np.random.default_rng(0))) in (
        [5, 5, 5, 6, 6],
        [5, 5, 6, 6, 6],
    )


def test_class_weights_even_out_the_numbers() -> None:
    data = labelled_discs(good=20, bad=4)
    run = FineTuning(
        _network(tuned=False),
        Inputs((), torch.zeros(24, 1, 8, 8), torch.zeros(24, 1, 8, 8)),
        Targets.of(data, ()),
        replace(QUICK, balance="weights"),
    )
    good, bad = run._class_weights(np.arange(24)).tolist()
    assert good * 20 == pytest.approx(bad * 4)
    assert good * 20 + bad * 4 == pytest.approx(24)


def test_the_same_seed_gives_the_same_network() -> None:
    images = labelled_discs(**DATA).images
    first, second = (_fitted(QUICK).network.predict(images)[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)
