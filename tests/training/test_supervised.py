"""Whole cross-validations through the command, and the document they write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from inspector.inference.package import load_package
from tests.support.parts_folder import write_category, write_image
from training import cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``disc`` with two types of defect, twelve each."""
    from tests.support.labelled_discs import labelled_discs

    root = write_category(tmp_path_factory.mktemp("labelled"), good=16, masks=False)
    data = labelled_discs(good=0, bad=24)
    for file in (root / "disc" / "test" / "blot").iterdir():
        file.unlink()
    for i, (image, kind) in enumerate(zip(data.images, data.kinds, strict=True)):
        write_image(root / "disc" / "test" / kind / f"{i:03}.png", image)
        write_image(root / "disc" / "ground_truth" / kind / f"{i:03}_mask.png", data.masks[i])
    return root


def _run(monkeypatch: pytest.MonkeyPatch, data: Path, *args: str | Path) -> int:
    command = ["cross-validate", "--data", data, "--category", "disc", *args]
    monkeypatch.setattr("sys.argv", ["inspector-train", *(str(a) for a in command)])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert isinstance(done.value.code, int)
    return done.value.code


QUICK = ("--method", "classifier", "--size", "64", "--folds", "2", "--epochs", "12")


def test_classifier(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out, file = tmp_path / "out", tmp_path / "r.json"
    assert _run(monkeypatch, folder, *QUICK, "--out", out, "--json", file) == 0
    result = json.loads(file.read_text(encoding="utf-8"))
    assert (result["protocol"], result["method"], result["seed"]) == ("supervised", "classifier", 0)
    assert (result["n_good"], result["n_defective"]) == (21, 24)
    assert sum(result["image"]["confusion"].values()) == 45
    pooled = {
        name: sum(fold["confusion"][name] for fold in result["folds"])
        for name in ("tp", "fp", "fn", "tn")
    }
    assert pooled == result["image"]["confusion"]
    assert sum(fold["n_test"] for fold in result["folds"]) == 45
    assert result["image"]["auroc"] > 0.9
    assert result["open_set"] is None
    assert sum(sum(row.values()) for row in result["type_confusion"].values()) == 24
    split = (tmp_path / "r.split.json").read_bytes()
    assert split == (out / "split.json").read_bytes()
    assert json.loads((out / "supervised.json").read_text()) == result
    assert (out / "augmented.jpg").stat().st_size > 0
    manifest = load_package(out / "disc" / "fold-1").manifest
    assert manifest.labels == ["blot", "spark"]
    assert manifest.score_is_map_max is False
    assert manifest.training.options["trained_on_defective"] == 12
    assert "classifier, folds" in capsys.readouterr().err
    # of all folders, only the one asked for is left
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "r.json", "r.split.json"]
    assert _run(monkeypatch, folder, *QUICK, "--out", out) == 2


def test_held_out_types_are_tested_but_never_trained_on(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "r.json"
    assert _run(monkeypatch, folder, *QUICK, "--hold-out", "spark", "--json", file) == 0
    result = json.loads(file.read_text(encoding="utf-8"))
    assert result["hold_out"] == ["spark"]
    assert result["by_defect_type"]["spark"]["n"] == 12
    assert sum(result["open_set"]["confusion"].values()) == 21 + 12
    assert sum(fold["n_train"] for fold in result["folds"]) == 21 + 12
    assert result["type_confusion"] is None


def test_memory_bank_in_folds(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "r.json"
    args = ("--method", "memory-bank", "--size", "64", "--folds", "2", "--fixture", "none")
    assert _run(monkeypatch, folder, *args, "--json", file) == 0
    result = json.loads(file.read_text(encoding="utf-8"))
    assert (result["protocol"], result["method"]) == ("supervised", "memory-bank")
    assert sum(result["image"]["confusion"].values()) == 45


def test_fit_writes_a_package_of_a_supervised_method(
    folder: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = ["fit", "--data", folder, "--category", "disc", "--method", "seed-cnn"]
    args += ["--size", "64", "--fixture", "none", "--out", tmp_path / "m"]
    monkeypatch.setattr("sys.argv", ["inspector-train", *(str(a) for a in args)])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert done.value.code == 0
    assert "learnt from the test images too" in capsys.readouterr().err
    manifest = load_package(tmp_path / "m" / "disc" / "1").manifest
    assert [o.role for o in manifest.outputs] == ["anomaly_score"]
    assert manifest.variants[0].thresholds.t1 == 0.5
    assert manifest.data.n_images == 45
    card = (tmp_path / "m" / "disc" / "1" / "card.md").read_text(encoding="utf-8")
    assert "21 good and 24 defective" in card


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["--method", "magic"], "no method 'magic'"),
        (["--method", "seed-cnn", "--focal", "2"], "--focal is for --method classifier"),
        (["--hold-out", "rust"], "no such type of defect, only: blot, spark"),
        (["--size", "100"], "multiple of 32"),
        (["--folds", "40"], "fewer than the 40 folds"),
        (["--augmentation", "wild"], "no augmentation 'wild'"),
    ],
)
def test_wrong_usage_is_one_line(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    args: list[str],
    said: str,
) -> None:
    assert _run(monkeypatch, folder, *args) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.strip()]
    assert lines[-1].startswith("error: ")
    assert said in lines[-1]


def test_ablation_prints_a_table(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    args = ["ablation", "--data", folder, "--category", "disc", "--size", "64", "--folds", "2"]
    args += ["--epochs", "2", "--only", "as it is", "--only", "without masks"]
    monkeypatch.setattr("sys.argv", ["inspector-train", *(str(a) for a in args)])
    with pytest.raises(SystemExit) as done:
        cli.main()
    assert done.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines[2:]] == ["| as it is", "| without masks"]
