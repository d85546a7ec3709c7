"""The variants of a package: made, compared with fp32, and kept or refused."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray

from inspector.core.frame import Image
from inspector.core.manifest import GoldenSpec, ProposedThresholds, Variant
from inspector.errors import ConfigError, InspectorError
from inspector.inference.providers import CPU
from inspector.inference.session import open_session
from training.export import GOLDEN_ATOL, INPUT, Exported, sha256
from training.methods import Network, Report
from training.variants.agreement import Reference, RefusedError, compare, measured, score
from training.variants.half import to_half
from training.variants.integer import tensors_to_calibrate, to_int8
from training.variants.ranges import measure_ranges
from training.variants.show import REFUSED

Name = Literal["fp32", "fp16", "int8"]
NAMES: tuple[Name, ...] = ("fp32", "fp16", "int8")
_BATCH = 8
_KERNELS = 4.0
"""A golden tolerance is this many times what other kernels were seen to differ by."""
_LEAST_ATOL = 0.02
_LARGEST_ATOL = 0.25
"""Beyond this a golden check would prove nothing; T1 lies at 1 in most packages."""

_Outputs = Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Inputs of the network: uint8 (n, H, W, 3) BGR.

    Attributes:
        calibration: good training pictures, which set the scales of int8.
        validation: good and defective (or spoilt) ones that the model was not made of.
        defective: bool, of the validation pictures.
    """

    calibration: Image
    validation: Image
    defective: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Made:
    """For the manifest, for the package, and why what is missing is missing.

    Attributes:
        files: by name.
        refused: reasons by name of the variant.
    """

    variants: list[Variant]
    files: dict[str, bytes]
    refused: dict[str, str]

    def record(self) -> dict[str, str]:
        """For the manifest's ``training.options``."""
        return {f"{REFUSED}{name}": reason for name, reason in self.refused.items()}


def parse_names(text: str) -> tuple[Name, ...]:
    """``fp32,int8`` in any order; raises ConfigError. fp32 is what the others are held to."""
    wanted = {name.strip() for name in text.split(",")}
    if "fp32" not in wanted or not wanted <= set(NAMES):
        raise ConfigError(
            f"--variants {text}: expected fp32 and any of fp16, int8, separated by commas"
        )
    return tuple(name for name in NAMES if name in wanted)


def make_variants(
    network: Network,
    exported: Exported,
    thresholds: ProposedThresholds,
    pictures: Pictures,
    *,
    wanted: Sequence[Name],
    report: Report,
) -> Made:
    """fp32 as it was exported, and what is made of it and judges alike."""
    report("variants", 0.0)
    reference = Reference(
        trained=_trained(network, pictures.validation),
        exported=score(exported.onnx, pictures.validation),
        defective=pictures.defective,
        thresholds=thresholds,
    )
    made = Made([_fp32(exported, reference)], _files("fp32", exported.onnx, exported.golden), {})
    for i, name in enumerate(wanted):
        if name != "fp32":
            try:
                _add(name, exported, reference, pictures, made)
            except RefusedError as reason:
                made.refused[name] = str(reason)
        report("variants", (i + 1) / len(wanted))
    return made


def _fp32(exported: Exported, reference: Reference) -> Variant:
    return _variant(
        "fp32", exported.onnx, exported.golden, GOLDEN_ATOL, reference.thresholds
    ).model_copy(update={"agreement": measured(reference.exported, reference, 1.0)})


def _add(
    name: Name, exported: Exported, reference: Reference, pictures: Pictures, made: Made
) -> None:
    onnx_bytes = _converted(name, exported.onnx, pictures)
    scores = score(onnx_bytes, pictures.validation)
    thresholds, agreement = compare(scores, reference)
    golden, atol = _golden(onnx_bytes, exported)
    variant = _variant(name, onnx_bytes, golden, atol, thresholds)
    made.variants.append(variant.model_copy(update={"agreement": agreement}))
    made.files.update(_files(name, onnx_bytes, golden))


def _converted(name: Name, data: bytes, pictures: Pictures) -> bytes:
    model = onnx.load_from_string(data)
    try:
        if name == "fp16":
            return to_half(model)
        ranges = measure_ranges(model, tensors_to_calibrate(model), pictures.calibration)
        return to_int8(model, ranges)
    except InspectorError as error:
        raise RefusedError(str(error)) from None


def _golden(onnx_bytes: bytes, exported: Exported) -> tuple[bytes, float]:
    """The variant's own golden file, and how far other processors may be off.

    What cannot be measured here is bounded by what can: the same file without ONNX
    Runtime's optimiser runs other kernels (floats between roundings, where the fast ones
    compute in integers), and fp32 differs from fp16 by all of fp16's rounding.
    """
    with np.load(io.BytesIO(exported.golden)) as held:
        images = held[INPUT]
        names = [name for name in held.files if name != INPUT]
        fp32 = {name: held[name] for name in names}
    found = _run(onnx_bytes, images, names, optimised=True)
    other = _run(onnx_bytes, images, names, optimised=False)
    spread = _largest(found, other) or _largest(found, fp32)
    atol = max(_LEAST_ATOL, _KERNELS * spread)
    if atol > _LARGEST_ATOL:
        raise RefusedError(
            f"two ways to compute it differ by {spread:.2g} on the golden pictures, so that no"
            " golden check could tell a wrong result"
        )
    file = io.BytesIO()
    arrays: dict[str, Any] = {INPUT: images, **found}
    np.savez_compressed(file, **arrays)
    return file.getvalue(), float(f"{atol:.1e}")


def _run(
    data: bytes, images: NDArray[np.uint8], names: Sequence[str], *, optimised: bool
) -> dict[str, NDArray[np.float32]]:
    if optimised:
        session = open_session(data, provider=CPU, threads=None, where="variant")
    else:
        options = ort.SessionOptions()
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        session = ort.InferenceSession(data, options, providers=[CPU])
    return dict(zip(names, session.run(list(names), {INPUT: images}), strict=True))


def _largest(a: _Outputs, b: _Outputs) -> float:
    # np.max, because Python's max may lose a NaN
    return float(np.max([np.abs(a[name] - b[name]).max() for name in a]))


def _trained(network: Network, images: Image) -> NDArray[np.float64]:
    parts = [network.predict(images[i : i + _BATCH])[0] for i in range(0, len(images), _BATCH)]
    return np.concatenate(parts).astype(np.float64)


def _variant(
    name: Name, data: bytes, golden: bytes, atol: float, thresholds: ProposedThresholds
) -> Variant:
    return Variant(
        name=name,
        file=_model_file(name),
        sha256=sha256(data),
        size_bytes=len(data),
        golden=GoldenSpec(file=_golden_file(name), sha256=sha256(golden), atol=atol),
        thresholds=thresholds,
    )


def _files(name: Name, data: bytes, golden: bytes) -> dict[str, bytes]:
    return {_model_file(name): data, _golden_file(name): golden}


def _model_file(name: Name) -> str:
    return f"model-{name}.onnx"


def _golden_file(name: Name) -> str:
    return f"golden-{name}.npz"
