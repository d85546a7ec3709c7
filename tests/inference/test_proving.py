"""A model that was never seen is tried in another process, and takes only that one along."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from inspector.errors import PackageError
from inspector.inference import predictor as predictor_module
from inspector.inference.importing import import_package
from inspector.inference.package import load_package
from inspector.inference.predictor import open_predictor
from inspector.inference.proving import Limits, prove
from tests.support.tiny_model import Draft, write_tiny_package


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "proven"


@pytest.fixture
def package(tmp_path: Path) -> Path:
    return write_tiny_package(tmp_path / "package", size=16, map_size=4)


def child(code: str) -> tuple[str, ...]:
    """Something else in its place, which has read its task."""
    return (sys.executable, "-c", f"import os, sys, time; sys.stdin.buffer.read(); {code}")


DIES = child("os.kill(os.getpid(), 11)")


def test_it_is_proven_once_and_then_never_asked_again(package: Path, place: Path) -> None:
    held = load_package(package)
    prove(held, "fp32", place=place)
    prove(held, "fp32", place=place, child=DIES)
    assert len(list(place.iterdir())) == 1


def test_no_python_file_of_the_folder_that_one_works_in_is_run(
    package: Path, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, marker = tmp_path / "downloads", tmp_path / "was-run"
    folder.mkdir()
    (folder / "json.py").write_text(f"open({str(marker)!r}, 'w')\nraise SystemExit")
    monkeypatch.chdir(folder)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry])
    prove(load_package(package), "fp32", place=place)
    assert not marker.exists()


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("os.kill(os.getpid(), 11)", "ended the process that tried it .signal 11"),
        ("os._exit(3)", "ended the process that tried it .exit code 3"),
        ("time.sleep(60)", "did not end within 0.5 s"),
        ("print('looks good')", "ended the process"),
        ('print(\'{"report": {"refused": 1, "unsupported": false}}\')', "ended the process"),
        ('print(\'{"report": {"refused": "a\\\\nb", "unsupported": false}}\')', "a b: do not use"),
    ],
)
def test_whatever_becomes_of_the_process(package: Path, place: Path, code: str, words: str) -> None:
    limits = Limits(0.5 if "sleep" in code else 60.0)
    with pytest.raises(PackageError, match=words) as caught:
        prove(load_package(package), "fp32", child=child(code), limits=limits, place=place)
    assert "model-fp32.onnx" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not place.exists()


def _with(node: list[onnx.NodeProto], *constants: tuple[str, np.ndarray]) -> Callable:
    """The score gets the result ``extra`` of those nodes added."""

    def tamper(draft: Draft) -> None:
        graph = draft.model.graph
        for name, value in constants:
            graph.initializer.append(onnx.numpy_helper.from_array(value, name))
        score = next(n for n in graph.node if "score" in n.output)
        score.output[0] = "plain"
        graph.node.extend([*node, helper.make_node("Add", ["plain", "extra"], ["score"])])

    return tamper


def endless() -> Callable:
    """A loop that ends with the universe."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["go_on"]),
            helper.make_node("Sin", ["x"], ["x_next"]),
        ],
        "body",
        [
            helper.make_tensor_value_info("n", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x", TensorProto.FLOAT, []),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("x_next", TensorProto.FLOAT, []),
        ],
    )
    loop = helper.make_node("Loop", ["trips", "yes", "zero"], ["extra"], body=body)
    return _with(
        [loop],
        ("trips", np.array(2**62, np.int64)),
        ("yes", np.array(True)),
        ("zero", np.array(0, np.float32)),
    )


def wants(floats: int) -> Callable:
    """Some hundred bytes that want that many floats; summed, so that they are really needed."""
    return _with(
        [
            helper.make_node("NonZero", ["plain"], ["where"]),
            helper.make_node("Size", ["where"], ["some"]),
            helper.make_node("Min", ["some", "none"], ["zero"]),
            helper.make_node("Add", ["zero", "shape"], ["size"]),
            helper.make_node("ConstantOfShape", ["size"], ["much"]),
            helper.make_node("ReduceSum", ["much"], ["extra"], keepdims=0),
        ],
        ("none", np.array(0, np.int64)),
        ("shape", np.array([1000, floats // 1000], np.int64)),
    )


@pytest.mark.parametrize(
    ("tamper", "words"),
    [(endless(), "did not end within"), (wants(10**11), "cannot run it.*ConstantOfShape")],
)
def test_models_that_mean_harm(tmp_path: Path, place: Path, tamper: Callable, words: str) -> None:
    package = write_tiny_package(tmp_path / "p", size=16, map_size=4, tamper=tamper)
    limits = Limits(2.0 if "end" in words else 60.0)
    with pytest.raises(PackageError, match=words):
        prove(load_package(package), "fp32", limits=limits, place=place)


def test_the_bound_on_memory_is_kept(tmp_path: Path, place: Path) -> None:
    package = load_package(
        write_tiny_package(tmp_path / "p", size=16, map_size=4, tamper=wants(200_000_000))
    )
    with pytest.raises(PackageError, match="cannot run it"):
        prove(package, "fp32", limits=Limits(60.0, memory_mb=400), place=place)
    assert not place.exists()
    prove(package, "fp32", limits=Limits(60.0, memory_mb=2000), place=place)


@pytest.fixture
def for_real(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening proves, in a process that dies."""

    def asked(package: object, variant: str) -> None:
        prove(package, variant, child=DIES, place=place)  # type: ignore[arg-type]

    monkeypatch.setattr(predictor_module, "prove", asked)


@pytest.mark.usefixtures("for_real")
def test_neither_opened_nor_imported_where_it_kills(package: Path, tmp_path: Path) -> None:
    with pytest.raises(PackageError, match="signal 11"):
        open_predictor(package)
    with pytest.raises(PackageError, match="signal 11"):
        import_package(package, tmp_path / "models")
    assert not list((tmp_path / "models").iterdir())
    open_predictor(package, proven=True).close()


def test_where_nothing_can_be_kept_it_is_proven_each_time(
    package: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "file").write_text("")
    prove(load_package(package), "fp32", place=tmp_path / "file" / "proven")
    assert "cannot be kept" in caplog.text
