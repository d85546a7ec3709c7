"""An ONNX graph opened for rewriting: who makes a tensor, who reads it, what is constant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import helper, numpy_helper


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A graph with its look-up tables; the model itself is never changed.

    Attributes:
        constants: by name.
        readers: nodes that read a tensor, in the order of the graph.
        makers: the node that makes a tensor.
    """

    model: onnx.ModelProto
    constants: dict[str, NDArray[Any]]
    readers: dict[str, list[onnx.NodeProto]]
    makers: dict[str, onnx.NodeProto]

    @classmethod
    def of(cls, model: onnx.ModelProto) -> Opened:
        constants = {t.name: numpy_helper.to_array(t) for t in model.graph.initializer}
        readers: dict[str, list[onnx.NodeProto]] = {}
        makers: dict[str, onnx.NodeProto] = {}
        for node in model.graph.node:
            for name in node.input:
                readers.setdefault(name, []).append(node)
            makers.update(dict.fromkeys(node.output, node))
        return cls(model, constants, readers, makers)

    @property
    def image(self) -> str:
        """Name of the input."""
        return str(self.model.graph.input[0].name)

    def read_by(self, tensor: str) -> list[onnx.NodeProto]:
        return self.readers.get(tensor, [])


class Rewriting:
    """Nodes and constants of a new graph that shall have the inputs and outputs of an old one."""

    def __init__(self, opened: Opened) -> None:
        self._old = opened.model
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[str, onnx.TensorProto] = {}

    def keep(self, node: onnx.NodeProto) -> None:
        self._nodes.append(node)

    def constant(self, name: str, value: NDArray[Any]) -> str:
        self._constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def node(
        self,
        op: str,
        inputs: Sequence[str],
        output: str,
        **attributes: Any,  # noqa: ANN401
    ) -> str:
        """A new node, named after its output."""
        name = f"{op}:{output}"
        node = helper.make_node(op, list(inputs), [output], name=name, **attributes)
        self._nodes.append(node)
        return output

    def split(self, tensor: str, sizes: str, parts: Sequence[str], *, axis: int) -> None:
        """``sizes`` is the constant that holds the length of each part."""
        name = f"Split:{tensor}"
        self._nodes.append(
            helper.make_node("Split", [tensor, sizes], list(parts), name=name, axis=axis)
        )

    def copy(self, node: onnx.NodeProto, inputs: Iterable[str], output: str) -> str:
        """The same node with other inputs and another output."""
        changed = onnx.NodeProto()
        changed.CopyFrom(node)
        del changed.input[:], changed.output[:]
        changed.input.extend(inputs)
        changed.output.append(output)
        self._nodes.append(changed)
        return output

    def serialize(self) -> bytes:
        """The checked model; constants that nobody reads any more are left out."""
        model = onnx.ModelProto()
        model.CopyFrom(self._old)
        graph = model.graph
        read = {name for node in self._nodes for name in node.input}
        old = {t.name: t for t in graph.initializer}
        kept = [t for name, t in (old | self._constants).items() if name in read]
        del graph.node[:], graph.initializer[:], graph.value_info[:]
        graph.node.extend(self._nodes)
        graph.initializer.extend(kept)
        onnx.checker.check_model(model, full_check=True)
        data: bytes = model.SerializeToString(deterministic=True)
        return data
