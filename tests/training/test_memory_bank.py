"""The bank: nearest distances, folds, and the graph that computes the same."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
import torch

from inspector.errors import ConfigError, InspectorError
from tests.support.parts_folder import disc
from training import export as exporting
from training.export import export, golden_images
from training.feature_grid import FeatureGrid
from training.graph import OPSET
from training.methods import Parts, Probes, find_method
from training.methods.memory_bank import MemoryBank, Options, Subspace, fit


def _nothing(step: str, share: float) -> None:
    pass


def _detector(
    size: tuple[int, int] = (64, 96), *, stages: tuple[int, ...] = (4, 10), monochrome: bool = False
) -> MemoryBank:
    features = FeatureGrid(stages, size, monochrome=monochrome)
    generator = torch.Generator().manual_seed(0)
    bank = torch.randn(40, features.channels, generator=generator)
    return MemoryBank(features, bank, unit=7.0)


def _views(n: int = 7, v: int = 2, size: int = 64) -> np.ndarray:
    return np.stack([np.stack([disc(100 * i + j, size=size) for j in range(v)]) for i in range(n)])


def test_distances_are_those_to_the_nearest() -> None:
    detector = _detector()
    images = golden_images(64, 96, 0)
    scores, maps = detector.predict(images)
    with torch.inference_mode():
        features = detector.features(torch.from_numpy(images))
        nearest = torch.cdist(features.reshape(3, -1, 152), detector.bank[None]).amin(2)
        padded = np.pad(nearest.reshape(3, 8, 12).numpy(), ((0, 0), (1, 1), (1, 1)))
    expected = sum(padded[:, y : y + 8, x : x + 12] for y in range(3) for x in range(3)) / 9 / 7
    np.testing.assert_allclose(maps, expected, rtol=1e-4)
    np.testing.assert_array_equal(scores, maps.max((1, 2)))


def test_beyond_the_subspace_distance_from_the_mean_counts() -> None:
    features = FeatureGrid((4, 10), (64, 96), monochrome=False)
    generator = torch.Generator().manual_seed(0)
    bank = torch.randn(40, features.channels, generator=generator)
    subspace = Subspace.of(bank, 12)
    detector = MemoryBank(features, bank, subspace=subspace)
    patches = torch.randn(2, 8, 12, features.channels, generator=generator)
    centred = patches - bank.mean(0)
    turned = centred @ subspace.directions
    rest = (centred - turned @ subspace.directions.T).square().sum(-1)
    near = torch.cdist(turned.reshape(2, -1, 12), detector.bank[None]).amin(2).reshape(2, 8, 12)
    torch.testing.assert_close(
        detector.distances(patches), (near.square() + rest).sqrt(), atol=1e-3, rtol=1e-4
    )
    assert export(detector, 64, 96, seed=0).difference < 1e-4


@pytest.mark.parametrize("stages", [(4, 10), (2, 4, 10), (4,)])
@pytest.mark.parametrize("monochrome", [False, True])
def test_graph_computes_what_torch_computes(stages: tuple[int, ...], monochrome: bool) -> None:
    exported = export(_detector(stages=stages, monochrome=monochrome), 64, 96, seed=0)
    assert exported.difference < 1e-4
    model = onnx.load_from_string(exported.onnx)
    assert [(o.domain, o.version) for o in model.opset_import] == [("", OPSET)]
    assert {n.domain for n in model.graph.node} == {""}
    batch, *rest = model.graph.input[0].type.tensor_type.shape.dim
    assert batch.dim_param == "N"
    assert [d.dim_value for d in rest] == [64, 96, 3]


def test_an_odd_size_has_its_own_padding() -> None:
    assert export(_detector((72, 104), stages=(4, 10)), 72, 104, seed=0).difference < 1e-4


def test_a_graph_that_computes_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    detector = _detector()
    graph = export(detector, 64, 96, seed=0).onnx
    detector.set_unit(1.01)
    monkeypatch.setattr(exporting, "_graph", lambda *_: graph)
    with pytest.raises(InspectorError, match="differs from the trained one"):
        export(detector, 64, 96, seed=0)


def test_unit_divides_scores_and_maps() -> None:
    detector = _detector()
    images = golden_images(64, 96, 0)
    scores, maps = detector.predict(images)
    detector.set_unit(2.0)
    halved, half_maps = detector.predict(images)
    np.testing.assert_allclose(halved, scores / 2, rtol=1e-6)
    np.testing.assert_allclose(half_maps, maps / 2, rtol=1e-6)


def test_held_out_parts_are_scored_by_a_bank_without_them() -> None:
    """Parts that the bank has seen are near it; held out, none is."""
    views = _views()
    fitted = fit(Parts(views), seed=0, report=_nothing)
    assert fitted.held_out.shape == (7, 2)
    seen, _ = fitted.detector.predict(views[:, 0])
    assert (seen < 0.3 * fitted.held_out[:, 0]).all()


def test_bank_holds_the_views_it_should() -> None:
    views = _views(v=3)
    options = Options(bank_views=2, dimensions=None)
    fitted = fit(Parts(views), seed=0, report=_nothing, options=options)
    in_bank, beyond = (fitted.detector.predict(views[:, v])[0] for v in (1, 2))
    assert in_bank.max() < 0.5 * beyond.min()


def test_bank_is_bounded() -> None:
    options = Options(patches=50, candidates=200)
    views = _views()
    fitted = fit(Parts(views), seed=0, report=_nothing, options=options)
    assert isinstance(fitted.detector, MemoryBank)
    assert fitted.detector.bank.shape == (50, 64)
    assert fitted.options["patches"] == 50
    assert fitted.options["stages"] == "4,10"


def test_progress_ends_at_one() -> None:
    told: dict[str, list[float]] = {}
    views = _views(4)
    fit(
        Parts(views),
        seed=0,
        report=lambda step, share: told.setdefault(step, []).append(share),
    )
    assert all(shares == sorted(shares) and shares[-1] == 1.0 for shares in told.values())
    assert list(told) == ["features", "holding out"]


def test_methods_by_name() -> None:
    assert find_method("memory-bank") is fit
    with pytest.raises(ConfigError, match=r"no method 'magic': choose one of .*memory-bank"):
        find_method("magic")


def test_a_probe_is_scored_by_the_bank_that_has_not_seen_its_part() -> None:
    views = _views()
    probes = Probes(views[[5, 2]], np.array([5, 2]))
    fitted = fit(Parts(views, probes), seed=0, report=_nothing)
    np.testing.assert_allclose(fitted.probed, fitted.held_out[[5, 2]], rtol=1e-3)
    assert fitted.held_out_maps.shape == (7, 2, 8, 8)
    np.testing.assert_array_equal(fitted.held_out_maps.max((2, 3)), fitted.held_out)
