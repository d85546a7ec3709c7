"""Crops in, predictions out: colours, coordinates, batches, failures."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper
from onnxruntime.capi import onnxruntime_pybind11_state as native

from inspector.core.geometry import Box, Roi
from inspector.core.inspection import Crop
from inspector.core.manifest import parse_manifest
from inspector.errors import InferenceError, PackageError, ProviderError, StateError
from inspector.inference import predictor as predictor_module
from inspector.inference import providers as providers_module
from inspector.inference.network import PlainRunner
from inspector.inference.predictor import OnnxPredictor, default_variant, open_predictor
from inspector.inference.providers import CPU, CUDA, TENSORRT
from tests.support.tiny_model import Draft, write_tiny_package

RED_ONLY = (0.0, 0.0, 1.0)  # blue, green, red
NO_GPU = providers_module.why_no_cuda()


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> OnnxPredictor:
    """64 px input, 16 px map."""
    return open_predictor(write_tiny_package(tmp_path_factory.mktemp("tiny")))


def gray(height: int, width: int, level: int = 0) -> np.ndarray:
    return np.full((height, width, 3), level, np.uint8)


def test_says_what_it_is(tiny: OnnxPredictor) -> None:
    manifest = tiny.manifest
    assert tiny.model_id == f"tiny@1#{manifest.variants[0].sha256}"
    assert tiny.variant == "fp32"
    assert tiny.thresholds.t1 == 0.5
    assert tiny.input_aspect == 1.0
    assert tiny.golden_difference <= 1e-5
    assert tiny.provider == (CPU if NO_GPU else CUDA)


def test_score_and_map_of_a_known_image(tiny: OnnxPredictor) -> None:
    image = gray(64, 64, 51)
    image[8:12, 20:24] = 255

    (prediction,) = tiny.predict([Crop(image)])

    assert prediction.score == pytest.approx(1.0)
    assert prediction.anomaly_map is not None
    assert prediction.anomaly_map.shape == (16, 16)
    assert prediction.anomaly_map.dtype == np.float32
    assert prediction.anomaly_map[2, 5] == pytest.approx(1.0)
    assert np.sort(prediction.anomaly_map.ravel())[-2] == pytest.approx(0.2)
    assert prediction.class_scores is None
    assert prediction.prepare_ms > 0
    assert prediction.network_ms > 0
    with pytest.raises(ValueError, match="read-only"):
        prediction.anomaly_map[0, 0] = 0


@pytest.mark.parametrize(("bgr", "score"), [((0, 0, 255), 1.0), ((255, 0, 0), 0.0)])
def test_colour_order(tmp_path: Path, bgr: tuple[int, int, int], score: float) -> None:
    predictor = open_predictor(write_tiny_package(tmp_path, weights=RED_ONLY))
    image = gray(64, 64)
    image[:] = bgr

    assert predictor.predict([Crop(image)])[0].score == pytest.approx(score)


@given(
    cell=st.tuples(st.integers(0, 15), st.integers(0, 15)),
    scale=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    corner=st.tuples(st.integers(0, 30), st.integers(0, 30)),
)
def test_a_bright_cell_maps_back_to_its_place(
    tiny: OnnxPredictor, cell: tuple[int, int], scale: tuple[int, int], corner: tuple[int, int]
) -> None:
    roi = Roi(corner[0], corner[1], 64 * scale[0], 64 * scale[1])
    image = gray(300, 320)
    truth = Box(
        roi.x + cell[0] * 4 * scale[0],
        roi.y + cell[1] * 4 * scale[1],
        roi.x + (cell[0] + 1) * 4 * scale[0],
        roi.y + (cell[1] + 1) * 4 * scale[1],
    )
    image[truth.y1 : truth.y2, truth.x1 : truth.x2] = 255

    (prediction,) = tiny.predict([Crop(image, roi)])

    assert prediction.anomaly_map is not None
    y, x = np.unravel_index(int(prediction.anomaly_map.argmax()), (16, 16))
    assert prediction.to_image.box(Box(int(x), int(y), int(x) + 1, int(y) + 1)) == truth


def test_axes_are_not_mixed_up(tmp_path: Path) -> None:
    predictor = open_predictor(write_tiny_package(tmp_path, size=(32, 128), map_size=(4, 32)))
    image = gray(64, 384)
    image[16:32, 36:48] = 255  # map cell: row 1, column 3

    (prediction,) = predictor.predict([Crop(image)])

    assert prediction.anomaly_map is not None
    assert np.unravel_index(int(prediction.anomaly_map.argmax()), (4, 32)) == (1, 3)
    assert prediction.to_image.box(Box(3, 1, 4, 2)) == Box(36, 16, 48, 32)


@pytest.mark.parametrize("batch", ["N", 1])
def test_a_batch_says_what_single_crops_say(tmp_path: Path, batch: int | str) -> None:
    predictor = open_predictor(write_tiny_package(tmp_path, batch=batch))
    image = np.random.default_rng(3).integers(0, 256, (200, 200, 3), np.uint8)
    crops = [Crop(image, Roi(i * 20, i * 10, 64 + 20 * i, 100)) for i in range(4)]

    together = predictor.predict(crops)
    alone = [predictor.predict([crop])[0] for crop in crops]

    assert [p.score for p in together] == pytest.approx([p.score for p in alone])
    assert [p.to_image for p in together] == [p.to_image for p in alone]
    assert len({p.score for p in together}) == 4
    for one, other in zip(together, alone, strict=True):
        np.testing.assert_allclose(one.anomaly_map, other.anomaly_map, atol=1e-6)


def test_no_crops_no_predictions(tiny: OnnxPredictor) -> None:
    assert tiny.predict([]) == []


def test_a_later_call_leaves_earlier_predictions_alone(tiny: OnnxPredictor) -> None:
    (first,) = tiny.predict([Crop(gray(64, 64, 255))])
    tiny.predict([Crop(gray(64, 64, 0))])

    assert first.anomaly_map is not None
    assert first.anomaly_map.min() == pytest.approx(1.0)


def test_without_a_map_the_affine_starts_at_the_input(tmp_path: Path) -> None:
    def no_map(draft: Draft) -> None:
        del draft.manifest["outputs"][1]
        del draft.golden["anomaly_map"]
        draft.manifest["score_is_map_max"] = False

    predictor = open_predictor(write_tiny_package(tmp_path, tamper=no_map))

    (prediction,) = predictor.predict([Crop(gray(300, 300), Roi(10, 20, 128, 256))])

    assert prediction.anomaly_map is None
    assert prediction.to_image.apply(64, 64) == (138.0, 276.0)


@pytest.mark.parametrize(
    ("crop", "reason"),
    [
        (Crop(gray(64, 64), Roi(10, 0, 60, 10)), "leaves the image of 64×64"),
        (Crop(np.zeros((64, 64, 3), np.float32)), "float32"),  # type: ignore[arg-type]
        (Crop(np.zeros((64, 64), np.uint8)), r"uint8 \(64, 64\)"),
        (Crop(np.zeros((64, 64, 4), np.uint8)), r"\(64, 64, 4\)"),
        (Crop(np.zeros((0, 64, 3), np.uint8)), r"\(0, 64, 3\)"),
    ],
)
def test_unusable_crops(tiny: OnnxPredictor, crop: Crop, reason: str) -> None:
    with pytest.raises(InferenceError, match=reason):
        tiny.predict([crop])


class ScriptedSession:
    """Stands in for a session that breaks after its checks."""

    def __init__(self, answer: list[np.ndarray] | Exception) -> None:
        self._answer = answer

    def run(self, names: list[str], inputs: dict[str, Any]) -> list[np.ndarray]:
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


def broken(folder: Path, answer: list[np.ndarray] | Exception) -> OnnxPredictor:
    """A predictor whose session answers with that from now on."""
    predictor = open_predictor(write_tiny_package(folder))
    runner = predictor._network._network._runner
    assert isinstance(runner, PlainRunner)
    runner._session = ScriptedSession(answer)
    return predictor


@pytest.mark.parametrize(
    "error", [native.Fail("CUDA failure 700\nmore"), native.RuntimeException("x"), MemoryError()]
)
def test_a_failing_run(tmp_path: Path, error: Exception) -> None:
    predictor = broken(tmp_path, error)

    with pytest.raises(InferenceError, match=r"model tiny@1 failed on \w+: ") as caught:
        predictor.predict([Crop(gray(64, 64))])

    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("score", "anomaly_map", "reason"),
    [((1, 1), (1, 16, 16), r"anomaly_score has the shape \(1, 1\)"),
     ((1,), (1, 8, 8), r"anomaly_map has the shape \(1, 8, 8\)")],
)  # fmt: skip
def test_another_output_shape_at_run_time(
    tmp_path: Path, score: tuple[int, ...], anomaly_map: tuple[int, ...], reason: str
) -> None:
    answer = [np.zeros(score, np.float32), np.zeros(anomaly_map, np.float32)]
    predictor = broken(tmp_path, answer)

    with pytest.raises(InferenceError, match=reason):
        predictor.predict([Crop(gray(64, 64))])


def test_nan_is_handed_on_as_it_is(tmp_path: Path) -> None:
    answer = [np.full(1, np.nan, np.float32), np.full((1, 16, 16), np.nan, np.float32)]
    predictor = broken(tmp_path, answer)

    assert np.isnan(predictor.predict([Crop(gray(64, 64))])[0].score)


def test_closed(tmp_path: Path) -> None:
    predictor = open_predictor(write_tiny_package(tmp_path))
    predictor.close()
    predictor.close()

    with pytest.raises(StateError):
        predictor.predict([Crop(gray(64, 64))])


@pytest.mark.parametrize(
    ("held", "provider", "chosen"),
    [
        (("fp32",), CPU, "fp32"),
        (("fp32", "fp16", "int8"), CPU, "int8"),
        (("fp32", "fp16", "int8"), CUDA, "fp16"),
        (("int8", "fp32"), CUDA, "fp32"),
        (("fp32", "fp16", "int8"), TENSORRT, "fp16"),
        (("fp16",), CPU, "fp16"),
    ],
)
def test_default_variant(tmp_path: Path, held: tuple[str, ...], provider: str, chosen: str) -> None:
    folder = write_tiny_package(tmp_path, variants=held)
    manifest = parse_manifest((folder / "manifest.json").read_bytes(), "m")

    assert default_variant(manifest, provider) == chosen


def test_a_variant_that_is_not_held(tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="no variant 'int8', only: fp32"):
        open_predictor(write_tiny_package(tmp_path), variant="int8")


@pytest.mark.skipif(NO_GPU is None, reason="there is a GPU here")
def test_a_required_gpu_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProviderError, match=r"a GPU is required, but .*: mend that or allow"):
        open_predictor(write_tiny_package(tmp_path), require_gpu=True)


@pytest.mark.skipif(NO_GPU is None, reason="there is a GPU here")
@pytest.mark.filterwarnings("ignore")
def test_a_silent_fallback_is_noticed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With a driver found but CUDA unusable, onnxruntime itself goes on without a word."""
    monkeypatch.setattr(predictor_module, "why_no_cuda", lambda: None)
    monkeypatch.setattr(ort, "preload_dlls", lambda: None)
    folder = write_tiny_package(tmp_path)

    with pytest.raises(ProviderError, match="a GPU is required, but CUDA cannot be used"):
        open_predictor(folder, require_gpu=True)
    assert open_predictor(folder).provider == CPU


