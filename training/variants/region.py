"""What of a graph may be computed more coarsely: its convolutions from the image on, and
searches for the nearest of constant vectors. All else (pooled features, heads, distances,
probabilities) is cheap, and stays in float32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import onnx
from numpy.typing import NDArray

from inspector.errors import InspectorError
from training.variants.edit import Opened

_ON_FEATURES = frozenset({"Clip", "Relu", "MaxPool"})
HEAD_CHANNELS = 32
"""A last convolution with fewer outputs is a head: next to no work, and its values are read."""


@dataclass(frozen=True, slots=True)
class Region:
    """Convolutions and what lies between them.

    Attributes:
        pixels: the float tensor that the first convolution reads.
        scale, zero: pixels are (byte − zero) · scale.
        axes: of the transposition from (N, H, W, 3), between the bytes and ``pixels``.
        before: names of the nodes between the image and ``pixels``.
        nodes: names of the region's nodes.
        tensors: that these nodes make, in their order.
    """

    pixels: str
    scale: float
    zero: float
    axes: tuple[int, ...]
    before: frozenset[str]
    nodes: frozenset[str]
    tensors: tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Search:
    """max(2x·b − |b|²) over constant vectors b, which is taken from a squared length.

    Attributes:
        vectors: float32 (k, c), the vectors b.
        x: the tensor (n, c) that is searched for.
        product: name of the node that multiplies.
        largest: name of the node that finds the maximum of each row.
    """

    vectors: NDArray[np.float32]
    x: str
    product: str
    largest: str


def find_region(opened: Opened) -> Region:
    """Raises InspectorError for a graph that has no convolution of the image."""
    pixels, scale, zero, axes, before = _pixels(opened)
    inside: dict[str, str] = {pixels: ""}
    for node in opened.model.graph.node:
        if _belongs(node, inside, opened):
            inside[node.output[0]] = node.name
    for head in _heads(inside, opened):
        del inside[head]
    del inside[pixels]
    return Region(pixels, scale, zero, axes, before, frozenset(inside.values()), tuple(inside))


def _pixels(opened: Opened) -> tuple[str, float, float, tuple[int, ...], frozenset[str]]:
    """Follows the image to the first convolution: a cast, constants, one transposition."""
    name, scale, offset, axes = opened.image, 1.0, 0.0, (0, 1, 2, 3)
    before: set[str] = set()
    while True:
        readers = opened.read_by(name)
        if not readers or len({r.op_type for r in readers}) != 1:
            break
        node = readers[0]
        if node.op_type == "Conv":
            return name, scale, -offset / scale, axes, frozenset(before)
        if len(readers) != 1 or node.op_type not in ("Cast", "Add", "Mul", "Transpose"):
            break
        if node.op_type == "Transpose":
            axes = tuple(next(a for a in node.attribute if a.name == "perm").ints)
        value = _scalar(node, opened)
        if node.op_type == "Add":
            offset += value
        elif node.op_type == "Mul":
            scale, offset = scale * value, offset * value
        before.add(node.name)
        name = node.output[0]
    raise InspectorError("the image goes into no convolution: only fp32 can be made of this graph")


def _scalar(node: onnx.NodeProto, opened: Opened) -> float:
    for name in node.input:
        if name in opened.constants and opened.constants[name].size == 1:
            return float(opened.constants[name].reshape(-1)[0])
    return 0.0


def _belongs(node: onnx.NodeProto, inside: dict[str, str], opened: Opened) -> bool:
    rest = node.input[1:]
    if node.op_type == "Add":
        return all(name in inside for name in node.input)
    constant = all(name in opened.constants for name in rest)
    known = node.op_type == "Conv" or node.op_type in _ON_FEATURES
    return known and node.input[0] in inside and constant


def _heads(inside: dict[str, str], opened: Opened) -> list[str]:
    names = set(inside.values())
    return [
        tensor
        for tensor in inside
        if (node := opened.makers.get(tensor)) is not None
        and node.op_type == "Conv"
        and node.name in names
        and len(opened.constants[node.input[1]]) < HEAD_CHANNELS
        and not any(reader.name in names for reader in opened.read_by(tensor))
    ]


def find_searches(opened: Opened) -> list[Search]:
    """Recognised by their numbers too: a product is a search where its bias is −|b|²."""
    found = []
    for node in opened.model.graph.node:
        if node.op_type != "Gemm" or not all(n in opened.constants for n in node.input[1:]):
            continue
        readers = opened.read_by(node.output[0])
        if [r.op_type for r in readers] != ["ReduceMax"] or not _of_rows(readers[0], opened):
            continue
        vectors = (opened.constants[node.input[1]].T / 2.0).astype(np.float32)
        if np.allclose(opened.constants[node.input[2]], -np.square(vectors).sum(1), rtol=1e-4):
            x = node.input[0]
            if _has_length(x, opened) or _is_turned(x, opened):
                found.append(Search(vectors, x, node.name, readers[0].name))
    return found


def _of_rows(reduction: onnx.NodeProto, opened: Opened) -> bool:
    """Whether (n, k) becomes (n,)."""
    axes = opened.constants.get(reduction.input[1]) if len(reduction.input) > 1 else None
    kept = next((a.i for a in reduction.attribute if a.name == "keepdims"), 1)
    return axes is not None and axes.tolist() == [1] and kept == 0


def _has_length(x: str, opened: Opened) -> bool:
    return any(r.op_type == "Mul" and list(r.input) == [x, x] for r in opened.read_by(x))


def _is_turned(x: str, opened: Opened) -> bool:
    """Whether ``x`` is something in orthonormal directions: then it is no longer than that."""
    maker = opened.makers.get(x)
    if maker is None or maker.op_type != "MatMul" or maker.input[1] not in opened.constants:
        return False
    directions = opened.constants[maker.input[1]]
    product = directions.T @ directions
    return directions.ndim == 2 and np.allclose(product, np.eye(len(product)), atol=1e-4)
