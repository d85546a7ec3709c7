"""Variants: what is computed in int8 and fp16, and what is not shipped."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import helper, numpy_helper

from inspector.core.manifest import ProposedThresholds, parse_manifest
from inspector.errors import ConfigError
from inspector.inference.predictor import open_predictor
from inspector.inference.safety import check_onnx
from tests.support.parts_folder import disc
from training.card import card
from training.export import Exported, export
from training.feature_grid import FeatureGrid
from training.fit import Trained
from training.graph import Graph
from training.methods.memory_bank import MemoryBank, Subspace
from training.methods.seed_cnn import Options, PlainCnn
from training.variants import build, half
from training.variants.agreement import Reference, RefusedError, compare, score
from training.variants.build import Made, Pictures, make_variants, parse_names
from training.variants.edit import Opened
from training.variants.half import to_half
from training.variants.integer import _rotation, rewrite, tensors_to_calibrate, to_int8
from training.variants.ranges import measure_ranges
from training.variants.region import Region, find_searches

SIZE = (64, 64)
T1, T2 = 1.0, 1.2
NO_CONVOLUTIONS = Region("", 1.0, 0.0, (), frozenset(), frozenset(), ())


def _nothing(step: str, share: float) -> None:
    pass


def _images(count: int, first: int = 0) -> np.ndarray:
    return np.stack([disc(first + i, size=64) for i in range(count)])


def _spoilt(count: int) -> np.ndarray:
    images = _images(count, 100)
    images[:, 20:36, 24:40] = 20
    return images


def _bank(dimensions: int | None) -> MemoryBank:
    grid = FeatureGrid((4, 10), SIZE, monochrome=False)
    with torch.inference_mode():
        features = grid(torch.from_numpy(_images(4))).reshape(-1, grid.channels)
    subspace = None if dimensions is None else Subspace.of(features, dimensions)
    found = MemoryBank(grid, features, subspace=subspace)
    scores = found.predict(_images(8, 50))[0]
    found.set_unit(float(scores.max()) * 1.05)
    return found


@pytest.fixture(scope="module")
def detector() -> MemoryBank:
    return _bank(None)


@pytest.fixture(scope="module")
def exported(detector: MemoryBank) -> Exported:
    return export(detector, *SIZE, seed=0)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    whole, spoilt = _images(8, 50), _spoilt(8)
    return Pictures(_images(6), np.concatenate([whole, spoilt]), np.arange(16) >= 8)


def _int8(data: bytes) -> bytes:
    model = onnx.load_from_string(data)
    ranges = measure_ranges(model, tensors_to_calibrate(model), _images(6))
    return to_int8(model, ranges)


def _make(detector: MemoryBank, exported: Exported, pictures: Pictures) -> Made:
    limits = ProposedThresholds(t1=T1, t2=T2)
    return make_variants(detector, exported, limits, pictures, wanted=build.NAMES, report=_nothing)


def test_all_variants_are_made_and_measured(
    detector: MemoryBank, exported: Exported, pictures: Pictures
) -> None:
    made = _make(detector, exported, pictures)
    assert made.refused == {}
    assert [v.name for v in made.variants] == ["fp32", "fp16", "int8"]
    assert sorted(made.files) == sorted(
        name for v in made.variants for name in (v.file, v.golden.file)
    )
    fp32, fp16, int8 = (v.agreement for v in made.variants)
    assert fp32 is not None
    assert fp16 is not None
    assert int8 is not None
    assert fp32.largest_difference < 1e-3
    assert fp16.largest_difference < 0.01
    assert 0 < int8.typical_difference < 0.05
    assert (int8.n_images, int8.n_defective) == (16, 8)
    assert fp32.same_verdict == 1.0
    assert made.variants[2].size_bytes < 0.4 * made.variants[0].size_bytes
    assert made.files == _make(detector, exported, pictures).files


def test_int8_uses_these_operators_and_no_others(exported: Exported) -> None:
    data = _int8(exported.onnx)
    check_onnx(data, "int8")
    model = onnx.load_from_string(data)
    before = {n.op_type for n in onnx.load_from_string(exported.onnx).graph.node}
    after = {n.op_type for n in model.graph.node}
    assert {n.domain for n in model.graph.node} == {""}
    assert after - before == {"QuantizeLinear", "DequantizeLinear"}
    assert before - after == {"Cast"}  # the image's bytes are taken as they are
    made_by = {n.output[0]: n for n in model.graph.node}
    convolutions = [n for n in model.graph.node if n.op_type == "Conv"]
    assert all(
        made_by[name].op_type == "DequantizeLinear" for n in convolutions for name in n.input
    )


def test_only_depthwise_weights_have_all_eight_bits(exported: Exported) -> None:
    """What two 7-bit weights and bytes add up to still fits 16 bits."""
    graph = onnx.load_from_string(_int8(exported.onnx)).graph
    weights = [numpy_helper.to_array(t) for t in graph.initializer if t.data_type == 3]
    depthwise = [w for w in weights if w.ndim == 4 and w.shape[1] == 1]
    paired = [w for w in weights if w.ndim in (2, 4) and w.shape[1] != 1]
    assert max(int(np.abs(w).max()) for w in paired) == 63
    assert max(int(np.abs(w).max()) for w in depthwise) == 127


def test_half_precision_ends_before_the_distances(exported: Exported) -> None:
    data = to_half(onnx.load_from_string(exported.onnx))
    check_onnx(data, "fp16")
    graph = onnx.load_from_string(data).graph
    halves = {t.name for t in graph.initializer if t.data_type == onnx.TensorProto.FLOAT16}
    for node in graph.node:
        expected = node.op_type in ("Conv", "Clip")
        assert any(name in halves for name in node.input) == expected, node.name
    assert {o.type.tensor_type.elem_type for o in graph.output} == {onnx.TensorProto.FLOAT}


@pytest.mark.parametrize(("length", "parts"), [(64, 8), (63, 7), (50, 5), (61, 0)])
def test_the_search_of_half_precision_takes_its_maximum_in_parts(
    length: int, parts: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    grid = FeatureGrid((4, 10), SIZE, monochrome=False)
    with torch.inference_mode():
        features = grid(torch.from_numpy(_images(4))).reshape(-1, grid.channels)
    model = onnx.load_from_string(export(MemoryBank(grid, features[:length]), *SIZE, seed=0).onnx)
    data = to_half(model)
    check_onnx(data, "fp16")
    made = [n for n in onnx.load_from_string(data).graph.node if n.op_type == "Split"]
    assert [len(n.output) for n in made] == [parts] * (parts > 0)
    monkeypatch.setattr(half, "find_searches", lambda opened: [])
    images = np.concatenate([_images(3), _spoilt(3)])
    np.testing.assert_array_equal(score(data, images), score(to_half(model), images))


@pytest.mark.parametrize("dimensions", [None, 16])
def test_a_known_part_stays_near_zero_in_int8(dimensions: int | None) -> None:
    """Rounded apart, |x|² − 2x·b + |b|² would not cancel."""
    exact = export(_bank(dimensions), *SIZE, seed=0).onnx
    data = _int8(exact)
    # in some directions only, what lies beyond them counts in both
    assert 0 <= score(data, _images(1))[0] < score(exact, _images(1))[0] + 0.25
    assert score(data, _spoilt(1))[0] > 1.2


@pytest.mark.parametrize("dimensions", [None, 16, 64])
def test_a_search_in_integers_finds_the_same_distances(dimensions: int | None) -> None:
    """The convolutions as they were: what is left is the rounding of the search alone."""
    model = onnx.load_from_string(export(_bank(dimensions), *SIZE, seed=0).onnx)
    exact = model.SerializeToString()
    opened = Opened.of(model)
    [search] = find_searches(opened)
    data = rewrite(opened, NO_CONVOLUTIONS, {})
    images = np.concatenate([_images(3), _images(5, 80), _spoilt(4)])
    np.testing.assert_allclose(score(data, images), score(exact, images), rtol=0.02, atol=0.05)
    graph = onnx.load_from_string(data).graph
    shapes = {tuple(t.dims) for t in graph.initializer if t.data_type == onnx.TensorProto.INT8}
    assert search.vectors.T.shape in shapes


def _searched(bank: np.ndarray, directions: np.ndarray | None) -> tuple[bytes, bytes]:
    """Squared distances to a bank, in floats and searched in integers; input ``x`` (n, c)."""
    graph = Graph("search")
    turned = "x" if directions is None else graph.matmul("x", directions)
    product = graph.gemm(turned, 2 * bank.T, -np.square(bank).sum(1))
    norms = graph.reduce_sum(graph.multiply("x", "x"), [1])
    graph.output(graph.subtract(norms, graph.reduce_max(product, [1])), "anomaly_score", ())
    graph._inputs.append(helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, ["N", None]))
    model = graph.build()
    return model.SerializeToString(), rewrite(Opened.of(model), NO_CONVOLUTIONS, {})


@pytest.mark.parametrize("c", [8, 64, 152])
@pytest.mark.parametrize("in_part", [False, True])
def test_what_lies_far_beyond_the_bank_stays_far(c: int, in_part: bool) -> None:
    """A byte ends where the bank does. Along an axis that it was turned to, the distance of the
    grossest defect would stand still there, and T1 may lie beyond."""
    rng = np.random.default_rng(c)
    bank = rng.normal(size=(200, c)).astype(np.float32) * 10
    turned_back = np.concatenate([_rotation(c).T, -_rotation(c).T])
    longest = np.linalg.norm(bank - bank.mean(0), axis=1).max()
    far = np.concatenate([bank.mean(0) + turned_back * longest * t for t in (0.5, 1, 2, 20)])
    around = bank[:50] + rng.normal(size=(50, c)) * longest
    x = np.concatenate([far, around, bank]).astype(np.float32)
    directions = None
    if in_part:
        q, _ = np.linalg.qr(rng.normal(size=(c + 8, c + 8)))
        directions = q[:, :c].astype(np.float32)
        x = (x @ directions.T + 5 * rng.normal(size=(len(x), 8)) @ q[:, c:].T).astype(np.float32)
    exact, found = (_run(data, x) for data in _searched(bank, directions))
    exact, noise = np.maximum(exact, 0), 0.02 * longest * longest
    assert (found >= exact / 2 - noise).all()
    assert (found <= exact + np.sqrt(exact) * 0.05 * longest + noise).all()
    assert (found >= -noise).all()


def _run(data: bytes, x: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    return np.asarray(session.run(["anomaly_score"], {"x": x})[0], np.float64)


def test_other_graphs_become_int8_too() -> None:
    """ReLU, max pooling and dense layers, with pixels that start at 0."""
    torch.manual_seed(0)
    network = PlainCnn(Options(), *SIZE)
    data = export(network, *SIZE, seed=0).onnx
    images = np.concatenate([_images(3, 10), _spoilt(3)])
    expected = score(data, images)
    spread = np.ptp(expected)
    np.testing.assert_allclose(score(_int8(data), images), expected, atol=0.2 * spread)
    np.testing.assert_allclose(
        score(to_half(onnx.load_from_string(data)), images), expected, atol=0.02 * spread
    )


def test_a_variant_that_judges_otherwise_is_refused(
    detector: MemoryBank,
    exported: Exported,
    pictures: Pictures,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def upside_down(model: onnx.ModelProto) -> bytes:
        for node in model.graph.node:
            for i, name in enumerate(node.output):
                if name == "anomaly_score":
                    node.output[i] = "was"
        model.graph.node.append(onnx.helper.make_node("Reciprocal", ["was"], ["anomaly_score"]))
        return model.SerializeToString()

    monkeypatch.setattr(build, "to_half", upside_down)
    made = _make(detector, exported, pictures)
    assert [v.name for v in made.variants] == ["fp32", "int8"]
    assert "model-fp16.onnx" not in made.files
    assert "pass by it and fail by fp32" in made.refused["fp16"]
    assert made.record()["refused fp16"] == made.refused["fp16"]


def test_a_graph_without_convolutions_ships_in_fp32_alone() -> None:
    from tests.support.tiny_model import brightness_model

    tiny = brightness_model((64, 64), (16, 16), (0.3, 0.3, 0.3), "N")
    with pytest.raises(Exception, match="no convolution"):
        to_half(tiny)


def _reference(scores: list[float]) -> Reference:
    values = np.array(scores)
    return Reference(values, values, values >= T1, ProposedThresholds(t1=T1, t2=T2))


GOOD_AND_BAD = [0.2, 0.6, 0.7, 0.8, 1.1, 1.5, 2.0, 3.0]


def test_thresholds_follow_the_variants_scale() -> None:
    scores = np.array(GOOD_AND_BAD) + 0.3
    limits, found = compare(scores, _reference(GOOD_AND_BAD))
    assert limits.t1 == pytest.approx(1.3)
    assert limits.t2 == pytest.approx(1.5)
    assert found.same_verdict == 1.0
    assert found.typical_difference == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({0: 5.0}, "1 of 8 validation pictures pass by it and fail by fp32"),
        ({7: 0.1}, "1 of 8 validation pictures pass by it and fail by fp32"),
        ({4: 0.9}, "only 87.5%"),
        ({0: np.nan}, "not all finite"),
    ],
)
def test_refusals(changed: dict[int, float], said: str) -> None:
    scores = np.array(GOOD_AND_BAD)
    for i, value in changed.items():
        scores[i] = value
    with pytest.raises(RefusedError, match=said):
        compare(scores, _reference(GOOD_AND_BAD))


def test_a_move_within_the_review_band_is_let_pass() -> None:
    before = GOOD_AND_BAD * 2
    after = np.array(before)
    after[4] = 0.99  # review before, pass now: 1 of 16
    _, found = compare(after, _reference(before))
    assert found.same_verdict == pytest.approx(15 / 16)


@pytest.mark.parametrize("text", ["int8", "fp32,int4", "", "fp32;int8"])
def test_wrong_names(text: str) -> None:
    with pytest.raises(ConfigError, match="expected fp32"):
        parse_names(text)


def test_names_in_any_order() -> None:
    assert parse_names("int8, fp32") == ("fp32", "int8")


def test_every_shipped_variant_passes_its_golden_check(trained: Trained) -> None:
    for variant in trained.manifest.variants:
        predictor = open_predictor(trained.folder, variant=variant.name)
        assert predictor.golden_difference <= variant.golden.atol
        predictor.close()
    predictor = open_predictor(trained.folder)
    assert predictor.variant == "int8"
    predictor.close()


def test_card_tells_of_each_variant(trained: Trained) -> None:
    text = (trained.folder / "card.md").read_text(encoding="utf-8")
    assert all(f"variant {v.name}: " in text for v in trained.manifest.variants)
    options = trained.manifest.training.options | {"refused fp16": "it fails what fp32 passes"}
    training = trained.manifest.training.model_copy(update={"options": options})
    refused = card(trained.manifest.model_copy(update={"training": training}))
    assert "- variant fp16 is not in the package: it fails what fp32 passes" in refused


def test_manifests_of_before_still_load(trained: Trained) -> None:
    document = json.loads((Path(trained.folder) / "manifest.json").read_bytes())
    for variant in document["variants"]:
        del variant["agreement"]
    manifest = parse_manifest(json.dumps(document), "old")
    assert manifest.variants[0].agreement is None
