"""int8: convolutions and nearest-neighbour searches in integers, as QDQ pairs.

Activations are uint8 with one scale a tensor, taken from calibration pictures; weights are
int8 with one scale an output (Jacob et al., CVPR 2018). Weights of products use seven bits
only: a pair of 7-bit by 8-bit products fits the 16 bits in which processors without VNNI add
them (ONNX Runtime, "Quantize ONNX models"), so that integer sums are exact everywhere, and
every processor gives nearly the same.

Not ``onnxruntime.quantization``: it would round the bank and the norms of a search
separately, so that |x|² − 2x·b + |b|² is no distance any more, and it works through
temporary files that newer versions of onnx refuse.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import onnx
from numpy.typing import NDArray

from inspector.errors import InspectorError
from training.variants.edit import Opened, Rewriting
from training.variants.ranges import Range
from training.variants.region import Region, Search, find_region, find_searches

_PAIRED_MAX = 63
_SINGLE_MAX = 127
_BYTE_MAX = 255
_BIAS_MAX = 2.0**30

_Scale = NDArray[np.float32]


def tensors_to_calibrate(model: onnx.ModelProto) -> list[str]:
    """Whose ranges ``to_int8`` wants to know."""
    opened = Opened.of(model)
    region = find_region(opened)
    return [region.pixels, *region.tensors]


def to_int8(model: onnx.ModelProto, ranges: Mapping[str, Range]) -> bytes:
    """The serialized model; raises InspectorError where the image meets no convolution."""
    opened = Opened.of(model)
    return rewrite(opened, find_region(opened), ranges)


def rewrite(opened: Opened, region: Region, ranges: Mapping[str, Range]) -> bytes:
    """The serialized model with the region and all searches in integers."""
    writer = _Writer(opened, region, ranges)
    found = find_searches(opened)
    searches = {s.product: s for s in found}
    maxima = {s.largest: s for s in found}
    for node in opened.model.graph.node:
        if node.name in region.nodes:
            writer.convolve(node)
        elif node.name in searches:
            writer.search(node, searches[node.name])
        elif node.name in maxima:
            writer.exchange_lengths(node, maxima[node.name])
        elif node.name not in region.before:
            writer.new.keep(node)
        if node.name in region.before and region.pixels in node.output:
            writer.pixels()
    return writer.new.serialize()


class _Writer:
    """A quantised tensor keeps its name for whoever reads it as floats."""

    def __init__(self, opened: Opened, region: Region, ranges: Mapping[str, Range]) -> None:
        self.new = Rewriting(opened)
        self._opened, self._region, self._ranges = opened, region, ranges
        self._scales: dict[str, np.float32] = {}
        self._zeros: dict[str, int] = {}

    def pixels(self) -> None:
        """The image's own bytes are the quantised input: nothing is rounded, or converted."""
        region, name = self._region, self._region.pixels
        zero = round(region.zero)
        if abs(region.zero - zero) > 1e-4 or not 0 <= zero <= _BYTE_MAX:
            raise InspectorError(f"pixels are shifted by {region.zero:g}, which is no whole byte")
        turned = self.new.node(
            "Transpose", [self._opened.image], f"{name}_q", perm=list(region.axes)
        )
        self._pair(name, np.float32(region.scale), zero)
        self.new.node("DequantizeLinear", [turned, f"{name}_s", f"{name}_z"], name)

    def convolve(self, node: onnx.NodeProto) -> None:
        """A node of the region; Clip and Relu become the limits of what they follow."""
        [tensor] = node.output
        if node.op_type in ("Clip", "Relu") and self._limits(node):
            return
        inputs = list(node.input)
        if node.op_type == "Conv":
            inputs = self._weights(node)
        limited = self._activation_after(node)
        self.new.copy(node, inputs, f"{tensor}_f")
        self._quantise(
            f"{tensor}_f", limited or tensor, tensor if node.op_type == "MaxPool" else ""
        )

    def search(self, node: onnx.NodeProto, search: Search) -> None:
        """Centred and turned at random first, so that one scale suits all dimensions.

        Norms are those of the rounded vectors on both sides (``exchange_lengths``): what is
        left of the rounding is a distance between points that moved a little, and never
        negative.
        """
        c = search.vectors.shape[1]
        name, mean = search.product, search.vectors.mean(0)
        turn = _rotation(c)
        bias = self.new.constant(f"{name}_shift", (-mean @ turn).astype(np.float32))
        matrix = self.new.constant(f"{name}_turn", turn)
        x = self.new.node("Gemm", [search.x, matrix, bias], f"{name}_x_f")
        vectors = (search.vectors - mean) @ turn
        self._pair(f"{name}_x", np.float32(_largest_turned(vectors) / 127.0), 128)
        self._linear(x, f"{name}_x")
        scales = np.maximum(np.abs(vectors).max(1), 1e-6) / _PAIRED_MAX
        rounded = np.rint(vectors / scales[:, None]).astype(np.int8)
        norms = np.square(rounded * scales[:, None]).sum(1)
        doubled = (2.0 * scales).astype(np.float32)
        weight = self._constant_pair(f"{name}_b", rounded.T, doubled, axis=1)
        added = self._bias(f"{name}_c", -norms, self._scales[f"{name}_x"] * doubled, axis=0)
        self.new.node("Gemm", [f"{name}_x", weight, added], node.output[0])

    def exchange_lengths(self, node: onnx.NodeProto, search: Search) -> None:
        """In the squared length that the maximum is taken from, the rounded vector's and what
        it was cut off by take the place of the exact one's.

        A byte ends where the bank does, more or less: without the rest, no distance along a
        turned axis would grow any more from there on, and the grossest defect might pass.
        Since the bank lies inside, |x − b|² is at least the sum of the two and at most twice
        that.
        """
        name = search.product
        exact = self._squared_length(search.x, f"{name}_exact")
        rounded = self._squared_length(f"{name}_x", f"{name}_rounded")
        beyond = self._squared_length(self._cut_off(f"{name}_x"), f"{name}_beyond")
        self.new.copy(node, node.input, f"{name}_most")
        kept = self.new.node("Sub", [f"{name}_most", rounded], f"{name}_left")
        nearer = self.new.node("Add", [kept, exact], f"{name}_near")
        self.new.node("Sub", [nearer, beyond], node.output[0])

    def _cut_off(self, x: str) -> str:
        """Of the floats that ``search`` rounds: what lies beyond the last byte."""
        limit = 127.0 * self._scales[x]
        ends = [
            self.new.constant(f"{x}_{name}", np.array(end, np.float32))
            for name, end in (("low", -limit), ("high", limit))
        ]
        inside = self.new.node("Clip", [f"{x}_f", *ends], f"{x}_inside")
        return self.new.node("Sub", [f"{x}_f", inside], f"{x}_outside")

    def _squared_length(self, x: str, name: str) -> str:
        square = self.new.node("Mul", [x, x], f"{name}_square")
        axis = self.new.constant(f"{name}_axis", np.array([1], np.int64))
        return self.new.node("ReduceSum", [square, axis], name, keepdims=0)

    def _limits(self, node: onnx.NodeProto) -> bool:
        maker = self._opened.makers.get(node.input[0])
        return maker is not None and self._activation_after(maker) == node.output[0]

    def _activation_after(self, node: onnx.NodeProto) -> str | None:
        """The output of the Clip or Relu that alone reads ``node``, where 0 is its least."""
        readers = self._opened.read_by(node.output[0])
        if node.name not in self._region.nodes or len(readers) != 1:
            return None
        [reader] = readers
        if reader.op_type == "Clip":
            if self._opened.constants[reader.input[1]].any():
                return None
        elif reader.op_type != "Relu":
            return None
        return str(reader.output[0])

    def _weights(self, node: onnx.NodeProto) -> list[str]:
        x, weight_name, bias_name = node.input
        weight = self._opened.constants[weight_name]
        bias = self._opened.constants[bias_name]
        in_scale = self._scales[x]
        # depthwise kernels add in 32 bits, so that theirs may have all eight
        depthwise = weight.shape[1] == 1 and len(self._ranges[x].means) == len(weight)
        largest = _SINGLE_MAX if depthwise else _PAIRED_MAX
        scales = np.abs(weight).reshape(len(weight), -1).max(1) / largest
        # a channel of next to no weight must leave its bias in 32 bits
        scales = np.maximum(scales, np.abs(bias) / (in_scale * _BIAS_MAX)).astype(np.float32)
        scales = np.maximum(scales, np.float32(1e-12))
        shape = (-1, *[1] * (weight.ndim - 1))
        rounded = np.rint(weight / scales.reshape(shape)).astype(np.int8)
        bias = bias - self._drift(x, rounded * scales.reshape(shape) - weight)
        quantised = self._constant_pair(weight_name, rounded, scales, axis=0)
        return [x, quantised, self._bias(bias_name, bias, in_scale * scales, axis=0)]

    def _drift(self, x: str, error: NDArray[np.float32]) -> NDArray[np.float32]:
        """What rounded weights add to each output on average (Nagel et al., ICCV 2019)."""
        outputs, per_group = error.shape[:2]
        groups = self._ranges[x].means.reshape(-1, per_group)
        means = groups.repeat(outputs // len(groups), axis=0)
        drift: NDArray[np.float32] = (error.sum((2, 3)) * means).sum(1)
        return drift

    def _quantise(self, source: str, tensor: str, like: str) -> None:
        if like:
            # a maximum of bytes is one of those bytes
            maker = self._opened.makers[like]
            scale, zero = self._scales[maker.input[0]], self._zeros[maker.input[0]]
        else:
            scale, zero = _byte_scale(self._ranges[tensor])
        self._pair(tensor, scale, zero)
        self._linear(source, tensor)

    def _linear(self, source: str, tensor: str) -> None:
        pair = [f"{tensor}_s", f"{tensor}_z"]
        self.new.node("QuantizeLinear", [source, *pair], f"{tensor}_q")
        self.new.node("DequantizeLinear", [f"{tensor}_q", *pair], tensor)

    def _pair(self, tensor: str, scale: np.float32, zero: int) -> None:
        self._scales[tensor], self._zeros[tensor] = scale, zero
        self.new.constant(f"{tensor}_s", np.array(scale, np.float32))
        self.new.constant(f"{tensor}_z", np.array(zero, np.uint8))

    def _constant_pair(self, name: str, value: NDArray[np.int8], scales: _Scale, axis: int) -> str:
        inputs = [
            self.new.constant(f"{name}_i", value),
            self.new.constant(f"{name}_s", scales),
            self.new.constant(f"{name}_z", np.zeros(len(scales), np.int8)),
        ]
        return self.new.node("DequantizeLinear", inputs, f"{name}_d", axis=axis)

    def _bias(self, name: str, value: NDArray[np.float32], scales: _Scale, axis: int) -> str:
        rounded = np.rint(value / scales.astype(np.float64)).astype(np.int32)
        inputs = [
            self.new.constant(f"{name}_i", rounded),
            self.new.constant(f"{name}_s", scales.astype(np.float32)),
        ]
        return self.new.node("DequantizeLinear", inputs, f"{name}_d", axis=axis)


def _byte_scale(limits: Range) -> tuple[np.float32, int]:
    """Scale and zero point; zero itself must be a byte, because padding is made of it."""
    low, high = min(limits.low, 0.0), max(limits.high, 0.0)
    scale = np.float32(max(high - low, 1e-6) / _BYTE_MAX)
    return scale, int(np.clip(np.rint(-low / scale), 0, _BYTE_MAX))


def _largest_turned(vectors: NDArray[np.float32]) -> float:
    """Of what is searched for, by the bank's turned vectors (k, c), none of which is cut off: no
    element lies beyond five deviations, sqrt(|b|²/c) each, but seldom."""
    longest = max(float(np.linalg.norm(vectors, axis=1).max()), 1e-6)
    usual = min(5.0 / float(np.sqrt(vectors.shape[1])), 1.0) * longest
    return max(usual, float(np.abs(vectors).max()))


def _rotation(size: int) -> NDArray[np.float32]:
    """A random orthogonal matrix, always the same for a size."""
    noise = np.random.default_rng(size).standard_normal((size, size))
    q, r = np.linalg.qr(noise)
    return (q * np.sign(np.diag(r))).astype(np.float32)
