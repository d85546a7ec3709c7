"""Tiny valid model packages for tests: brightness as the anomaly, no training, no torch.

``anomaly_map`` is the mean brightness (0..1) of each cell, ``anomaly_score`` its
maximum: a black image scores 0, a white spot that fills a cell scores 1.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

WHITE = 255.0
BRIGHTNESS = (1 / 3, 1 / 3, 1 / 3)
Size: TypeAlias = int | tuple[int, int]
"""An edge, or (height, width)."""


@dataclass
class Draft:
    """A package before it is written; ``tamper`` changes it, checksums follow."""

    model: onnx.ModelProto
    golden: dict[str, np.ndarray]
    manifest: dict[str, Any]


def write_tiny_package(
    folder: Path,
    *,
    size: Size = 64,
    map_size: Size = 16,
    t1: float = 0.5,
    t2: float = 0.8,
    category: str = "tiny",
    version: str = "1",
    weights: tuple[float, float, float] = BRIGHTNESS,
    batch: int | str = "N",
    variants: tuple[str, ...] = ("fp32",),
    aspect: float = 1.0,
    tamper: Callable[[Draft], None] | None = None,
) -> Path:
    """Writes a package into ``folder`` (made if absent) and returns it.

    Args:
        size, map_size: of the input and of the map, pixels; size divides evenly.
        weights: of blue, green and red in the brightness.
        batch: a name for a free batch axis, 1 for a fixed one.
        variants: names under which the same graph is held.
        tamper: called with the draft before checksums are taken and files written.
    """
    hw, map_hw = pair(size), pair(map_size)
    model = brightness_model(hw, map_hw, weights, batch)
    manifest = _manifest(hw, map_hw, category, version, aspect)
    draft = Draft(model, golden_arrays(model, hw), manifest)
    if tamper is not None:
        tamper(draft)
    folder.mkdir(parents=True, exist_ok=True)
    for name in variants:
        draft.manifest["variants"].append(_write_variant(folder, name, draft, t1, t2))
    (folder / "manifest.json").write_text(json.dumps(draft.manifest, indent=2), encoding="utf-8")
    return folder


def pair(size: Size) -> tuple[int, int]:
    """(height, width)."""
    return (size, size) if isinstance(size, int) else size


def brightness_model(
    size: Size,
    map_size: Size,
    weights: tuple[float, float, float] = BRIGHTNESS,
    batch: int | str = "N",
) -> onnx.ModelProto:
    """uint8 (N, *size, 3) BGR -> score (N,), map (N, *map_size)."""
    hw, map_hw = pair(size), pair(map_size)
    cell = [edge // cells for edge, cells in zip(hw, map_hw, strict=True)]
    nodes = [
        helper.make_node("Cast", ["image"], ["real"], to=TensorProto.FLOAT),
        helper.make_node("MatMul", ["real", "weights"], ["gray"]),
        helper.make_node("Transpose", ["gray"], ["plane"], perm=[0, 3, 1, 2]),
        helper.make_node("AveragePool", ["plane"], ["cells"], kernel_shape=cell, strides=cell),
        helper.make_node("Squeeze", ["cells", "channel_axis"], ["map"]),
        helper.make_node("ReduceMax", ["map"], ["score"], axes=[1, 2], keepdims=0),
    ]
    column = np.array(weights, np.float32).reshape(3, 1) / WHITE
    graph = helper.make_graph(
        nodes,
        "brightness",
        [helper.make_tensor_value_info("image", TensorProto.UINT8, [batch, *hw, 3])],
        [
            helper.make_tensor_value_info("score", TensorProto.FLOAT, [batch]),
            helper.make_tensor_value_info("map", TensorProto.FLOAT, [batch, *map_hw]),
        ],
        [
            onnx.numpy_helper.from_array(column, "weights"),
            onnx.numpy_helper.from_array(np.array([1], np.int64), "channel_axis"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def golden_arrays(model: onnx.ModelProto, hw: tuple[int, int]) -> dict[str, np.ndarray]:
    """Two images and what the model says of them, as the golden file holds it."""
    rng = np.random.default_rng(7)
    images = rng.integers(0, 256, (2, *hw, 3), np.uint8)
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    answers = [session.run(["score", "map"], {"image": image[None]}) for image in images]
    return {
        "image": images,
        "anomaly_score": np.concatenate([score for score, _ in answers]),
        "anomaly_map": np.concatenate([values for _, values in answers]),
    }


def _manifest(
    hw: tuple[int, int], map_hw: tuple[int, int], category: str, version: str, aspect: float
) -> dict[str, Any]:
    return {
        "schema_version": 1,
        "category": category,
        "version": version,
        "task": "anomaly",
        "input": {"name": "image", "height": hw[0], "width": hw[1], "aspect": aspect},
        "outputs": [
            {"role": "anomaly_score", "name": "score", "shape": []},
            {"role": "anomaly_map", "name": "map", "shape": list(map_hw)},
        ],
        "score_is_map_max": True,
        "variants": [],
        "threshold_basis": {"method": "by hand", "n_good": 1},
        "data": {"sha256": "0" * 64, "n_images": 1},
        "training": {"method": "brightness", "seed": 0},
        "licence": "MIT",
        "created": "2025-01-01T00:00:00Z",
    }


def _write_variant(folder: Path, name: str, draft: Draft, t1: float, t2: float) -> dict[str, Any]:
    model_file, golden_file = folder / f"model-{name}.onnx", folder / f"golden-{name}.npz"
    model_file.write_bytes(draft.model.SerializeToString())
    np.savez(golden_file, **draft.golden)
    return {
        "name": name,
        "file": model_file.name,
        "sha256": file_sha256(model_file),
        "size_bytes": model_file.stat().st_size,
        "golden": {"file": golden_file.name, "sha256": file_sha256(golden_file), "atol": 1e-5},
        "thresholds": {"t1": t1, "t2": t2},
    }


def tell_apart(package: Path, name: str) -> None:
    """Gives the model file of a variant another checksum than those of its siblings."""
    file = package / f"model-{name}.onnx"
    model = onnx.load(file)
    model.producer_version = name
    onnx.save(model, file)
    place = package / "manifest.json"
    manifest = json.loads(place.read_text(encoding="utf-8"))
    variant = next(v for v in manifest["variants"] if v["name"] == name)
    variant |= {"sha256": file_sha256(file), "size_bytes": file.stat().st_size}
    place.write_text(json.dumps(manifest), encoding="utf-8")


def file_sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
