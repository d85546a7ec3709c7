"""The packages that other tests stand on are valid and repeat byte for byte."""

from __future__ import annotations

from pathlib import Path

from inspector.core.manifest import parse_manifest
from tests.support.tiny_model import write_tiny_package


def test_two_packages_are_byte_for_byte_the_same(tmp_path: Path) -> None:
    first, second = (write_tiny_package(tmp_path / name) for name in ("a", "b"))

    files = sorted(p.name for p in first.iterdir())
    assert files == ["golden-fp32.npz", "manifest.json", "model-fp32.onnx"]
    assert all((first / f).read_bytes() == (second / f).read_bytes() for f in files)


def test_the_manifest_is_valid(tmp_path: Path) -> None:
    folder = write_tiny_package(tmp_path, t1=0.25, category="nut")

    manifest = parse_manifest((folder / "manifest.json").read_bytes(), "here")

    assert manifest.title == "nut@1"
    assert manifest.variant("fp32").thresholds.t1 == 0.25
