"""What each option of ONNX Runtime's CUDA provider buys, on one package; needs a GPU.

``python tests/benchmarks/cuda_options.py models/metal_nut/1 [--variant fp16] [--json FILE]``:
every option set gets a session of its own for each batch size, buffers bound once, and the
same pictures; their runs are timed in turns, round after round, so that drift meets all alike.
Printed are medians in ms by batch size, and the largest difference from the golden outputs.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort

from inspector.core.execution import Execution
from inspector.core.manifest import ModelManifest
from inspector.errors import ProviderError
from inspector.inference.golden import Golden, largest_difference
from inspector.inference.package import Package, load_package
from inspector.inference.providers import CUDA, cuda_options
from inspector.inference.session import ORT_ERRORS, open_session

SIZES = (1, 8)
ROUNDS = 300
WARM_UP = 20

SETS: dict[str, dict[str, str]] = {
    "station": {},
    "no graph": {"enable_cuda_graph": "0"},
    "search by trial": {"cudnn_conv_algo_search": "EXHAUSTIVE"},
    "NHWC": {"prefer_nhwc": "1"},
    "NHWC, by trial": {"prefer_nhwc": "1", "cudnn_conv_algo_search": "EXHAUSTIVE"},
    "fused bias": {"fuse_conv_bias": "1"},
    "NHWC, fused bias": {"prefer_nhwc": "1", "fuse_conv_bias": "1"},
    "TF32": {"use_tf32": "1"},
}


class Bound:
    """A session with its input and outputs on the device, for one batch size."""

    def __init__(self, session: ort.InferenceSession, manifest: ModelManifest, size: int) -> None:
        self.size, spec = size, manifest.input
        self._session, self._binding = session, session.io_binding()
        self._taken = ort.OrtValue.ortvalue_from_shape_and_type(
            [size, spec.height, spec.width, 3], np.uint8, "cuda", 0
        )
        self._binding.bind_ortvalue_input(spec.name, self._taken)
        self._outputs = [
            ort.OrtValue.ortvalue_from_shape_and_type([size, *o.shape], np.float32, "cuda", 0)
            for o in manifest.outputs
        ]
        for output, value in zip(manifest.outputs, self._outputs, strict=True):
            self._binding.bind_ortvalue_output(output.name, value)

    def show(self, images: np.ndarray) -> None:
        self._taken.update_inplace(np.ascontiguousarray(images))

    def run(self) -> float:
        start = time.perf_counter_ns()
        self._session.run_with_iobinding(self._binding)
        return (time.perf_counter_ns() - start) / 1e6

    def found(self) -> list[np.ndarray]:
        return [value.numpy() for value in self._outputs]


def opened(model: bytes, changed: Mapping[str, str]) -> ort.InferenceSession:
    options = cuda_options(Execution(), graph=True) | dict(changed)
    return open_session(model, provider=CUDA, options=options, threads=None, where="benchmark")


def bound(model: bytes, manifest: ModelManifest, size: int, changed: Mapping[str, str]) -> Bound:
    """Warmed up; a session for each size, see ``inspector.inference.sized``."""
    made = Bound(opened(model, changed), manifest, size)
    for _ in range(WARM_UP):
        made.run()
    return made


def off(package: Package, variant: str, bound: Bound) -> float:
    """Of the golden outputs; one run with each golden picture."""
    golden = package.golden(variant)
    return max(
        difference(package.manifest, golden, place, bound) for place in range(len(golden.images))
    )


def difference(manifest: ModelManifest, golden: Golden, place: int, bound: Bound) -> float:
    bound.show(golden.images[place][None])
    bound.run()
    return max(
        largest_difference(golden.outputs[output.role][place : place + 1], found)
        for output, found in zip(manifest.outputs, bound.found(), strict=True)
    )


def in_turns(held: Mapping[str, Bound], images: np.ndarray) -> dict[str, float]:
    """Medians, ms."""
    times: dict[str, list[float]] = {name: [] for name in held}
    for each in held.values():
        each.show(images[: each.size])
    for _ in range(ROUNDS):
        for name, found in times.items():
            found.append(held[name].run())
    return {name: round(float(np.median(found)), 4) for name, found in times.items()}


def measure(package: Package, variant: str) -> dict[str, dict[str, Any]]:
    model, result = package.variant_bytes(variant), {}
    held: dict[str, Bound] = {}
    for name, changed in SETS.items():
        began = time.perf_counter()
        try:
            made = {f"{name}, {s}": bound(model, package.manifest, s, changed) for s in SIZES}
            golden = off(package, variant, made[f"{name}, {SIZES[0]}"])
        except (*ORT_ERRORS, ProviderError) as error:
            result[name] = {"problem": str(error)[:300]}
            continue
        held |= made
        result[name] = {"ready_s": round(time.perf_counter() - began, 2), "golden": golden}
    images = pictures(package.manifest, max(SIZES))
    for name, median in in_turns(held, images).items():
        place, _, size = name.rpartition(", ")
        result[place][f"p50_{size}"] = median
    result["session.run"] = plain(package, variant, images)
    return result


def pictures(manifest: ModelManifest, count: int) -> np.ndarray:
    shape = (count, manifest.input.height, manifest.input.width, 3)
    return np.random.default_rng(0).integers(0, 256, shape, np.uint8)


def plain(package: Package, variant: str, images: np.ndarray) -> dict[str, float]:
    """What anybody would write first: ONNX Runtime's own options, arrays in and out."""
    session = open_session(
        package.variant_bytes(variant), provider=CUDA, threads=None, where="benchmark"
    )
    name = package.manifest.input.name
    result = {}
    for size in SIZES:
        found = []
        for _ in range(WARM_UP + ROUNDS // 3):
            start = time.perf_counter_ns()
            session.run(None, {name: images[:size]})
            found.append((time.perf_counter_ns() - start) / 1e6)
        result[f"p50_{size}"] = round(float(np.median(found[WARM_UP:])), 4)
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("package", type=Path)
    parser.add_argument("--variant", default="fp16")
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found = measure(load_package(asked.package), asked.variant)
    for name, row in found.items():
        print(f"{name:18}", row)
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
