"""Names in a model are bytes; Python wants text of them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.errors import PackageError
from inspector.inference.predictor import open_predictor
from tests.support.tiny_model import file_sha256, write_tiny_package


def test_a_name_that_is_no_utf8_is_refused_in_one_line(tmp_path: Path) -> None:
    package = write_tiny_package(tmp_path, size=16, map_size=4, batch="axis")
    model, manifest = package / "model-fp32.onnx", package / "manifest.json"
    data = model.read_bytes()
    assert b"axis" in data
    model.write_bytes(data.replace(b"axis", b"\xb3xis"))
    document = json.loads(manifest.read_text())
    document["variants"][0]["sha256"] = file_sha256(model)
    manifest.write_text(json.dumps(document))
    with pytest.raises(PackageError, match="no UTF-8"):
        open_predictor(package)
