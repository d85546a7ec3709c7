"""A package that was altered, damaged or made to harm is refused with one clear line."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from inspector.errors import InputError, PackageError
from inspector.inference import package as package_module
from inspector.inference.package import find_packages, load_package
from inspector.inference.predictor import open_predictor
from tests.support.tiny_model import Draft, file_sha256, write_tiny_package

MODEL, GOLDEN = "model-fp32.onnx", "golden-fp32.npz"


def edit_manifest(folder: Path, change: Callable[[dict[str, Any]], None]) -> None:
    path = folder / "manifest.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    change(document)
    path.write_text(json.dumps(document), encoding="utf-8")


def manifest_says(**keys: Any) -> Callable[[Path], None]:
    """Changes keys of the first variant."""
    return lambda folder: edit_manifest(folder, lambda m: m["variants"][0].update(keys))


def flip_a_byte(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = bytearray((folder / name).read_bytes())
        data[len(data) // 2] ^= 1
        (folder / name).write_bytes(data)

    return change


def remove(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def link_away(name: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).rename(folder.parent / "elsewhere")
        (folder / name).symlink_to(folder.parent / "elsewhere")

    return change


def make_fifo(folder: Path) -> None:
    (folder / MODEL).unlink()
    os.mkfifo(folder / MODEL)  # reading it would wait for ever


def pickled_golden(folder: Path) -> None:
    file = io.BytesIO()
    np.savez(file, image=np.array([{"a": 1}], object), anomaly_score=np.zeros(1, np.float32),
             anomaly_map=np.zeros((1, 16, 16), np.float32))  # fmt: skip
    (folder / GOLDEN).write_bytes(file.getvalue())
    sha256 = file_sha256(folder / GOLDEN)
    edit_manifest(folder, lambda m: m["variants"][0]["golden"].update(sha256=sha256))


def extra_byte(folder: Path) -> None:
    with (folder / MODEL).open("ab") as file:
        file.write(b"\0")


def truncated_model(folder: Path) -> None:
    (folder / MODEL).write_bytes((folder / MODEL).read_bytes()[:-10])


def huge_manifest(folder: Path) -> None:
    edit_manifest(folder, lambda m: m.update(licence="x" * (1 << 20)))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (flip_a_byte(MODEL), rf"{MODEL}: wrong checksum"),
        (flip_a_byte(GOLDEN), rf"{GOLDEN}: wrong checksum"),
        (manifest_says(sha256="0" * 64), rf"{MODEL}: wrong checksum"),
        (remove(MODEL), rf"{MODEL} is missing"),
        (remove(GOLDEN), rf"{GOLDEN} is missing"),
        (remove("manifest.json"), r"manifest.json is missing"),
        (link_away(MODEL), rf"{MODEL} is a link"),
        (link_away(GOLDEN), rf"{GOLDEN} is a link"),
        (link_away("manifest.json"), r"manifest.json is a link"),
        (make_fifo, rf"{MODEL} is no regular file"),
        (extra_byte, rf"{MODEL} is larger than"),
        (truncated_model, rf"{MODEL}: \d+ bytes where the manifest expects"),
        (manifest_says(size_bytes=1 << 40), rf"{MODEL}: the manifest announces 1099511627776"),
        (manifest_says(file="../model-fp32.onnx"), r"manifest.json: variants.0.file"),
        (manifest_says(file="/etc/passwd"), r"manifest.json: variants.0.file"),
        (manifest_says(surprise=1), r"manifest.json: variants.0.surprise"),
        (huge_manifest, r"manifest.json is larger than the 1048576 bytes"),
        (lambda f: (f / "manifest.json").write_text("{"), r"manifest.json: .*JSON"),
        (pickled_golden, rf"{GOLDEN}: image.npy: not a plain array"),
    ],
)
def test_altered_packages_are_refused(
    tmp_path: Path, change: Callable[[Path], None], reason: str
) -> None:
    folder = write_tiny_package(tmp_path / "p")
    open_predictor(folder).close()
    change(folder)

    with pytest.raises(PackageError, match=rf"^model package .*p: {reason}") as caught:
        open_predictor(folder)

    assert "\n" not in str(caught.value)


def external_tensor(draft: Draft) -> None:
    tensor = onnx.TensorProto(name="w2", data_type=1, dims=[1], data_location=1)
    tensor.external_data.add(key="location", value="weights.bin")
    draft.model.graph.initializer.append(tensor)


def foreign_operator(draft: Draft) -> None:
    draft.model.graph.node.append(helper.make_node("Anything", ["image"], ["z"], domain="evil"))


def unknown_operator(draft: Draft) -> None:
    draft.model.graph.node.append(helper.make_node("NoSuchOperator", ["image"], ["z"]))


def other_map_size(draft: Draft) -> None:
    draft.manifest["outputs"][1]["shape"] = [8, 8]
    draft.golden["anomaly_map"] = draft.golden["anomaly_map"][:, :8, :8]


def other_output_name(draft: Draft) -> None:
    draft.manifest["outputs"][0]["name"] = "loudness"


def other_input_name(draft: Draft) -> None:
    draft.manifest["input"]["name"] = "picture"


def other_input_size(draft: Draft) -> None:
    draft.manifest["input"].update(height=32)
    draft.golden["image"] = draft.golden["image"][:, :32]


def fixed_batch_of_four(draft: Draft) -> None:
    for value in (*draft.model.graph.input, *draft.model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 4


def float_input(draft: Draft) -> None:
    draft.model.graph.input[0].type.tensor_type.elem_type = onnx.TensorProto.FLOAT


def wrong_golden(draft: Draft) -> None:
    draft.golden["anomaly_score"] = draft.golden["anomaly_score"] + np.float32(0.25)


def swapped_colours(draft: Draft) -> None:
    draft.golden["image"] = draft.golden["image"][..., ::-1].copy()


def nan_weights(draft: Draft) -> None:
    weights = np.full((3, 1), np.nan, np.float32)
    draft.model.graph.initializer[0].CopyFrom(numpy_helper.from_array(weights, "weights"))


def nan_everywhere(draft: Draft) -> None:
    nan_weights(draft)
    draft.golden["anomaly_score"][:] = np.nan
    draft.golden["anomaly_map"][:] = np.nan


def score_of_something_else(draft: Draft) -> None:
    draft.model.graph.node[-1].op_type = "ReduceMean"
    draft.golden["anomaly_score"] = draft.golden["anomaly_map"].mean(axis=(1, 2))


@pytest.mark.parametrize(
    ("tamper", "reason"),
    [
        (external_tensor, "keeps a tensor in an external file"),
        (foreign_operator, "domain 'evil'"),
        (unknown_operator, "ONNX Runtime cannot load it"),
        (other_map_size, r"'map' is tensor\(float\) \['N', 16, 16\].* expects .*8, 8"),
        (other_output_name, "no output 'loudness' for anomaly_score, only: score, map"),
        (other_input_name, "'image' is .* expects 'picture'"),
        (other_input_size, r"'N', 64, 64, 3\] .* \['N', 32, 64, 3\]"),
        (fixed_batch_of_four, r"\[4, 64, 64, 3\]"),
        (float_input, r"'image' is tensor\(float\)"),
        (wrong_golden, r"golden check failed on CPU\S+: anomaly_score is off by 0.25, allowed"),
        (swapped_colours, "golden check failed on CPU.*: anomaly_"),
        (nan_weights, "golden check failed .* is off by NaN or infinity"),
        (nan_everywhere, "golden check failed .* is off by NaN or infinity"),
        (score_of_something_else, "its score is off by .* from the highest value of its map"),
    ],
)
def test_packages_that_break_their_promise_are_refused(
    tmp_path: Path, tamper: Callable[[Draft], None], reason: str
) -> None:
    folder = write_tiny_package(tmp_path / "p", weights=(0.1, 0.2, 0.7), tamper=tamper)

    with pytest.raises(PackageError, match=rf"^model package .*p: {MODEL}: .*{reason}") as caught:
        open_predictor(folder)

    assert "\n" not in str(caught.value)


def test_a_golden_file_beyond_its_bound_is_not_read_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write_tiny_package(tmp_path)
    monkeypatch.setattr(package_module, "MAX_GOLDEN_BYTES", 100)

    with pytest.raises(PackageError, match=r"larger than the 100 bytes"):
        load_package(folder).golden("fp32")


@pytest.mark.parametrize(("name", "found"), [("absent", "no such folder"), ("file", "a file")])
def test_no_folder(tmp_path: Path, name: str, found: str) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(PackageError, match=f"{name}: .*{found}"):
        load_package(tmp_path / name)


def test_find_packages_keeps_broken_ones(tmp_path: Path) -> None:
    good = write_tiny_package(tmp_path / "nut" / "1", category="nut")
    bad = write_tiny_package(tmp_path / "nut" / "2")
    (bad / "manifest.json").write_text("[]", encoding="utf-8")
    (tmp_path / "notes").mkdir()

    found = find_packages(tmp_path)

    assert list(found) == [good, bad]
    assert not isinstance(found[good], PackageError)
    assert isinstance(found[bad], PackageError)


def test_find_packages_needs_a_folder(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no folder"):
        find_packages(tmp_path / "absent")
