"""Only self-contained models of built-in operators pass, whatever the bytes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from inspector.errors import PackageError
from inspector.inference import safety
from inspector.inference.safety import check_onnx
from tests.support.tiny_model import brightness_model

TINY = brightness_model(32, 8).SerializeToString()


def external_tensor() -> onnx.TensorProto:
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return tensor


def nested_if(levels: int, innermost: onnx.GraphProto) -> onnx.GraphProto:
    """``levels`` If nodes, one within the other."""
    graph, empty = innermost, helper.make_graph([], "empty", [], [])
    for _ in range(levels):
        node = helper.make_node("If", ["c"], ["y"], then_branch=empty, else_branch=graph)
        graph = helper.make_graph([node], "g", [], [])
    return graph


def external_initializer(model: onnx.ModelProto) -> None:
    model.graph.initializer.append(external_tensor())


def location_without_flag(model: onnx.ModelProto) -> None:
    # ONNX Runtime reads data_location; others go by the location alone
    tensor = external_tensor()
    tensor.data_location = TensorProto.DEFAULT
    model.graph.initializer.append(tensor)


def flag_without_location(model: onnx.ModelProto) -> None:
    tensor = external_tensor()
    tensor.ClearField("external_data")
    model.graph.initializer.append(tensor)


def external_in_attribute(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Constant", [], ["k"], value=external_tensor()))


def external_in_nested_if(model: onnx.ModelProto) -> None:
    inner = helper.make_graph([], "inner", [], [], [external_tensor()])
    model.graph.node.extend(nested_if(3, inner).node)


def external_in_sparse(model: onnx.ModelProto) -> None:
    model.graph.sparse_initializer.add().values.CopyFrom(external_tensor())


def external_in_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Constant", [], ["k"], value=external_tensor())
    model.functions.append(
        helper.make_function("ai.onnx", "F", [], ["k"], [node], [helper.make_opsetid("", 17)])
    )


def external_in_function_default(model: onnx.ModelProto) -> None:
    model.functions.add().attribute_proto.add().t.CopyFrom(external_tensor())


def external_in_training_graph(model: onnx.ModelProto) -> None:
    model.training_info.add().initialization.initializer.append(external_tensor())


def external_in_training_step(model: onnx.ModelProto) -> None:
    model.training_info.add().algorithm.initializer.append(external_tensor())


def attribute(model: onnx.ModelProto) -> onnx.AttributeProto:
    return model.graph.node.add().attribute.add()


def external_in_tensors(model: onnx.ModelProto) -> None:
    attribute(model).tensors.extend([TensorProto(), external_tensor()])


def external_in_graphs(model: onnx.ModelProto) -> None:
    attribute(model).graphs.add().initializer.append(external_tensor())


def external_in_sparse_tensor(model: onnx.ModelProto) -> None:
    attribute(model).sparse_tensor.indices.CopyFrom(external_tensor())


def external_in_sparse_tensors(model: onnx.ModelProto) -> None:
    attribute(model).sparse_tensors.add().values.CopyFrom(external_tensor())


def foreign_operator(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("Anything", ["image"], ["z"], domain="evil.ops"))


def foreign_in_nested_if(model: onnx.ModelProto) -> None:
    node = helper.make_node("Anything", [], ["z"], domain="evil.ops")
    model.graph.node.extend(nested_if(2, helper.make_graph([node], "inner", [], [])).node)


def foreign_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Identity", ["a"], ["b"])
    model.functions.append(
        helper.make_function("evil.ops", "F", ["a"], ["b"], [node], [helper.make_opsetid("", 17)])
    )


def foreign_within_function(model: onnx.ModelProto) -> None:
    node = helper.make_node("Anything", ["a"], ["b"], domain="evil.ops")
    model.functions.append(
        helper.make_function("ai.onnx", "F", ["a"], ["b"], [node], [helper.make_opsetid("", 17)])
    )


def file_reading_operator(model: onnx.ModelProto) -> None:
    model.graph.node.append(helper.make_node("EPContext", [], ["z"], domain="com.microsoft"))


def too_deep(model: onnx.ModelProto) -> None:
    model.graph.node.extend(nested_if(17, helper.make_graph([], "inner", [], [])).node)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (external_initializer, "external file"),
        (location_without_flag, "external file"),
        (flag_without_location, "external file"),
        (external_in_attribute, "external file"),
        (external_in_nested_if, "external file"),
        (external_in_sparse, "external file"),
        (external_in_function, "external file"),
        (external_in_function_default, "external file"),
        (external_in_training_graph, "external file"),
        (external_in_training_step, "external file"),
        (external_in_tensors, "external file"),
        (external_in_graphs, "external file"),
        (external_in_sparse_tensor, "external file"),
        (external_in_sparse_tensors, "external file"),
        (foreign_operator, "domain 'evil.ops'"),
        (foreign_in_nested_if, "domain 'evil.ops'"),
        (foreign_function, "domain 'evil.ops'"),
        (foreign_within_function, "domain 'evil.ops'"),
        (file_reading_operator, "operator 'EPContext'"),
        (too_deep, "nested deeper"),
    ],
)
def test_refused(change: Callable[[onnx.ModelProto], None], reason: str) -> None:
    model = brightness_model(32, 8)
    check_onnx(model.SerializeToString(), "m.onnx")
    change(model)

    with pytest.raises(PackageError, match=rf"^m\.onnx: .*{reason}"):
        check_onnx(model.SerializeToString(), "m.onnx")


def test_built_in_domains_and_subgraphs_pass() -> None:
    model = brightness_model(32, 8)
    inner = helper.make_graph([helper.make_node("Gelu", ["a"], ["b"], domain="com.microsoft")],
                              "inner", [], [])  # fmt: skip
    model.graph.node.extend(nested_if(3, inner).node)

    check_onnx(model.SerializeToString(), "m.onnx")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no graph"),
        (b"this is a text file, not a model", "damaged"),
        (TINY[: len(TINY) // 2], "cut short"),
        (b"\xff" * 20, "without an end"),
        (b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f", "cut short"),  # a graph of 2**63 bytes
        (b"\x3b", "wire type 3"),
        (b"\x02\x00", "field number"),
    ],
)
def test_malformed(data: bytes, reason: str) -> None:
    with pytest.raises(PackageError, match=reason):
        check_onnx(data, "m.onnx")


def test_a_flood_of_fields_ends_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(safety, "MAX_FIELDS", 10_000)
    start = time.perf_counter()

    with pytest.raises(PackageError, match="more than 10000 fields"):
        check_onnx(b"\x08\x00" * 5_000_000, "m.onnx")

    assert time.perf_counter() - start < 2.0


@given(st.binary(max_size=300))
def test_any_bytes_pass_or_are_refused(data: bytes) -> None:
    _passes_or_refuses(data)


@given(st.lists(st.tuples(st.integers(0, len(TINY) - 1), st.integers(0, 255)), max_size=8))
def test_any_damage_passes_or_is_refused(changes: list[tuple[int, int]]) -> None:
    data = bytearray(TINY)
    for at, byte in changes:
        data[at] = byte
    _passes_or_refuses(bytes(data))


def _passes_or_refuses(data: bytes) -> None:
    with contextlib.suppress(PackageError):
        check_onnx(data, "m.onnx")