def test_a_machine_without_a_gpu_is_quiet(tmp_path: Path) -> None:
    folder = write_tiny_package(tmp_path)
    code = (
        "import sys; from pathlib import Path;"
        "from inspector.inference.predictor import open_predictor;"
        "open_predictor(Path(sys.argv[1]))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, folder], capture_output=True, text=True, check=True
    )

    assert (done.stdout, done.stderr) == ("", "")


def test_the_same_image_gives_the_same_bits(tmp_path: Path) -> None:
    folder = write_tiny_package(tmp_path, size=128, map_size=32)
    image = np.random.default_rng(1).integers(0, 256, (500, 700, 3), np.uint8)

    maps = [
        open_predictor(folder, threads=2).predict([Crop(image)])[0].anomaly_map for _ in range(2)
    ]

    np.testing.assert_array_equal(maps[0], maps[1])


def test_a_part_that_is_not_located_has_a_fault_and_no_score(tmp_path, monkeypatch):
    from inspector.vision.fixture import prepare

    def only_bright(image, spec, height, width):
        return prepare(image, spec, height, width) if image.mean() > 100 else None

    monkeypatch.setattr(predictor_module, "prepare", only_bright)
    with_fixture = open_predictor(write_tiny_package(tmp_path))
    images = [np.full((64, 64, 3), level, np.uint8) for level in (20, 200, 30, 150)]
    found = with_fixture.predict([Crop(image) for image in images])
    assert [p.fault for p in found] == [
        predictor_module.NOT_LOCATED,
        None,
        predictor_module.NOT_LOCATED,
        None,
    ]
    assert [math.isnan(p.score) for p in found] == [True, False, True, False]
    # answers go to the crops they belong to, not to their places in the batch
    assert found[1].score > found[3].score
    assert with_fixture.predict([Crop(images[0])])[0].fault == predictor_module.NOT_LOCATED


