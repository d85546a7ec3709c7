"""A small writer of ONNX graphs: named the same, byte for byte, for the same calls.

Written by hand and not by torch's exporters: those change their output between
versions (package hashes must repeat) and need more packages. ``export.py`` compares
every graph with the torch model it stands for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 18
_IR_VERSION = 9


class Graph:
    """Collects nodes; every method adds one and returns the name of its output.

    Arrays are float32 unless said otherwise; the batch axis is symbolic.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: list[onnx.TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def image_input(self, name: str, height: int, width: int) -> str:
        """uint8 (N, height, width, 3)."""
        shape = ["N", height, width, 3]
        self._inputs.append(helper.make_tensor_value_info(name, TensorProto.UINT8, shape))
        return name

    def output(self, x: str, name: str, shape: Sequence[int]) -> None:
        """Publishes ``x`` as float32 (N, *shape) under ``name``."""
        self._nodes.append(helper.make_node("Identity", [x], [name], name=name))
        dims = ["N", *shape]
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, dims))

    def constant(self, value: NDArray[Any]) -> str:
        name = f"c{len(self._constants)}"
        self._constants.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def cast_float(self, x: str) -> str:
        return self._node("Cast", [x], to=TensorProto.FLOAT)

    def transpose(self, x: str, axes: Sequence[int]) -> str:
        return self._node("Transpose", [x], perm=list(axes))

    def reshape(self, x: str, shape: Sequence[int]) -> str:
        """0 keeps an axis, -1 is worked out."""
        return self._node("Reshape", [x, self.constant(np.array(shape, np.int64))])

    def add(self, a: str, b: str) -> str:
        return self._node("Add", [a, b])

    def add_constant(self, x: str, value: float | NDArray[np.float32]) -> str:
        return self.add(x, self.constant(np.asarray(value, np.float32)))

    def subtract(self, a: str, b: str) -> str:
        return self._node("Sub", [a, b])

    def multiply(self, a: str, b: str) -> str:
        return self._node("Mul", [a, b])

    def scale(self, x: str, factor: float) -> str:
        return self.multiply(x, self.constant(np.array(factor, np.float32)))

    def at_least(self, x: str, low: float) -> str:
        return self._node("Max", [x, self.constant(np.array(low, np.float32))])

    def clip(self, x: str, low: float, high: float) -> str:
        bounds = [self.constant(np.array(v, np.float32)) for v in (low, high)]
        return self._node("Clip", [x, *bounds])

    def sigmoid(self, x: str) -> str:
        return self._node("Sigmoid", [x])

    def relu(self, x: str) -> str:
        return self._node("Relu", [x])

    def softmax(self, x: str, axis: int) -> str:
        return self._node("Softmax", [x], axis=axis)

    def sqrt(self, x: str) -> str:
        return self._node("Sqrt", [x])

    def gemm(self, x: str, matrix: NDArray[np.float32], bias: NDArray[np.float32]) -> str:
        """(n, k) times constant (k, m), plus (m,)."""
        return self._node("Gemm", [x, self.constant(matrix), self.constant(bias)])

    def matmul(self, x: str, matrix: NDArray[np.float32]) -> str:
        """(…, n, k) times constant (…, k, m)."""
        return self._node("MatMul", [x, self.constant(matrix)])

    def softplus(self, x: str) -> str:
        return self._node("Softplus", [x])

    def concat(self, xs: Sequence[str], axis: int) -> str:
        return self._node("Concat", list(xs), axis=axis)

    def reduce_max(self, x: str, axes: Sequence[int]) -> str:
        return self._node("ReduceMax", [x, self.constant(np.array(axes, np.int64))], keepdims=0)

    def reduce_sum(self, x: str, axes: Sequence[int]) -> str:
        return self._node("ReduceSum", [x, self.constant(np.array(axes, np.int64))], keepdims=0)

    def smallest(self, x: str, count: int) -> str:
        """(n, k) to (n, count), in any order."""
        wanted = self.constant(np.array([count], np.int64))
        name = f"topk{len(self._nodes)}"
        # the operator gives places, too, and has no form without them
        outputs = [name, f"{name}_places"]
        node = helper.make_node(
            "TopK", [x, wanted], outputs, name=name, axis=1, largest=0, sorted=0
        )
        self._nodes.append(node)
        return name

    def reduce_log_sum_exp(self, x: str, axes: Sequence[int]) -> str:
        axes_name = self.constant(np.array(axes, np.int64))
        return self._node("ReduceLogSumExp", [x, axes_name], keepdims=0)

    def max_pool(self, x: str, kernel: int) -> str:
        """Stride as wide as the kernel; what does not fill a window is left out."""
        return self._node("MaxPool", [x], kernel_shape=[kernel] * 2, strides=[kernel] * 2)

    def average_pool(self, x: str, kernel: int) -> str:
        """Stride 1, same size, with zeros beyond the border that count."""
        pads = [kernel // 2] * 4
        return self._node(
            "AveragePool", [x], kernel_shape=[kernel] * 2, pads=pads, count_include_pad=1
        )

    def resize_bilinear(self, x: str, size: tuple[int, int]) -> str:
        """(n, c, h, w) to (n, c, *size), half-pixel centres."""
        sizes = self.constant(np.array(size, np.int64))
        return self._node(
            "Resize",
            [x, "", "", sizes],
            axes=[2, 3],
            mode="linear",
            coordinate_transformation_mode="half_pixel",
        )

    def conv(
        self,
        x: str,
        weight: NDArray[np.float32],
        bias: NDArray[np.float32],
        *,
        stride: int = 1,
        pads: tuple[int, int, int, int] = (0, 0, 0, 0),
        groups: int = 1,
    ) -> str:
        """``pads`` are top, left, bottom, right."""
        inputs = [x, self.constant(weight), self.constant(bias)]
        return self._node(
            "Conv",
            inputs,
            kernel_shape=list(weight.shape[2:]),
            strides=[stride, stride],
            pads=list(pads),
            group=groups,
        )

    def insert(self, model: onnx.ModelProto, x: str) -> list[str]:
        """All of a model with one input, fed with ``x``; the names of its outputs.

        Raises ValueError for operators of other domains and for graphs within nodes.
        """
        prefix = f"m{len(self._nodes)}_"
        names = {model.graph.input[0].name: x, "": ""}
        for constant in model.graph.initializer:
            names[constant.name] = prefix + constant.name
            copy = onnx.TensorProto()
            copy.CopyFrom(constant)
            copy.name = names[constant.name]
            self._constants.append(copy)
        for node in model.graph.node:
            if node.domain not in ("", "ai.onnx") or any(a.HasField("g") for a in node.attribute):
                raise ValueError(f"a graph with {node.domain}:{node.op_type} cannot be inserted")
            names |= {name: prefix + name for name in node.output if name}
            new = onnx.NodeProto()
            new.CopyFrom(node)
            new.name = f"{prefix}{node.op_type.lower()}{len(self._nodes)}"
            new.input[:] = [names[name] for name in node.input]
            new.output[:] = [names[name] for name in node.output]
            self._nodes.append(new)
        return [names[output.name] for output in model.graph.output]

    def build(self) -> onnx.ModelProto:
        """The checked model; one file, nothing external."""
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, self._constants
        )
        opset = [helper.make_operatorsetid("", OPSET)]
        model = helper.make_model(
            graph, opset_imports=opset, ir_version=_IR_VERSION, producer_name="inspector-train"
        )
        onnx.checker.check_model(model, full_check=True)
        return model

    def _node(self, op: str, inputs: list[str], **attributes: Any) -> str:  # noqa: ANN401
        name = f"{op.lower()}{len(self._nodes)}"
        self._nodes.append(helper.make_node(op, inputs, [name], name=name, **attributes))
        return name
