"""From a trained network to the files of a package, checked, and onto the disk at once."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.manifest import GoldenSpec, ModelManifest, OutputSpec
from inspector.errors import InputError, InspectorError
from inspector.inference.package import MANIFEST
from inspector.inference.providers import CPU
from inspector.inference.session import open_session
from inspector.platforms import fsync_folder, write_new
from training.graph import Graph
from training.methods import Network
from training.staging import NEW, move_in, staging

INPUT = "image"
PARITY_ATOL = 1e-3
"""Largest difference allowed between torch and ONNX Runtime; T1 lies at 1."""
GOLDEN_ATOL = 5e-3
"""Largest difference allowed at load, on whatever provider runs in fp32 (or TF32)."""


@dataclass(frozen=True, slots=True)
class Exported:
    """A model file with its golden file.

    Attributes:
        onnx, golden: the bytes of the files.
        outputs: for the manifest.
        difference: the largest found between torch and ONNX Runtime.
    """

    onnx: bytes
    golden: bytes
    outputs: list[OutputSpec]
    difference: float

    def golden_spec(self, file: str) -> GoldenSpec:
        return GoldenSpec(file=file, sha256=sha256(self.golden), atol=GOLDEN_ATOL)


def export(network: Network, height: int, width: int, *, seed: int) -> Exported:
    """The network as one .onnx file that computes what torch computes.

    Raises InspectorError where it does not.
    """
    images = golden_images(height, width, seed)
    expected = dict(zip(network.roles, network.predict(images), strict=True))
    outputs = [
        OutputSpec(role=role, name=role, shape=list(values.shape[1:]))
        for role, values in expected.items()
    ]
    onnx = _graph(network, outputs, height, width)
    found = _run(onnx, images, outputs)
    # np.max, because Python's max may lose a NaN
    difference = float(np.max([np.abs(found[o.name] - expected[o.role]).max() for o in outputs]))
    if not difference <= PARITY_ATOL:
        raise InspectorError(
            f"the exported model differs from the trained one by {difference:.2g}, allowed are"
            f" {PARITY_ATOL:g}: nothing was written; report this as a bug"
        )
    golden = io.BytesIO()
    arrays: dict[str, Any] = {INPUT: images, **found}
    np.savez_compressed(golden, **arrays)
    return Exported(onnx, golden.getvalue(), outputs, difference)


def golden_images(height: int, width: int, seed: int) -> Image:
    """uint8 (3, H, W, 3) BGR: noise, a colour gradient with bars, and a pure-red frame.

    Synthetic, because the pictures of a data set may not be passed on with the model.
    """
    noise = np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)
    y, x = np.mgrid[0:height, 0:width]
    bars = (x // 16 + y // 16) % 2 * 255
    scene = np.stack([x * 255 // width, y * 255 // height, bars], axis=2).astype(np.uint8)
    red = np.zeros((height, width, 3), np.uint8)
    red[..., 2] = 255
    return np.stack([noise, scene, red])


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def manifest_bytes(manifest: ModelManifest) -> bytes:
    document = manifest.model_dump(mode="json")
    return (json.dumps(document, indent=2, ensure_ascii=False) + "\n").encode()


def write_package(folder: Path, files: Mapping[str, bytes], *, replace: bool) -> None:
    """Puts a package at ``folder`` (<root>/<category>/<version>): all of it, or nothing.

    The files are written beside the packages and moved in as one; a package that stands
    there already is moved away only then, and back if that fails.

    Raises InputError where a package stands there and ``replace`` is False, or where the
    disk refuses.
    """
    if folder.exists() and not replace:
        raise InputError(f"{folder} exists: choose another --version, or --force to replace it")
    root = folder.parent.parent
    try:
        root.mkdir(parents=True, exist_ok=True)
        # two levels above a package's place, and so never taken for one
        with staging(root, ".fit-") as staged:
            _write_files(staged / NEW, files)
            move_in(staged, folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written: {error.strerror or error}") from None


def _write_files(folder: Path, files: Mapping[str, bytes]) -> None:
    folder.mkdir()
    # the manifest last: without it a folder is no package
    for name in sorted(files, key=lambda n: (n == MANIFEST, n)):
        write_new(folder / name, files[name])
    fsync_folder(folder)


def _graph(network: Network, outputs: Sequence[OutputSpec], height: int, width: int) -> bytes:
    graph = Graph("anomaly")
    names = network.emit(graph, graph.image_input(INPUT, height, width))
    for output, name in zip(outputs, names, strict=True):
        graph.output(name, output.name, output.shape)
    # deterministic: protobuf does not promise the order of maps otherwise
    data: bytes = graph.build().SerializeToString(deterministic=True)
    return data


def _run(
    onnx: bytes, images: NDArray[np.uint8], outputs: Sequence[OutputSpec]
) -> dict[str, NDArray[np.float32]]:
    session: ort.InferenceSession = open_session(onnx, provider=CPU, threads=None, where="export")
    names = [output.name for output in outputs]
    return dict(zip(names, session.run(names, {INPUT: images}), strict=True))
