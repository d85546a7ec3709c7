"""fp16: the convolutions in half precision, everything else as it was.

Squares of distances leave half precision's range and lose their difference in its
rounding, so the search, the norms and the outputs stay in float32. What goes in is the
same uint8 image, what comes out the same float32.

This variant is meant for GPUs, so the search's maximum is taken in two steps there: cuDNN
reduces a long row by one thread after another (on an H100 118 of a run's 478 µs), an
elementwise maximum of its parts leaves an eighth of the row. A maximum has no rounding.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto

from training.variants.edit import Opened, Rewriting
from training.variants.region import Region, find_region, find_searches

_LARGEST = 65504.0
_MOST_PARTS = 8
"""ONNX Runtime takes the maximum of so many tensors in one launch."""


def to_half(model: onnx.ModelProto) -> bytes:
    """The serialized model; raises InspectorError where the image meets no convolution."""
    opened = Opened.of(model)
    region = find_region(opened)
    new = Rewriting(opened)
    halves = {region.pixels: f"{region.pixels}_h"}
    lengths = {search.largest: len(search.vectors) for search in find_searches(opened)}
    for node in model.graph.node:
        if node.name in lengths:
            _in_parts(node, lengths[node.name], new)
        elif node.name not in region.nodes:
            new.keep(node)
        else:
            _halved(node, opened, region, new, halves)
        if region.pixels in node.output:
            new.node("Cast", [region.pixels], halves[region.pixels], to=TensorProto.FLOAT16)
    return new.serialize()


def _in_parts(maximum: onnx.NodeProto, length: int, new: Rewriting) -> None:
    """Of rows (n, length), as many equal parts as go."""
    count = next(n for n in range(_MOST_PARTS, 0, -1) if length % n == 0)
    if count == 1:
        new.keep(maximum)
        return
    row, axes = maximum.input
    [found] = maximum.output
    sizes = new.constant(f"{found}_sizes", np.full(count, length // count, np.int64))
    parts = [f"{found}_part{place}" for place in range(count)]
    new.split(row, sizes, parts, axis=1)
    shorter = new.node("Max", parts, f"{found}_parts")
    new.copy(maximum, [shorter, axes], found)


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
