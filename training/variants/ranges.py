"""Which values the tensors of a graph take on calibration pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper

from inspector.inference.providers import CPU
from inspector.inference.session import open_session


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """Lowest and highest value, and float32 (c,) the mean of each channel."""

    low: float
    high: float
    means: NDArray[np.float32]


def measure_ranges(
    model: onnx.ModelProto, tensors: Sequence[str], images: NDArray[np.uint8]
) -> dict[str, Range]:
    """Over all ``images`` (n, H, W, 3), by name of the tensor (1, c, h, w).

    The lowest and highest, and no percentile: what a good part seldom shows is just what
    tells a defect, and must not be cut off.
    """
    watched = onnx.ModelProto()
    watched.CopyFrom(model)
    held = {output.name for output in model.graph.output}
    watched.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
        for name in dict.fromkeys(tensors)
        if name not in held
    )
    session = open_session(
        watched.SerializeToString(), provider=CPU, threads=None, where="calibration"
    )
    names = list(dict.fromkeys(tensors))
    source = session.get_inputs()[0].name
    found: dict[str, list[Range]] = {name: [] for name in names}
    for i in range(len(images)):
        for name, values in zip(
            names, session.run(names, {source: images[i : i + 1]}), strict=True
        ):
            means = values.mean((0, 2, 3), dtype=np.float64)
            found[name].append(Range(float(values.min()), float(values.max()), means))
    return {name: _joined(each) for name, each in found.items()}


def _joined(each: Sequence[Range]) -> Range:
    means = np.mean([r.means for r in each], axis=0).astype(np.float32)
    return Range(min(r.low for r in each), max(r.high for r in each), means)
