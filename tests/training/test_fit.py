"""Whole runs of ``fit`` on a small category, and packages on the disk."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from inspector.core.inspection import Crop
from inspector.errors import InputError
from inspector.inference.package import find_packages, load_package
from inspector.inference.predictor import open_predictor
from tests.support.parts_folder import disc, write_category, write_image
from training import export as exporting
from training.camera_model import reduced
from training.datasets import find_category, read_image
from training.export import write_package
from training.fit import CAMERA_VIEWS, Order, Trained, fit


def _nothing(step: str, share: float) -> None:
    pass


def _files(folder: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in folder.iterdir()}


def test_package_is_complete_and_runs(trained: Trained) -> None:
    assert sorted(_files(trained.folder)) == [
        "card.md",
        *(f"golden-{name}.npz" for name in ("fp16", "fp32", "int8")),
        "manifest.json",
        *(f"model-{name}.onnx" for name in ("fp16", "fp32", "int8")),
    ]
    assert trained.folder.parts[-2:] == ("disc", "1")
    predictor = open_predictor(trained.folder, variant="fp32")
    spoilt = disc(50)
    spoilt[30:50, 50:70] = 20
    good, bad = predictor.predict([Crop(disc(50)), Crop(spoilt)])
    thresholds = predictor.thresholds
    assert thresholds.t1 == 1.0 < thresholds.t2
    assert good.score < 1.0 < bad.score
    assert good.anomaly_map is not None
    assert good.anomaly_map.shape == (8, 8)
    assert good.score == pytest.approx(good.anomaly_map.max())
    predictor.close()


def test_manifest_says_how_it_was_made(trained: Trained) -> None:
    manifest = load_package(trained.folder).manifest
    assert manifest.threshold_basis.n_good == manifest.data.n_images == 12
    assert manifest.input.aspect == 1.0
    assert manifest.training.options["monochrome"] is False
    assert manifest.training.options["camera_views"] == CAMERA_VIEWS
    assert manifest.training.tools["torch"]
    card = (trained.folder / "card.md").read_text(encoding="utf-8")
    assert "disc@1" in card
    assert "7.69%" in card  # 1 of 13: what twelve parts can promise


def test_same_seed_same_package(discs: Path, trained: Trained, tmp_path: Path) -> None:
    category = find_category(discs, "disc")
    again = fit(Order(category, tmp_path, size=64, fixture="none"), _nothing)
    other = fit(Order(category, tmp_path, size=64, fixture="none", seed=1), _nothing)
    first, second, third = (_files(t.folder) for t in (trained, again, other))
    for files in (first, second, third):
        manifest = json.loads(files.pop("manifest.json"))
        del manifest["created"]
        files["manifest"] = json.dumps(manifest).encode()
    assert first == second
    assert other.folder.name == "2"
    assert first["model-fp32.onnx"] != third["model-fp32.onnx"]


def test_grey_parts_make_a_model_that_ignores_colour(tmp_path: Path) -> None:
    root = write_category(tmp_path / "data", good=5, grey=True)
    trained = fit(
        Order(find_category(root, "disc"), tmp_path / "m", size=64, fixture="none"), _nothing
    )
    assert trained.manifest.training.options["monochrome"] is True
    predictor = open_predictor(trained.folder)
    grey = disc(7, grey=True)
    tinted = grey + np.array([18, 0, -7])  # of the same brightness
    one, other = predictor.predict([Crop(grey), Crop(tinted.clip(0, 255).astype(np.uint8))])
    assert other.score == pytest.approx(one.score, abs=0.02)
    predictor.close()


def test_one_bad_image_ends_the_run_by_name(tmp_path: Path) -> None:
    root = write_category(tmp_path / "data", good=6)
    broken = root / "disc" / "train" / "good" / "003.png"
    broken.write_bytes(broken.read_bytes()[:200])
    with pytest.raises(InputError, match=r"003\.png.*cut off"):
        fit(Order(find_category(root, "disc"), tmp_path / "m", size=64, fixture="none"), _nothing)
    assert not (tmp_path / "m").exists()


def test_identical_images_are_refused(tmp_path: Path) -> None:
    for i in range(3):
        write_image(tmp_path / "disc" / "train" / "good" / f"{i}.png", disc(0))
    with pytest.raises(InputError, match="all 3 images"):
        fit(
            Order(find_category(tmp_path, "disc"), tmp_path / "m", size=64, fixture="none"),
            _nothing,
        )


def test_aspect_is_the_usual_one(tmp_path: Path) -> None:
    for i in range(5):
        image = disc(i)[:48] if i else disc(i)
        write_image(tmp_path / "disc" / "train" / "good" / f"{i}.png", image)
    trained = fit(
        Order(find_category(tmp_path, "disc"), tmp_path / "m", size=64, fixture="none"), _nothing
    )
    assert trained.manifest.input.aspect == 2.0


def test_a_version_is_not_overwritten_unasked(discs: Path, trained: Trained) -> None:
    out = trained.folder.parent.parent
    order = Order(find_category(discs, "disc"), out, version="1", size=64, fixture="none")
    before = _files(trained.folder)

    def never(step: str, share: float) -> None:
        raise AssertionError("it must refuse before the work")

    with pytest.raises(InputError, match="--force"):
        fit(order, never)
    assert _files(trained.folder) == before


@pytest.mark.parametrize("name", ["../up", "", "a b", ".hidden", "x" * 65])
def test_names_must_be_plain(discs: Path, tmp_path: Path, name: str) -> None:
    category = find_category(discs, "disc")
    if name:
        with pytest.raises(InputError, match="version"):
            fit(Order(category, tmp_path, version=name, size=64, fixture="none"), _nothing)
    renamed = type(category)(name, category.path)
    with pytest.raises(InputError, match="category"):
        fit(Order(renamed, tmp_path, size=64, fixture="none"), _nothing)


FILES = {"manifest.json": b"{}", "card.md": b"new"}


def test_force_replaces_all_of_a_package(tmp_path: Path) -> None:
    folder = tmp_path / "disc" / "1"
    write_package(folder, {"manifest.json": b"{}", "old.onnx": b""}, replace=False)
    write_package(folder, FILES, replace=True)
    assert _files(folder) == FILES
    assert [p.name for p in tmp_path.iterdir()] == ["disc"]


def test_interrupted_while_writing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "disc" / "1"
    write_package(folder, {"manifest.json": b"{}", "card.md": b"old"}, replace=False)
    seen: dict[Path, object] = {}

    def interrupt(_: int) -> None:
        seen.update(find_packages(tmp_path))
        raise KeyboardInterrupt

    monkeypatch.setattr("inspector.platforms.os.fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_package(folder, FILES, replace=True)
    assert list(seen) == [folder]  # half of a package is taken for none
    assert (folder / "card.md").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["disc"]


def test_a_move_that_fails_brings_the_old_one_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "disc" / "1"
    write_package(folder, {"manifest.json": b"{}", "card.md": b"old"}, replace=False)
    rename = Path.rename

    def fail_for_new(self: Path, target: Path) -> Path:
        if self.name == "new":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", fail_for_new)
    with pytest.raises(InputError, match="No space left"):
        write_package(folder, FILES, replace=True)
    assert (folder / "card.md").read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["disc"]


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file")
    with pytest.raises(InputError, match="cannot be written"):
        write_package(tmp_path / "models" / "disc" / "1", FILES, replace=False)


def test_trained_packages_are_found(trained: Trained, tmp_path: Path) -> None:
    shutil.copytree(trained.folder, tmp_path / "disc" / "9")
    assert list(find_packages(tmp_path)) == [tmp_path / "disc" / "9"]


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from training.staging import staging\n"
        "with staging(Path(sys.argv[1]), '.fit-') as folder:\n"
        "    (folder / 'half.onnx').write_bytes(b'x'); os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)
    [left] = tmp_path.iterdir()
    with (
        exporting.staging(tmp_path, ".fit-") as mine,
        exporting.staging(tmp_path, ".fit-") as other,
    ):
        assert not left.exists()
        assert sorted(tmp_path.iterdir()) == sorted([mine, other])


def test_pictures_are_reduced_to_what_the_station_has(tmp_path: Path) -> None:
    """The same as if the smaller pictures had been given."""
    root = write_category(tmp_path / "data", good=6)
    small = tmp_path / "small" / "disc" / "train" / "good"
    for path in sorted((root / "disc" / "train" / "good").iterdir()):
        write_image(small / path.name, reduced(read_image(path), 64))
    order = Order(
        find_category(root, "disc"), tmp_path / "m", size=64, region_pixels=64, fixture="none"
    )
    given = replace(order, category=find_category(tmp_path / "small", "disc"), version="2")
    one, other = (fit(o, _nothing) for o in (order, given))
    assert _files(one.folder)["model-fp32.onnx"] == _files(other.folder)["model-fp32.onnx"]
    assert one.manifest.training.options["region_pixels"] == 64
    as_it_is = fit(replace(order, region_pixels=None, version="3"), _nothing)
    assert _files(as_it_is.folder)["model-fp32.onnx"] != _files(one.folder)["model-fp32.onnx"]


def test_defects_with_masks_are_not_reduced_and_so_refused(tmp_path: Path) -> None:
    root = write_category(tmp_path / "data", good=4)
    write_image(root / "disc" / "train" / "bent" / "0.png", disc(9))
    category = find_category(root, "disc")
    order = Order(category, tmp_path / "m", method="discriminator", size=64, region_pixels=64)
    with pytest.raises(InputError, match="reduce all of them"):
        fit(order, _nothing)
    assert not (tmp_path / "m").exists()
