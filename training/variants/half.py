"""fp16: the convolutions in half precision, everything else as it was.

Squares of distances leave half precision's range and lose their difference in its
rounding, so the search, the norms and the outputs stay in float32. What goes in is the
same uint8 image, what comes out the same float32.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from training.variants.edit import Opened, Rewriting
from training.variants.region import Region, find_region

_LARGEST = 65504.0


def to_half(model: onnx.ModelProto) -> bytes:
    """The serialized model; raises InspectorError where the image meets no convolution."""
    opened = Opened.of(model)
    region = find_region(opened)
    new = Rewriting(opened)
    halves = {region.pixels: f"{region.pixels}_h"}
    for node in model.graph.node:
        if node.name not in region.nodes:
            new.keep(node)
        else:
            _halved(node, opened, region, new, halves)
        if region.pixels in node.output:
            new.node("Cast", [region.pixels], halves[region.pixels], to=TensorProto.FLOAT16)
    return new.serialize()


def _halved(
    node: onnx.NodeProto, opened: Opened, region: Region, new: Rewriting, halves: dict[str, str]
) -> None:
    inputs = [halves.get(name) or _constant(name, opened, new) for name in node.input]
    [tensor] = node.output
    halves[tensor] = new.copy(node, inputs, f"{tensor}_h")
    if any(reader.name not in region.nodes for reader in opened.read_by(tensor)):
        new.node("Cast", [halves[tensor]], tensor, to=TensorProto.FLOAT)


def _constant(name: str, opened: Opened, new: Rewriting) -> str:
    value = opened.constants[name]
    if value.dtype != np.float32:
        return name
    half = np.clip(value, -_LARGEST, _LARGEST).astype(np.float16)
    return new.constant(f"{name}_h", half)