def _two_types(draft: Draft) -> None:
    """Adds class scores: the score itself is that of "scratch", its rest that of "dent"."""
    graph = draft.model.graph
    graph.node.extend(
        [
            helper.make_node("Neg", ["score"], ["minus"]),
            helper.make_node("Unsqueeze", ["score", "channel_axis"], ["first"]),
            helper.make_node("Unsqueeze", ["minus", "channel_axis"], ["second"]),
            helper.make_node("Concat", ["first", "second"], ["types"], axis=1),
        ]
    )
    graph.output.append(helper.make_tensor_value_info("types", TensorProto.FLOAT, ["N", 2]))
    scores = draft.golden["anomaly_score"]
    draft.golden["class_scores"] = np.stack([scores, -scores], axis=1)
    draft.manifest["outputs"].append({"role": "class_scores", "name": "types", "shape": [2]})


@pytest.mark.parametrize(
    ("labels", "named"), [(["scratch", "dent"], "scratch"), ([], None), (["a", "b", "c"], "a")]
)
def test_the_type_of_the_highest_class_score_is_named(
    tmp_path: Path, labels: list[str], named: str | None
) -> None:
    def tamper(draft: Draft) -> None:
        _two_types(draft)
        draft.manifest["labels"] = labels

    predictor = open_predictor(write_tiny_package(tmp_path / "tiny", tamper=tamper))
    (prediction,) = predictor.predict([Crop(gray(64, 64, 51))])
    assert prediction.defect_type == named
    predictor.close()
