"""What an .onnx file of unknown origin may hold, checked before ONNX Runtime sees it.

The protobuf wire format is walked by hand: the station needs six message types of
ONNX and neither the ``onnx`` package nor a decoded copy of the weights. A field that
stands twice is checked twice, so that it does not matter which one a parser keeps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, TypeAlias

from inspector.errors import PackageError

ALLOWED_DOMAINS = frozenset({b"", b"ai.onnx", b"ai.onnx.ml", b"com.microsoft"})
"""Operator sets that are built into ONNX Runtime; every other needs foreign code."""

# operators of those sets that read files or call back into the host program
REFUSED_OPERATORS = frozenset({b"EPContext", b"PythonOp", b"PythonOpGrad", b"ATen"})

MAX_DEPTH = 50  # nested messages; a subgraph is three of them
MAX_FIELDS = 1_000_000  # a million fields take about a second; real models have some thousands

_Kind: TypeAlias = Literal["model", "training", "function", "graph", "node", "attribute",
                           "tensor", "sparse tensor"]  # fmt: skip
_Value: TypeAlias = int | memoryview

_VARINT, _FIXED64, _LENGTH, _FIXED32 = 0, 1, 2, 5

# (message, field number) -> message held in that field; numbers from onnx.proto
_CHILDREN: dict[tuple[_Kind, int], _Kind] = {
    ("model", 7): "graph",
    ("model", 20): "training",
    ("model", 25): "function",
    ("training", 1): "graph",
    ("training", 2): "graph",
    ("function", 7): "node",
    ("function", 11): "attribute",
    ("graph", 1): "node",
    ("graph", 5): "tensor",
    ("graph", 15): "sparse tensor",
    ("node", 5): "attribute",
    ("attribute", 5): "tensor",
    ("attribute", 6): "graph",
    ("attribute", 10): "tensor",
    ("attribute", 11): "graph",
    ("attribute", 22): "sparse tensor",
    ("attribute", 23): "sparse tensor",
    ("sparse tensor", 1): "tensor",
    ("sparse tensor", 2): "tensor",
}


class _UnsafeError(Exception):
    """Why a model is refused; becomes a PackageError at the door."""


def check_onnx(data: bytes, where: str) -> None:
    """Raises PackageError for an .onnx file that is malformed or not self-contained.

    Refused: tensors stored outside the file, operators and local functions of
    domains that are not ``ALLOWED_DOMAINS``, operators that read files, and nesting
    or field counts that no real model has. Subgraphs and functions are included.
    """
    try:
        _walk(memoryview(data))
    except _UnsafeError as reason:
        raise PackageError(f"{where}: {reason}; use a package from a source you trust") from None


def _walk(model: memoryview) -> None:
    pending: list[tuple[memoryview, _Kind, int]] = [(model, "model", 0)]
    seen, has_graph = 0, False
    while pending:
        message, kind, depth = pending.pop()
        for number, value in _fields(message):
            seen += 1
            _check_field(kind, number, value)
            child = _CHILDREN.get((kind, number))
            if child is not None and isinstance(value, memoryview):
                has_graph = has_graph or kind == "model"
                pending.append((value, child, depth + 1))
            _check_bounds(seen, depth)
    if not has_graph:
        raise _UnsafeError("this is no ONNX model: it holds no graph")


def _check_bounds(seen: int, depth: int) -> None:
    if seen > MAX_FIELDS:
        raise _UnsafeError(f"the model has more than {MAX_FIELDS} fields")
    if depth > MAX_DEPTH:
        raise _UnsafeError(f"the model is nested deeper than {MAX_DEPTH} levels")


def _check_field(kind: _Kind, number: int, value: _Value) -> None:
    if kind == "tensor" and (number == 13 or (number == 14 and value != 0)):
        raise _UnsafeError("the model keeps a tensor in an external file")
    if not isinstance(value, memoryview):
        return
    if (kind, number) in {("node", 7), ("function", 10)}:
        _check_domain(bytes(value[:200]))
    elif (kind, number) == ("node", 4) and bytes(value[:200]) in REFUSED_OPERATORS:
        raise _UnsafeError(f"the model uses the operator {_shown(value)}, which is not allowed")


def _check_domain(domain: bytes) -> None:
    if domain not in ALLOWED_DOMAINS:
        allowed = ", ".join(sorted(repr(d.decode()) for d in ALLOWED_DOMAINS))
        raise _UnsafeError(
            f"the model uses operators of the domain {_shown(domain)} (allowed: {allowed})"
        )


def _shown(name: bytes | memoryview) -> str:
    return repr(bytes(name[:60]).decode("utf-8", "replace"))


def _fields(message: memoryview) -> Iterator[tuple[int, _Value]]:
    """(field number, value) of a message; a value is a number or a slice of it."""
    at, end = 0, len(message)
    while at < end:
        tag, at = _varint(message, at)
        number, wire = tag >> 3, tag & 7
        if number == 0 or tag >= 1 << 32:
            raise _UnsafeError("the model file is damaged (bad field number)")
        value: _Value
        if wire == _VARINT:
            value, at = _varint(message, at)
        else:
            size, at = _payload(message, at, wire)
            value, at = message[at : at + size], at + size
        yield number, value


def _payload(message: memoryview, at: int, wire: int) -> tuple[int, int]:
    """Length and start of a field that is no varint."""
    if wire == _LENGTH:
        size, at = _varint(message, at)
    elif wire in (_FIXED64, _FIXED32):
        size = 8 if wire == _FIXED64 else 4
    else:
        # groups (3, 4) are legal protobuf, but ONNX has none to hide things in
        raise _UnsafeError(f"the model file is damaged (wire type {wire})")
    if size > len(message) - at:
        raise _UnsafeError("the model file is cut short")
    return size, at


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    """The number at ``at`` (at most ten bytes) and where it ends."""
    result = 0
    for shift, byte in enumerate(message[at : at + 10]):
        result |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return result, at + shift + 1
    raise _UnsafeError("the model file is cut short or damaged (number without an end)")
